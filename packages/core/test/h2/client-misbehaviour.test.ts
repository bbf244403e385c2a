import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collect } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { type Call, clientRig, type RawServer, told } from './client-rig.ts'
import { frame, uint32 } from './frames.ts'
import { data, goaway, ping, reset, settings, windowUpdate } from './raw-client.ts'

/** What becomes of the first of two calls: its response, or the error with what may be done about it. */
type Outcome = string

/** What a server sends while streams 1 and 3 wait for their responses, and what must become of it. */
interface Misbehaviour {
  readonly send: (server: RawServer) => readonly Buffer[]
  readonly one: Outcome
  /** What ends the connection, and the other call with it; undefined: stream 3 is still answered. */
  readonly ends?: string
}

const MALFORMED = 'malformed_response response-head idempotent'
const LARGEST = 0x7fff_ffff
const whole = (server: RawServer): Buffer[] => [server.response(1), data(1, 'whole', 1)]
const PROTOCOL = 'PROTOCOL_ERROR'

const MISBEHAVIOURS: Readonly<Record<string, Misbehaviour>> = {
  'DATA behind the end': {
    send: (server) => [...whole(server), data(1, 'more')],
    one: '200 whole',
  },
  'many DATA behind the end': {
    send: (server) => [...whole(server), ...Array.from({ length: 50 }, () => data(1, 'more'))],
    one: '200 whole',
  },
  'HEADERS behind the end': {
    send: (server) => [...whole(server), server.response(1)],
    one: '200 whole',
    ends: 'STREAM_CLOSED',
  },
  'a reset without an error behind the end': {
    send: (server) => [...whole(server), reset(1, 0)],
    one: '200 whole',
  },
  'a reset without an error in place of a response': {
    send: () => [reset(1, 0)],
    one: 'upstream_closed response-head idempotent',
  },
  'a reset with a code that is not known': {
    send: () => [reset(1, 0xbad)],
    one: 'upstream_closed response-head idempotent',
  },
  'a reset within content': {
    send: (server) => [server.response(1), data(1, 'half'), reset(1, 2)],
    one: 'upstream_closed response-head idempotent',
  },
  'a reset that refuses the stream within content': {
    send: (server) => [server.response(1), data(1, 'half'), reset(1, 7)],
    one: 'upstream_closed response-head idempotent',
  },
  'a reset that asks for HTTP/1.1 within content': {
    send: (server) => [server.response(1), data(1, 'half'), reset(1, 13)],
    one: 'upstream_closed response-head idempotent',
  },
  'DATA on a stream that was never asked': {
    send: () => [data(9, 'x')],
    one: MALFORMED,
    ends: PROTOCOL,
  },
  'RST_STREAM of one': { send: () => [reset(9)], one: MALFORMED, ends: PROTOCOL },
  'WINDOW_UPDATE of one': { send: () => [windowUpdate(9, 1)], one: MALFORMED, ends: PROTOCOL },
  'a response on one': { send: (server) => [server.response(9)], one: MALFORMED, ends: PROTOCOL },
  'a stream of an even number': {
    send: (server) => [server.response(2)],
    one: MALFORMED,
    ends: PROTOCOL,
  },
  'DATA of an even number': { send: () => [data(2, 'x')], one: MALFORMED, ends: PROTOCOL },
  'HEADERS on stream 0': { send: (server) => [server.response(0)], one: MALFORMED, ends: PROTOCOL },
  'DATA on stream 0': { send: () => [data(0, 'x')], one: MALFORMED, ends: PROTOCOL },
  PUSH_PROMISE: {
    send: () => [frame(5, 4, 1, Buffer.concat([uint32(2), Buffer.from([0x82])]))],
    one: MALFORMED,
    ends: PROTOCOL,
  },
  'SETTINGS that offer push': { send: () => [settings([2, 1])], one: MALFORMED, ends: PROTOCOL },
  'SETTINGS with a window that is too large': {
    send: () => [settings([4, 0x8000_0000])],
    one: MALFORMED,
    ends: 'FLOW_CONTROL_ERROR',
  },
  'SETTINGS with a frame size that is too small': {
    send: () => [settings([5, 1])],
    one: MALFORMED,
    ends: PROTOCOL,
  },
  'SETTINGS of no multiple of 6 bytes': {
    send: () => [frame(4, 0, 0, 'abc')],
    one: MALFORMED,
    ends: 'FRAME_SIZE_ERROR',
  },
  'SETTINGS on a stream': { send: () => [frame(4, 0, 1)], one: MALFORMED, ends: PROTOCOL },
  'an acknowledgement of SETTINGS with content': {
    send: () => [frame(4, 1, 0, 'abcdef')],
    one: MALFORMED,
    ends: 'FRAME_SIZE_ERROR',
  },
  'an acknowledgement of SETTINGS that were not sent': {
    send: (server) => [frame(4, 1, 0), ...whole(server)],
    one: '200 whole',
  },
  'an acknowledgement of a PING that was not sent': {
    send: (server) => [ping('unasked!', 1), ...whole(server)],
    one: '200 whole',
  },
  'a PING of another length than 8': {
    send: () => [frame(6, 0, 0, 'abc')],
    one: MALFORMED,
    ends: 'FRAME_SIZE_ERROR',
  },
  'a window of the connection above 2^31-1': {
    send: () => [windowUpdate(0, LARGEST)],
    one: MALFORMED,
    ends: 'FLOW_CONTROL_ERROR',
  },
  'a window above 2^31-1 of a stream that nothing more is sent on': {
    send: (server) => [windowUpdate(1, LARGEST), windowUpdate(1, LARGEST), ...whole(server)],
    one: '200 whole',
  },
  'WINDOW_UPDATE by 0, of the connection': {
    send: () => [windowUpdate(0, 0)],
    one: MALFORMED,
    ends: PROTOCOL,
  },
  'WINDOW_UPDATE by 0, of the stream': { send: () => [windowUpdate(1, 0)], one: MALFORMED },
  'more DATA than the window of the stream': {
    send: (server) => [server.response(1), ...Array.from({ length: 6 }, () => data(1, Buffer.alloc(16_384)))],
    one: MALFORMED,
  },
  'another stream’s HEADERS within a block': {
    send: (server) => [frame(1, 0, 1, '\x88'), server.response(3)],
    one: MALFORMED,
    ends: PROTOCOL,
  },
  'DATA within a block': {
    send: () => [frame(1, 0, 1, '\x88'), data(1, 'x')],
    one: MALFORMED,
    ends: PROTOCOL,
  },
  'CONTINUATION of another stream': {
    send: () => [frame(1, 0, 1, '\x88'), frame(9, 4, 3, '')],
    one: MALFORMED,
    ends: PROTOCOL,
  },
  'CONTINUATION without HEADERS': {
    send: () => [frame(9, 4, 1, '\x88')],
    one: MALFORMED,
    ends: PROTOCOL,
  },
  'a block that cannot be decoded': {
    send: () => [frame(1, 4, 1, '\x80')],
    one: MALFORMED,
    ends: 'COMPRESSION_ERROR',
  },
  'a table size that was not allowed': {
    send: () => [frame(1, 4, 1, '\x3f\xe2\x1f\x88')],
    one: MALFORMED,
    ends: 'COMPRESSION_ERROR',
  },
  'HEADERS with padding beyond their end': {
    send: () => [frame(1, 0x0c, 1, '\x09\x88')],
    one: MALFORMED,
    ends: PROTOCOL,
  },
  'a frame that is larger than allowed': {
    send: (server) => [server.response(1), data(1, Buffer.alloc(16_385))],
    one: MALFORMED,
    ends: 'FRAME_SIZE_ERROR',
  },
  'GOAWAY that names more streams than the last one did': {
    send: (server) => [goaway(3), goaway(LARGEST), ...whole(server)],
    one: '200 whole',
  },
  'GOAWAY on a stream': { send: () => [frame(7, 0, 1, uint32(0, 0))], one: MALFORMED, ends: PROTOCOL },
  'GOAWAY that is too short': {
    send: () => [frame(7, 0, 0, uint32(0))],
    one: MALFORMED,
    ends: 'FRAME_SIZE_ERROR',
  },
  'a response behind GOAWAY that left its stream out': {
    send: (server) => [goaway(0), ...whole(server)],
    one: 'upstream_closed response-head refused',
  },
  'PRIORITY and frames that are not known': {
    send: (server) => [frame(2, 0, 1, '\0\0\0\0\0'), frame(0xee, 0xff, 1, 'x'), ...whole(server)],
    one: '200 whole',
  },
}

