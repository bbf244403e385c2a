import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Body, collect } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { Spool, spoolFor } from '../../src/message/spool.ts'
import { FilledBody, RecordingSink } from '../h1/harness.ts'

const OVER = new TrafficError('upstream_closed', 'the attempt is over')

function again(body: Body): Body {
  assert.ok(body.replay, 'it can be replayed')
  return body.replay()
}

test('each attempt gets the whole content, whatever part of it the one before had taken', async () => {
  const filled = new FilledBody()
  const spool = new Spool(filled.body, 100)
  const first = spool.open()
  const sink = new RecordingSink()
  first.flowTo(sink)
  filled.push('one ')
  filled.push('two ')
  assert.equal(sink.text, 'one two ')
  first.cancel(OVER)
  const second = new RecordingSink()
  const body = again(first)
  // What comes between two attempts is kept as well.
  assert.equal(filled.push('three '), false, 'nobody takes it: it waits')
  body.flowTo(second)
  assert.equal(second.text, 'one two three ')
  filled.push('four')
  filled.body.end()
  assert.equal(second.text, 'one two three four')
  assert.ok(second.done)
  assert.equal((await collect(again(body))).toString(), 'one two three four')
  assert.equal(filled.cancelled, undefined)
})

test('what is larger than the limit flows on, and can be sent no more', () => {
  const filled = new FilledBody()
  const body = new Spool(filled.body, 5).open()
  const sink = new RecordingSink()
  body.flowTo(sink)
  filled.push('12345')
  assert.ok(body.replay)
  filled.push('6')
  assert.equal(body.replay, undefined)
  assert.equal(sink.text, '123456')
})

test('an attempt that has begun is cut off when the next one begins', () => {
  const filled = new FilledBody()
  const body = new Spool(filled.body, 100).open()
  const first = new RecordingSink()
  body.flowTo(first)
  filled.push('half')
  const second = new RecordingSink()
  again(body).flowTo(second)
  assert.equal(first.error?.code, 'cancelled')
  filled.push(' and half')
  assert.deepEqual([first.text, second.text], ['half', 'half and half'])
})

test('the source is cancelled when no further attempt will need it, and not before', () => {
  const early = new FilledBody()
  const spool = new Spool(early.body, 100)
  const body = spool.open()
  body.flowTo(new RecordingSink())
  body.cancel(OVER)
  assert.equal(early.cancelled, undefined)
  spool.settle()
  assert.equal(early.cancelled, OVER)
  assert.equal(body.replay, undefined)

  const late = new FilledBody()
  const other = new Spool(late.body, 100)
  const last = other.open()
  last.flowTo(new RecordingSink())
  other.settle()
  assert.equal(late.cancelled, undefined)
  last.cancel(OVER)
  assert.equal(late.cancelled, OVER)
})

test('an attempt that says "wait" makes the source wait, and no longer', () => {
  const filled = new FilledBody()
  const body = new Spool(filled.body, 100).open()
  const sink = new RecordingSink()
  sink.room = false
  body.flowTo(sink)
  const { resumed } = filled
  assert.equal(filled.push('x'), false)
  body.resume()
  assert.equal(filled.resumed, resumed + 1)
})

test('a body that broke breaks for every attempt', () => {
  const filled = new FilledBody()
  const body = new Spool(filled.body, 100).open()
  const sink = new RecordingSink()
  body.flowTo(sink)
  filled.body.fail(OVER)
  const second = new RecordingSink()
  again(body).flowTo(second)
  assert.deepEqual([sink.error, second.error], [OVER, OVER])
})

test('a body that is known to be too long is not spooled', () => {
  assert.equal(spoolFor(new FilledBody(101).body, 100), undefined)
  assert.ok(spoolFor(new FilledBody(100).body, 100))
})
