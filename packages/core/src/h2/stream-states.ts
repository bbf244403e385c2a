import type { StateTable } from '../message/state-table.ts'
import type { Http2Code } from './error-codes.ts'
import { Http2Fault } from './fault.ts'

/**
 * The states of a stream (RFC 9113 5.1), as tables: where what is sent and received leads, and what a received frame is worth in each
 * state. Without pushes there is no reserved stream.
 */
export type StreamState =
  | 'idle'
  | 'open'
  /** We have ended our side; the peer goes on. */
  | 'half-closed (local)'
  /** The peer has ended its side; we go on. */
  | 'half-closed (remote)'
  /** Both sides have ended, or the peer has reset it. */
  | 'closed'
  /** Closed by a reset of ours, which the peer may not have seen when it sent what still comes. */
  | 'reset'

/** HEADERS or DATA that end the stream are two events, the end behind the rest. */
export type StreamEvent =
  | 'headers-sent'
  | 'headers-received'
  | 'end-sent'
  | 'end-received'
  | 'reset-sent'
  | 'reset-received'

export const STREAM_STATES: StateTable<StreamState, StreamEvent> = {
  idle: { 'headers-sent': 'open', 'headers-received': 'open' },
  open: {
    'headers-sent': 'open',
    'headers-received': 'open',
    'end-sent': 'half-closed (local)',
    'end-received': 'half-closed (remote)',
    'reset-sent': 'reset',
    'reset-received': 'closed',
  },
  'half-closed (local)': {
    'headers-received': 'half-closed (local)',
    'end-received': 'closed',
    'reset-sent': 'reset',
    'reset-received': 'closed',
  },
  'half-closed (remote)': {
    'headers-sent': 'half-closed (remote)',
    'end-sent': 'closed',
    'reset-sent': 'reset',
    'reset-received': 'closed',
  },
  closed: {},
  reset: { 'reset-received': 'reset' },
}

/** The frames that a stream's state decides on. PRIORITY may come in any (RFC 9113 5.1, 6.3), so it is dealt with where it is read. */
export type StreamFrame = 'DATA' | 'HEADERS' | 'RST_STREAM' | 'WINDOW_UPDATE'

/** What a received frame is worth: taken, ignored, or a fault of its stream or of the connection. */
type Verdict = 'take' | 'ignore' | readonly [code: Http2Code, scope: 'stream' | 'connection']

const OF_NO_STREAM: Verdict = ['PROTOCOL_ERROR', 'connection']
const TOO_LATE: Verdict = ['STREAM_CLOSED', 'stream']

/**
 * An ignored HEADERS must be decoded nevertheless, and an ignored or refused DATA counts in the connection's window (RFC 9113 5.1,
 * 6.9). On a `closed` stream HEADERS are no accident of timing: nothing that the peer may still have sent is one.
 */
export const RECEIVED: Readonly<Record<StreamState, Readonly<Record<StreamFrame, Verdict>>>> = {
  idle: {
    DATA: OF_NO_STREAM,
    HEADERS: 'take',
    RST_STREAM: OF_NO_STREAM,
    WINDOW_UPDATE: OF_NO_STREAM,
  },
  open: { DATA: 'take', HEADERS: 'take', RST_STREAM: 'take', WINDOW_UPDATE: 'take' },
  'half-closed (local)': {
    DATA: 'take',
    HEADERS: 'take',
    RST_STREAM: 'take',
    // Of no use, and no mistake.
    WINDOW_UPDATE: 'ignore',
  },
  'half-closed (remote)': {
    DATA: TOO_LATE,
    HEADERS: TOO_LATE,
    RST_STREAM: 'take',
    WINDOW_UPDATE: 'take',
  },
  closed: {
    DATA: TOO_LATE,
    HEADERS: ['STREAM_CLOSED', 'connection'],
    RST_STREAM: 'ignore',
    WINDOW_UPDATE: 'ignore',
  },
  reset: {
    DATA: 'ignore',
    HEADERS: 'ignore',
    RST_STREAM: 'ignore',
    WINDOW_UPDATE: 'ignore',
  },
}

/** What becomes of a frame that came on a stream in that state. */
export function judgeReceived(
  state: StreamState,
  frame: StreamFrame,
  streamId: number,
): 'take' | 'ignore' | Http2Fault {
  const verdict = RECEIVED[state][frame]
  if (typeof verdict === 'string') return verdict
  const [code, scope] = verdict
  return new Http2Fault(
    code,
    scope === 'stream' ? streamId : 0,
    `${frame} on a stream that is ${state} (RFC 9113 5.1)`,
  )
}

/** Which streams a connection has had: their numbers only rise, and those between are closed without having been used (RFC 9113 5.1.1). */
export class StreamNumbers {
  /** The highest that the peer has opened; 0 before the first. */
  highestPeer = 0
  /** The next that we open. */
  next: number
  private readonly isServer: boolean

  constructor(isServer: boolean) {
    this.isServer = isServer
    this.next = isServer ? 2 : 1
  }

  /** The state of a stream that is not known by now. */
  unknown(streamId: number): 'idle' | 'closed' {
    if (this.isOurs(streamId)) return streamId >= this.next ? 'idle' : 'closed'
    return streamId > this.highestPeer ? 'idle' : 'closed'
  }

  /** The peer opens a stream, by HEADERS on an idle one: why it may not. */
  open(streamId: number): Http2Fault | undefined {
    if (this.isOurs(streamId) || !this.isServer) {
      return new Http2Fault(
        'PROTOCOL_ERROR',
        0,
        `stream ${streamId} is not for the peer to open (RFC 9113 5.1.1)`,
      )
    }
    this.highestPeer = streamId
    return undefined
  }

  /** Clients have the odd ones, servers the even ones. */
  private isOurs(streamId: number): boolean {
    return (streamId % 2 === 0) === this.isServer
  }
}
