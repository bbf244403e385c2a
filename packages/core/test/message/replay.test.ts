import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyFrom, collect } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { canReplay, ReplayBody, replayed } from '../../src/message/replay.ts'
import { FilledBody, RecordingSink } from '../h1/harness.ts'

test('a body with a factory is made afresh for each attempt, when it flows and not before', async () => {
  let made = 0
  const body = new ReplayBody(() => bodyFrom(`content ${++made}`))
  const second = replayed(body)
  assert.equal(made, 0)
  assert.equal((await collect(body)).toString(), 'content 1')
  assert.equal((await collect(second)).toString(), 'content 2')
  assert.throws(() => body.flowTo(new RecordingSink()), { name: 'TypeError', message: /replay/ })
})

test('one that is cancelled before it flows opens nothing', () => {
  const gone = new TrafficError('cancelled', 'gone')
  const body = new ReplayBody(() => assert.fail('nothing is made'))
  body.cancel(gone)
  const sink = new RecordingSink()
  body.flowTo(sink)
  assert.equal(sink.error, gone)
})

test('cancelling and resuming reach the body that flows', () => {
  const filled = new FilledBody()
  const body = new ReplayBody(() => filled.body, 10)
  body.flowTo(new RecordingSink())
  const { resumed } = filled
  body.resume()
  body.cancel(new TrafficError('cancelled', 'gone'))
  assert.deepEqual([body.length, filled.resumed, filled.cancelled?.message], [10, resumed + 1, 'gone'])
})

test('a plain stream cannot be replayed, a body that is here can', () => {
  assert.equal(canReplay(new FilledBody().body), false)
  assert.equal(canReplay(bodyFrom('x')), true)
  assert.equal(canReplay(new ReplayBody(() => bodyFrom('x'))), true)
})
