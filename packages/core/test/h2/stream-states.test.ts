import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, ERROR_NUMBERS } from '../../src/h2/error-codes.ts'
import { Http2Fault } from '../../src/h2/fault.ts'
import {
  judgeReceived,
  RECEIVED,
  STATE_NAMES,
  STREAM_STATES,
  streamAfter,
  StreamEvent,
  StreamFrame,
  StreamNumbers,
  StreamState,
} from '../../src/h2/stream-states.ts'

const { idle, open, halfClosedLocal, halfClosedRemote, closed, reset } = StreamState
const { headersSent, headersReceived, endSent, endReceived, resetSent, resetReceived } = StreamEvent

function walk(...events: readonly StreamEvent[]): string | undefined {
  return STATE_NAMES[events.reduce<StreamState>(streamAfter, idle)]
}

test('a stream goes the ways of RFC 9113 5.1', () => {
  assert.equal(walk(headersReceived), 'open')
  assert.equal(walk(headersReceived, endReceived), 'half-closed (remote)')
  assert.equal(walk(headersReceived, endReceived, headersSent, headersSent, endSent), 'closed')
  assert.equal(walk(headersReceived, headersSent, endSent), 'half-closed (local)')
  assert.equal(walk(headersReceived, headersSent, endSent, headersReceived, endReceived), 'closed')
  assert.equal(walk(headersSent, endSent, headersReceived, endReceived), 'closed')
  for (const before of [[], [endSent], [endReceived]]) {
    assert.equal(walk(headersSent, ...before, resetSent), 'reset')
    assert.equal(walk(headersSent, ...before, resetReceived), 'closed')
  }
})

test('nothing leads out of a closed stream, and nothing is sent where RFC 9113 5.1 lets nothing be sent', () => {
  for (const state of [closed, reset]) {
    for (const event of [headersSent, endSent, resetSent])
      assert.throws(
        () => streamAfter(state, event),
        /no row in the state table for "(headers|end|reset)Sent" in "/,
      )
  }
  for (const event of [headersSent, endSent])
    assert.throws(() => streamAfter(halfClosedLocal, event), /no row/)
  for (const event of [endSent, endReceived, resetSent, resetReceived])
    assert.throws(() => streamAfter(idle, event), /no row/)
})

test('each frame that is taken in a state has the rows that it needs', () => {
  for (const [state, frames] of RECEIVED.entries()) {
    const rows = STREAM_STATES[state]
    const has = (event: StreamEvent) => rows?.[event] !== undefined
    assert.equal(frames[StreamFrame.HEADERS] === 'take', has(headersReceived), STATE_NAMES[state])
    assert.equal(frames[StreamFrame.DATA] === 'take', has(endReceived), STATE_NAMES[state])
    if (frames[StreamFrame.RST_STREAM] === 'take') assert.ok(has(resetReceived), STATE_NAMES[state])
  }
})

const VERDICTS: readonly (readonly [state: StreamState, verdicts: string])[] = [
  [idle, 'connection PROTOCOL_ERROR, take, connection PROTOCOL_ERROR, connection PROTOCOL_ERROR'],
  [open, 'take, take, take, take'],
  [halfClosedLocal, 'take, take, take, ignore'],
  [halfClosedRemote, 'stream STREAM_CLOSED, stream STREAM_CLOSED, take, take'],
  [closed, 'stream STREAM_CLOSED, connection STREAM_CLOSED, ignore, ignore'],
  [reset, 'ignore, ignore, ignore, ignore'],
]

test('what comes in a state that does not allow it is a fault of the stream or of the connection, or too late to matter', () => {
  assert.equal(VERDICTS.length, RECEIVED.length)
  for (const [state, verdicts] of VERDICTS) {
    const judged = Object.entries(StreamFrame).map(([name, frame]) => {
      const verdict = judgeReceived(state, frame, 7)
      if (!(verdict instanceof Http2Fault)) return verdict
      assert.match(verdict.message, new RegExp(`^${name} on a stream that is .*5\\.1`))
      assert.equal(verdict.streamId, verdict.scope === 'stream' ? 7 : 0)
      return `${verdict.scope} ${verdict.code}`
    })
    assert.equal(judged.join(', '), verdicts, STATE_NAMES[state])
  }
})

test('a client opens odd streams with rising numbers; those below are closed, those above idle', () => {
  const server = new StreamNumbers(true)
  assert.equal(server.unknown(1), idle)
  assert.equal(server.open(5), undefined)
  assert.equal(server.unknown(3), closed)
  assert.equal(server.unknown(5), closed)
  assert.equal(server.unknown(7), idle)
  assert.equal(server.unknown(2), idle, 'we have opened none')
  assert.equal(server.open(8)?.code, 'PROTOCOL_ERROR')
  const client = new StreamNumbers(false)
  assert.equal(client.next, 1)
  client.next += 2
  assert.equal(client.unknown(1), closed)
  assert.equal(client.unknown(3), idle)
  assert.equal(client.unknown(2), idle)
  for (const streamId of [2, 3]) assert.equal(client.open(streamId)?.scope, 'connection')
})

test('error codes have the numbers of RFC 9113 section 7, and an unknown number is an INTERNAL_ERROR', () => {
  for (const [name, number] of Object.entries(ERROR_NUMBERS)) assert.equal(codeOf(number), name)
  assert.equal(codeOf(13), 'HTTP_1_1_REQUIRED')
  assert.equal(codeOf(14), 'INTERNAL_ERROR')
  assert.equal(codeOf(0xffff_ffff), 'INTERNAL_ERROR')
})
