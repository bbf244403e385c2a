import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Exchange, type Outcome } from '../../src/message/exchange.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

it('who wants to know of the end of an exchange learns it, also if it has ended by then', () => {
  const exchange = new Exchange(HttpRequest.to('http://a/'), new VirtualClock())
  const told: [string, Outcome][] = []
  exchange.onFinish((_, outcome) => told.push(['before', outcome]))
  const outcome = { status: undefined, error: undefined, bytesSent: 0, bytesReceived: 7 }
  exchange.finish(outcome)
  exchange.onFinish((_, late) => told.push(['after', late]))
  exchange.finish({ ...outcome, bytesReceived: 8 })
  assert.deepEqual(told, [
    ['before', outcome],
    ['after', outcome],
  ])
})