for (const [what, { send, one, ends }] of Object.entries(MISBEHAVIOURS)) {
  const end = ends === undefined ? 'another stream goes on' : `the connection ends with ${ends}`
  test(`${what}: the call gets ${one}, and ${end}`, { timeout: 30_000 }, async (t) => {
    const { call, accept } = await clientRig(t, { http2: { streamWindow: 65_535 } })
    const [first, second] = [call('/1'), call('/2')]
    const server = await accept()
    await server.until('HEADERS+END 3')
    server.send(...send(server))
    assert.equal(await outcome(first), one)
    if (ends !== undefined) {
      assert.match((await server.until('GOAWAY')).at(-1) ?? '', new RegExp(`^GOAWAY 0 ${ends}$`))
      assert.equal(await outcome(second), 'malformed_response response-head idempotent')
      return
    }
    if (what.includes('left its stream out')) return
    server.send(server.response(3, [], { end: true }))
    assert.equal(await told(second), '200')
  })
}

async function outcome(call: Call): Promise<Outcome> {
  try {
    const { status, body } = await call.response
    return `${status} ${(await collect(body)).toString('latin1')}`.trimEnd()
  } catch (thrown) {
    const { code, phase, replaySafe } = TrafficError.from(thrown)
    return `${code} ${phase} ${replaySafe}`
  }
}
