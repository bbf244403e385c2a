import type { ScriptedConnection } from '@headgate/core/testing'
import type { ErrorCode, TimeoutSettings, TrafficError } from '../../src/index.ts'

/** What a peer does to an exchange, and what the caller is told of it. */
export interface Fault {
  readonly name: string
  /** Where in the exchange it happens. */
  readonly at: 'connect' | 'head' | 'body'
  readonly code: ErrorCode
  readonly phase: NonNullable<TrafficError['phase']> | undefined
  /** The one limit that is short; all others are long. */
  readonly timeout?: TimeoutSettings
  /** Another try would only meet the same, at the same origin. */
  readonly lasting?: boolean
  /** What the peer does: for `connect` to a TLS handshake, else once it has the whole request. */
  readonly play: (connection: ScriptedConnection) => void
}

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n'
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
/** A record of the handshake with more bytes than will come (RFC 8446 5.1). */
const RECORD = '\x16\x03\x03\x20\x00\x02\x00\x1f\xfc\x03\x03'
/** Milliseconds: long enough that a busy machine gets as far as the fault, and short enough to be waited for. */
const LIMIT = 250

export const FAULTS: readonly Fault[] = [...connectFaults(), ...headFaults(), ...bodyFaults()]

function connectFaults(): Fault[] {
  const failed = { at: 'connect', code: 'tls_failed', phase: 'tls' } as const
  const late = {
    at: 'connect',
    code: 'connect_timeout',
    phase: 'tls',
    timeout: { connect: 2 * LIMIT },
  } as const
  return [
    { ...failed, name: 'reset', play: (connection) => connection.reset() },
    { ...late, name: 'hang', play: () => {} },
    { ...late, name: 'slow', play: (connection) => drip(connection, RECORD) },
    { ...failed, name: 'garbage', play: (connection) => connection.send('HTTP/1.1 400 Bad Request\r\n\r\n') },
    { ...failed, name: 'truncated', play: (connection) => sendAndClose(connection, RECORD) },
    { ...failed, name: 'half-closed', play: (connection) => connection.finish() },
  ]
}

function headFaults(): Fault[] {
  const closed = { at: 'head', code: 'upstream_closed', phase: 'response-head' } as const
  const malformed = {
    at: 'head',
    code: 'malformed_response',
    phase: 'response-head',
    lasting: true,
  } as const
  const late = {
    at: 'head',
    code: 'upstream_timeout',
    phase: 'response-head',
    timeout: { head: LIMIT },
    lasting: true,
  } as const
  return [
    { ...closed, name: 'reset', play: (connection) => connection.reset() },
    { ...late, name: 'hang', play: () => {} },
    { ...late, name: 'slow', play: (connection) => drip(connection, `HTTP/1.1 200 OK\r\nX: `) },
    { ...malformed, name: 'garbage', play: (connection) => connection.send('\x00\x01 garbage\r\n\r\n') },
    {
      ...closed,
      name: 'truncated',
      play: (connection) => sendAndClose(connection, 'HTTP/1.1 200 OK\r\nX: '),
    },
    { ...closed, name: 'half-closed', play: (connection) => connection.finish() },
    {
      ...malformed,
      name: 'wrong length',
      play: (connection) =>
        connection.send('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n12'),
    },
  ]
}

function bodyFaults(): Fault[] {
  const closed = { at: 'body', code: 'upstream_closed', phase: 'response-body' } as const
  const malformed = { at: 'body', code: 'malformed_response', phase: 'response-body' } as const
  return [
    {
      ...closed,
      name: 'reset',
      play: (connection) => afterHead(connection, `${HEAD}12345`, () => connection.reset()),
    },
    {
      ...closed,
      name: 'hang',
      code: 'upstream_too_slow',
      timeout: { idle: LIMIT },
      play: (connection) => connection.send(`${HEAD}12345`),
    },
    {
      at: 'body',
      name: 'slow',
      code: 'deadline_exceeded',
      phase: undefined,
      timeout: { deadline: 3 * LIMIT },
      play: (connection) => drip(connection, CHUNKED, '1\r\nx\r\n'),
    },
    {
      ...malformed,
      name: 'garbage',
      play: (connection) => afterHead(connection, CHUNKED, () => connection.send('5\r\n12345\r\nzz\r\n')),
    },
    { ...closed, name: 'truncated', play: (connection) => sendAndClose(connection, `${HEAD}12345`) },
    {
      ...closed,
      name: 'half-closed',
      play: (connection) => {
        connection.send(`${CHUNKED}5\r\n12345\r\n`)
        connection.finish()
      },
    },
    {
      ...malformed,
      name: 'wrong length',
      play: (connection) =>
        afterHead(connection, CHUNKED, () => connection.send('5\r\n1234567890\r\n0\r\n\r\n')),
    },
  ]
}

/** Once the head is there, the response is delivered: what comes together with it still counts as an answer that failed. */
function afterHead(connection: ScriptedConnection, head: string, act: () => void): void {
  connection.send(head)
  setTimeout(act, 20)
}

function sendAndClose({ socket }: ScriptedConnection, bytes: string): void {
  socket.end(Buffer.from(bytes, 'latin1'), () => socket.destroy())
}

/** Sends a little every few milliseconds, for as long as somebody listens. */
function drip(connection: ScriptedConnection, start: string, more = 'x'): void {
  connection.send(start)
  const timer = setInterval(() => {
    if (connection.ended || connection.closed) clearInterval(timer)
    else connection.send(more)
  }, 10)
}
