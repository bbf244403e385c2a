import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Body, bodyFrom, StreamBody } from '../../src/message/body.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { misdirected } from '../../src/policies/misdirected.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

async function run(body: Body, statuses: number[]): Promise<{ status: number; fresh: boolean[] }> {
  const request = HttpRequest.to('http://a.example/', { method: 'POST', body })
  const exchange = new Exchange(request, new VirtualClock())
  const fresh: boolean[] = []
  const response = await misdirected()(() => {
    fresh.push(exchange.freshConnection)
    return Promise.resolve(new HttpResponse(statuses.shift() ?? 200))
  })(exchange)
  return { status: response.status, fresh }
}

test('what an origin says is not for it is sent once more, on a new connection', async () => {
  assert.deepEqual(await run(bodyFrom('x'), [421, 200]), { status: 200, fresh: [false, true] })
  assert.deepEqual(await run(bodyFrom('x'), [421, 421, 200]), { status: 421, fresh: [false, true] })
  assert.deepEqual(await run(bodyFrom('x'), [503]), { status: 503, fresh: [false] })
})

test('a body that cannot be sent again leaves 421 as it is', async () => {
  const stream = new StreamBody(undefined, { resumeBody: () => undefined, cancelBody: () => undefined })
  assert.deepEqual(await run(stream, [421, 200]), { status: 421, fresh: [false] })
})
