import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { Load } from './load.ts'
import { startGateway } from './start-gateway.ts'

/** What an endpoint takes to answer, in milliseconds: well above what a busy machine adds. */
const USUAL = 30
const SLOW = 2_000
/** What a busy machine may add. Far from what an endpoint adds that is slow. */
const NOISE = SLOW / 8
const SPANS = 4

interface FaultyEndpoint {
  readonly url: string
  delay: number
  /** Ends it as a crash does: nothing listens any more, and what it was at is cut off. */
  kill(): void
}

async function startEndpoint(t: TestContext): Promise<FaultyEndpoint> {
  const endpoint = { url: '', delay: USUAL, kill }
  const server: Server = createServer((_, response) => {
    setTimeout(() => response.end('ok\n'), endpoint.delay)
  })
  function kill(): void {
    server.close()
    server.closeAllConnections()
  }
  t.after(kill)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endpoint.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return endpoint
}

test('of three endpoints one is killed and one made slow under load: no GET fails, and soon none is slow', async (t) => {
  const [one, two, three] = [await startEndpoint(t), await startEndpoint(t), await startEndpoint(t)]
  const gateway = await startGateway(t, {
    upstreams: {
      orders: {
        endpoints: [one, two, three].map(({ url }) => ({ url })),
        balance: 'peak-ewma',
        health: { type: 'tcp', interval: '1s' },
      },
    },
    routes: [{ upstream: 'orders' }],
  })
  const load = new Load(gateway.url)
  t.after(() => load.stop())
  await load.during(1_000)
  const before = await load.during(2_000)
  one.kill()
  two.delay = SLOW
  const meanwhile = await load.during(5_000)
  // Another span where something else kept the machine busy: an endpoint that is still asked is slow in all of them.
  let after = await load.during(3_000)
  const limit = Math.max(2 * before.p99, NOISE)
  for (let span = 1; span < SPANS && after.p99 > limit; span++) after = await load.during(3_000)
  await load.stop()
  t.diagnostic(
    `p99 ${before.p99.toFixed(1)} ms before, ${meanwhile.p99.toFixed(1)} ms in the 5 s of the change, ` +
      `${after.p99.toFixed(1)} ms after (${(after.p99 / before.p99).toFixed(2)} times); ` +
      `${load.failures.length} of ${before.count + meanwhile.count + after.count} requests failed`,
  )
  assert.deepEqual(load.failures, [])
  assert.ok(after.p99 <= limit, `${after.p99} ms, before ${before.p99} ms`)
})
