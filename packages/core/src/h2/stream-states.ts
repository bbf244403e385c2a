import type { Http2Code } from './error-codes.ts'
import { Http2Fault } from './fault.ts'

/**
 * The states of a stream (RFC 9113 5.1), as tables: where what is sent and received leads, and what a received frame is worth in each
 * state. Without pushes there is no reserved stream. All are numbers, as both tables are looked into for each frame.
 */
export const StreamState = {
  idle: 0,
  open: 1,
  /** We have ended our side; the peer goes on. */
  halfClosedLocal: 2,
  /** The peer has ended its side; we go on. */
  halfClosedRemote: 3,
  /** Both sides have ended, or the peer has reset it. */
  closed: 4,
  /** Closed by a reset of ours, which the peer may not have seen when it sent what still comes. */
  reset: 5,
} as const
export type StreamState = (typeof StreamState)[keyof typeof StreamState]

/** The states in words, by their numbers. */
export const STATE_NAMES: readonly string[] = [
  'idle',
  'open',
  'half-closed (local)',
  'half-closed (remote)',
  'closed',
  'reset',
]

/** HEADERS or DATA that end the stream are two events, the end behind the rest. */
export const StreamEvent = {
  headersSent: 0,
  headersReceived: 1,
  endSent: 2,
  endReceived: 3,
  resetSent: 4,
  resetReceived: 5,
} as const
export type StreamEvent = (typeof StreamEvent)[keyof typeof StreamEvent]

const EVENT_NAMES = Object.keys(StreamEvent)

const { idle, open, halfClosedLocal, halfClosedRemote, closed, reset } = StreamState
/** No row: it cannot happen. */
const NO = undefined

/** Where each event leads: a row for each state, in the order of the events. */
export const STREAM_STATES: readonly (readonly (StreamState | undefined)[])[] = [
  // headersSent, headersReceived, endSent, endReceived, resetSent, resetReceived
  /* idle */ [open, open, NO, NO, NO, NO],
  /* open */ [open, open, halfClosedLocal, halfClosedRemote, reset, closed],
  /* halfClosedLocal */ [NO, halfClosedLocal, NO, closed, reset, closed],
  /* halfClosedRemote */ [halfClosedRemote, NO, closed, NO, reset, closed],
  /* closed */ [NO, NO, NO, NO, NO, NO],
  /* reset */ [NO, NO, NO, NO, NO, reset],
]

/** Where `event` leads from `state`. @throws Error if the table has no such row: whoever meets it has a defect */
export function streamAfter(state: StreamState, event: StreamEvent): StreamState {
  const next = STREAM_STATES[state]?.[event]
  if (next === undefined)
    throw new Error(`no row in the state table for "${EVENT_NAMES[event]}" in "${STATE_NAMES[state]}"`)
  return next
}

/** The frames that a stream's state decides on. PRIORITY may come in any (RFC 9113 5.1, 6.3), so it is dealt with where it is read. */
export const StreamFrame = { DATA: 0, HEADERS: 1, RST_STREAM: 2, WINDOW_UPDATE: 3 } as const
export type StreamFrame = (typeof StreamFrame)[keyof typeof StreamFrame]

const FRAME_NAMES = Object.keys(StreamFrame)

/** What a received frame is worth: taken, ignored, or a fault of its stream or of the connection. */
type Verdict = 'take' | 'ignore' | readonly [code: Http2Code, scope: 'stream' | 'connection']

const OF_NO_STREAM: Verdict = ['PROTOCOL_ERROR', 'connection']
const TOO_LATE: Verdict = ['STREAM_CLOSED', 'stream']
const CLOSED_FOR_ALL: Verdict = ['STREAM_CLOSED', 'connection']

/**
 * A row for each state, in the order of the frames. An ignored HEADERS must be decoded nevertheless, and an ignored or refused DATA
 * counts in the connection's window (RFC 9113 5.1, 6.9). On a `closed` stream HEADERS are no accident of timing: nothing that the
 * peer may still have sent is one. WINDOW_UPDATE where we have ended our side is of no use, and no mistake.
 */
export const RECEIVED: readonly (readonly Verdict[])[] = [
  // DATA, HEADERS, RST_STREAM, WINDOW_UPDATE
  /* idle */ [OF_NO_STREAM, 'take', OF_NO_STREAM, OF_NO_STREAM],
  /* open */ ['take', 'take', 'take', 'take'],
  /* halfClosedLocal */ ['take', 'take', 'take', 'ignore'],
  /* halfClosedRemote */ [TOO_LATE, TOO_LATE, 'take', 'take'],
  /* closed */ [TOO_LATE, CLOSED_FOR_ALL, 'ignore', 'ignore'],
  /* reset */ ['ignore', 'ignore', 'ignore', 'ignore'],
]

/** What becomes of a frame that came on a stream in that state. */
export function judgeReceived(
  state: StreamState,
  frame: StreamFrame,
  streamId: number,
): 'take' | 'ignore' | Http2Fault {
  const verdict = RECEIVED[state]?.[frame] ?? OF_NO_STREAM // each has a row
  if (typeof verdict === 'string') return verdict
  const [code, scope] = verdict
  return new Http2Fault(
    code,
    scope === 'stream' ? streamId : 0,
    `${FRAME_NAMES[frame]} on a stream that is ${STATE_NAMES[state]} (RFC 9113 5.1)`,
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
  unknown(streamId: number): typeof StreamState.idle | typeof StreamState.closed {
    if (this.isOurs(streamId)) return streamId >= this.next ? idle : closed
    return streamId > this.highestPeer ? idle : closed
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
