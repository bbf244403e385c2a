import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drain } from '../../src/message/drain.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { FilledBody } from '../h1/harness.ts'

const LIMITS = { size: 10, time: 100 }

test('a short body is read to its end', () => {
  const clock = new VirtualClock()
  const filled = new FilledBody()
  drain(filled.body, clock, LIMITS)
  assert.equal(filled.push('1234567890'), true)
  filled.body.end()
  assert.deepEqual([filled.cancelled, clock.pending], [undefined, 0])
})

test('one that is too long is cancelled: at once where it says so, else when it has become so', () => {
  const clock = new VirtualClock()
  const known = new FilledBody(11)
  drain(known.body, clock, LIMITS)
  assert.equal(known.cancelled?.code, 'cancelled')
  const unknown = new FilledBody()
  drain(unknown.body, clock, LIMITS)
  unknown.push('1234567890')
  assert.deepEqual([unknown.cancelled], [undefined])
  unknown.push('1')
  assert.equal(unknown.cancelled?.code, 'cancelled')
  assert.equal(clock.pending, 0)
})

test('one that takes too long is cancelled', async () => {
  const clock = new VirtualClock()
  const filled = new FilledBody(5)
  drain(filled.body, clock, LIMITS)
  await clock.advance(99)
  assert.deepEqual([filled.cancelled], [undefined])
  await clock.advance(1)
  assert.equal(filled.cancelled?.code, 'cancelled')
})
