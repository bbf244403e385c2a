import assert from 'node:assert/strict'
import { test } from 'node:test'
import { after } from '../../src/message/state-table.ts'
import { codeOf, ERROR_NUMBERS } from '../../src/h2/error-codes.ts'
import { Http2Fault } from '../../src/h2/fault.ts'
import {
  judgeReceived,
  RECEIVED,
  STREAM_STATES,
  type StreamEvent,
  type StreamFrame,
  StreamNumbers,
  type StreamState,
} from '../../src/h2/stream-states.ts'

function walk(...events: readonly StreamEvent[]): StreamState {
  return events.reduce<StreamState>((state, event) => after(STREAM_STATES, state, event), 'idle')
}

test('a stream goes the ways of RFC 9113 5.1', () => {
  assert.equal(walk('headers-received'), 'open')
  assert.equal(walk('headers-received', 'end-received'), 'half-closed (remote)')
  assert.equal(walk('headers-received', 'end-received', 'headers-sent', 'headers-sent', 'end-sent'), 'closed')
  assert.equal(walk('headers-received', 'headers-sent', 'end-sent'), 'half-closed (local)')
  assert.equal(
    walk('headers-received', 'headers-sent', 'end-sent', 'headers-received', 'end-received'),
    'closed',
  )
  assert.equal(walk('headers-sent', 'end-sent', 'headers-received', 'end-received'), 'closed')
  for (const before of [[], ['end-sent'], ['end-received']] as const) {
    assert.equal(walk('headers-sent', ...before, 'reset-sent'), 'reset')
    assert.equal(walk('headers-sent', ...before, 'reset-received'), 'closed')
  }
})

test('nothing leads out of a closed stream, and nothing is sent where RFC 9113 5.1 lets nothing be sent', () => {
  const sent: readonly StreamEvent[] = ['headers-sent', 'end-sent', 'reset-sent']
  for (const state of ['closed', 'reset'] as const) {
    for (const event of sent) assert.throws(() => after(STREAM_STATES, state, event), /no row/)
  }
  for (const event of ['headers-sent', 'end-sent'] as const) {
    assert.throws(() => after(STREAM_STATES, 'half-closed (local)', event), /no row/)
  }
  for (const event of ['end-sent', 'end-received', 'reset-sent', 'reset-received'] as const) {
    assert.throws(() => after(STREAM_STATES, 'idle', event), /no row/)
  }
})

test('each frame that is taken in a state has the rows that it needs', () => {
  for (const [state, frames] of Object.entries(RECEIVED)) {
    const rows = STREAM_STATES[state as StreamState]
    assert.equal(frames.HEADERS === 'take', 'headers-received' in rows, state)
    assert.equal(frames.DATA === 'take', 'end-received' in rows, state)
    if (frames.RST_STREAM === 'take') assert.ok('reset-received' in rows, state)
  }
})

const VERDICTS: Readonly<Record<StreamState, string>> = {
  idle: 'connection PROTOCOL_ERROR, take, connection PROTOCOL_ERROR, connection PROTOCOL_ERROR',
  open: 'take, take, take, take',
  'half-closed (local)': 'take, take, take, ignore',
  'half-closed (remote)': 'stream STREAM_CLOSED, stream STREAM_CLOSED, take, take',
  closed: 'stream STREAM_CLOSED, connection STREAM_CLOSED, ignore, ignore',
  reset: 'ignore, ignore, ignore, ignore',
}

test('what comes in a state that does not allow it is a fault of the stream or of the connection, or too late to matter', () => {
  const frames: readonly StreamFrame[] = ['DATA', 'HEADERS', 'RST_STREAM', 'WINDOW_UPDATE']
  for (const [state, verdicts] of Object.entries(VERDICTS)) {
    const judged = frames.map((frame) => {
      const verdict = judgeReceived(state as StreamState, frame, 7)
      if (!(verdict instanceof Http2Fault)) return verdict
      assert.match(verdict.message, new RegExp(`^${frame} on a stream that is .*5\\.1`))
      assert.equal(verdict.streamId, verdict.scope === 'stream' ? 7 : 0)
      return `${verdict.scope} ${verdict.code}`
    })
    assert.equal(judged.join(', '), verdicts, state)
  }
})

test('a client opens odd streams with rising numbers; those below are closed, those above idle', () => {
  const server = new StreamNumbers(true)
  assert.equal(server.unknown(1), 'idle')
  assert.equal(server.open(5), undefined)
  assert.equal(server.unknown(3), 'closed')
  assert.equal(server.unknown(5), 'closed')
  assert.equal(server.unknown(7), 'idle')
  assert.equal(server.unknown(2), 'idle', 'we have opened none')
  assert.equal(server.open(8)?.code, 'PROTOCOL_ERROR')
  const client = new StreamNumbers(false)
  assert.equal(client.next, 1)
  client.next += 2
  assert.equal(client.unknown(1), 'closed')
  assert.equal(client.unknown(3), 'idle')
  assert.equal(client.unknown(2), 'idle')
  for (const streamId of [2, 3]) assert.equal(client.open(streamId)?.scope, 'connection')
})

test('error codes have the numbers of RFC 9113 section 7, and an unknown number is an INTERNAL_ERROR', () => {
  for (const [name, number] of Object.entries(ERROR_NUMBERS)) assert.equal(codeOf(number), name)
  assert.equal(codeOf(13), 'HTTP_1_1_REQUIRED')
  assert.equal(codeOf(14), 'INTERNAL_ERROR')
  assert.equal(codeOf(0xffff_ffff), 'INTERNAL_ERROR')
})
