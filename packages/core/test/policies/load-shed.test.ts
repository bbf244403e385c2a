import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Exchange } from '../../src/message/exchange.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { isShed, type Load, LoadGauge, loadShed, pressure } from '../../src/policies/load-shed.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const IDLE: Load = { eventLoopDelay: 0, memory: 0 }

test('the pressure is that of the limit that is nearest', () => {
  const limits = { eventLoopDelay: 100, memory: 1_000 }
  assert.equal(pressure({ eventLoopDelay: 50, memory: 900 }, limits), 0.9)
  assert.equal(pressure({ eventLoopDelay: 150, memory: 900 }, limits), 1.5)
  assert.equal(pressure({ eventLoopDelay: 150, memory: 900 }, { memory: 1_000 }), 0.9)
  assert.equal(pressure({ eventLoopDelay: 150, memory: 900 }, {}), 0)
})

for (const [current, refused] of [
  [0.74, []],
  [0.75, [2]],
  [0.99, [2]],
  [1, [1, 2]],
  [1.24, [1, 2]],
  [1.25, [0, 1, 2]],
] as const) {
  test(`at ${current} of the limit the priorities [${refused.join(', ')}] are refused`, () => {
    assert.deepEqual(
      [0, 1, 2].filter((priority) => isShed(priority, current)),
      refused,
    )
  })
}

test('under pressure a request is refused at once, and the load is measured now and then only', async () => {
  const clock = new VirtualClock()
  let load = IDLE
  let measured = 0
  const measure = (): Load => {
    measured++
    return load
  }
  const gauge = new LoadGauge({ limits: { eventLoopDelay: 100 }, measure })
  const handler = loadShed(gauge)(async () => new HttpResponse(200))
  const send = async (priority?: number): Promise<number> => {
    const exchange = new Exchange(HttpRequest.to('http://a/'), clock)
    exchange.priority = priority
    return handler(exchange).then(
      ({ status }) => status,
      (error: { code: string; retryAfter: number }) => {
        assert.deepEqual([error.code, error.retryAfter], ['overloaded', 1_000])
        return 503
      },
    )
  }
  assert.deepEqual([await send(), await send(2)], [200, 200])
  load = { eventLoopDelay: 110, memory: 0 }
  assert.deepEqual([await send(2), measured], [200, 1])
  await clock.advance(250)
  assert.deepEqual([await send(0), await send(), await send(2), measured], [200, 503, 503, 2])
  load = IDLE
  await clock.advance(250)
  assert.equal(await send(2), 200)
})

test('a limit that no load can keep is refused', () => {
  assert.throws(() => new LoadGauge({ limits: { memory: 0 }, measure: () => IDLE }), /memory.*above 0/)
})
