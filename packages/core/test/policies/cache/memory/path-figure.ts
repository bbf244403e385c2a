// What the policy itself costs, beside a handler that answers at once: node packages/core/test/policies/cache/memory/path-figure.ts
// CPU time of this thread, so that other work on the machine counts less.
import { randomBytes } from 'node:crypto'
import { cpuUsage } from 'node:process'
import { WholeBody } from '../../../../src/message/body.ts'
import { Exchange } from '../../../../src/message/exchange.ts'
import type { Handler } from '../../../../src/message/handler.ts'
import { HeaderList } from '../../../../src/message/headers.ts'
import { HttpRequest } from '../../../../src/message/request.ts'
import { HttpResponse } from '../../../../src/message/response.ts'
import { cache } from '../../../../src/policies/cache/cache.ts'
import { createCacheMemory } from '../../../../src/policies/cache/memory/cache-memory.ts'
import { SharedMemoryStore } from '../../../../src/policies/cache/memory/shared-memory-store.ts'
import { VirtualClock } from '../../../../src/testing/virtual-clock.ts'

const content = Buffer.alloc(1024, 'headgate ')
const clock = new VirtualClock()
const rounds = Number(process.argv[2] ?? 5)
const requests = 20_000

const origin: Handler = () =>
  Promise.resolve(
    new HttpResponse(
      200,
      HeaderList.of({
        date: 'Mon, 30 Nov 2026 20:00:00 GMT',
        'content-type': 'application/json',
        'content-length': '1024',
        'cache-control': 'max-age=3600',
        server: 'origin',
      }),
      WholeBody.fromBytes(Buffer.from(content)),
    ),
  )

const memory = createCacheMemory({ bytes: 16 * 1024 * 1024, seed: randomBytes(8) })
const cached = cache({ store: new SharedMemoryStore(memory, 0), route: 'r' })(origin)
let number = 0

async function cost(handler: Handler, path: () => string): Promise<number> {
  const before = cpuUsage()
  for (let count = 0; count < requests; count++) {
    const request = HttpRequest.to(`http://shop.example/r1/${path()}/stored`, {
      method: 'GET',
      headers: { host: 'shop.example', 'user-agent': 'bench', accept: '*/*' },
    })
    await handler(new Exchange(request, clock))
  }
  const used = cpuUsage(before)
  return (used.user + used.system) / requests
}

for (let round = 0; round < rounds; round++) {
  const plain = await cost(origin, () => String(number++))
  const miss = await cost(cached, () => String(number++))
  const hit = await cost(cached, () => String(number++ % 50))
  console.log(
    `without a cache ${plain.toFixed(1)} µs; a miss ${(miss - plain).toFixed(1)} µs more, a hit ${(hit - plain).toFixed(1)} µs more`,
  )
}
