import type { StateTable } from '../message/state-table.ts'

/**
 * The states of an HTTP/1.1 connection, as tables. A connection moves only along these rows; anything else is a defect of
 * ours, and says so. The rules behind the rows:
 *
 * - One exchange at a time, in the order of the requests (RFC 9112 9.3.2): `request` and `sent` lead out of `idle` only.
 * - The next message begins where the framing says that this one ends (RFC 9112 6.3, 9.3): back to `idle` leads only what
 *   proves both ends, `answered` and `discarded` on one side, `complete` on the other.
 * - Faulty framing, and whoever said "close", end the connection (RFC 9112 6.3, 9.6): `refused`, `last` and `gone`.
 * - What comes on an idle connection to an origin belongs to nothing (RFC 9112 9.2): `gone`.
 * - After 101 the bytes are no HTTP (RFC 9110 7.8): no row leads back from `tunnel`.
 */

/** A connection on which requests arrive, one exchange at a time: what is pipelined waits (RFC 9112 9.3.2). */
export type ServerState =
  /** No byte of a request is here. May be closed at any time. */
  | 'idle'
  /** A part of a request's head is here. */
  | 'head'
  /** A request is being answered; its body may still arrive. */
  | 'exchange'
  /** The response is written; the rest of the request's body is read and thrown away. */
  | 'discarding'
  /** The protocol was switched: bytes pass both ways. */
  | 'tunnel'
  /** Our side is closed; what still comes is thrown away, lest a reset destroys the response (RFC 9112 9.6). */
  | 'lingering'
  | 'closed'

export type ServerEvent =
  | 'bytes' // some, but not a whole head
  | 'request' // a whole head
  | 'refused' // a head that cannot be accepted
  | 'answered' // the response is written and the request's body was read to its end
  | 'answered-early' // the response is written, the request's body was not read to its end
  | 'discarded' // the rest of that body has been read
  | 'switched' // 101
  | 'last' // the response was the last one of this connection
  | 'gone' // the socket is closed

export const SERVER_STATES: StateTable<ServerState, ServerEvent> = {
  idle: { bytes: 'head', request: 'exchange', refused: 'lingering', last: 'lingering', gone: 'closed' },
  head: { bytes: 'head', request: 'exchange', refused: 'lingering', last: 'lingering', gone: 'closed' },
  exchange: {
    answered: 'idle',
    'answered-early': 'discarding',
    switched: 'tunnel',
    last: 'lingering',
    gone: 'closed',
  },
  discarding: { discarded: 'idle', last: 'lingering', gone: 'closed' },
  tunnel: { gone: 'closed' },
  lingering: { gone: 'closed' },
  closed: {},
}

/** A connection on which requests are sent, one exchange at a time. */
export type ClientState =
  /** May take an exchange. Bytes that arrive now belong to nothing: the connection is destroyed. */
  | 'idle'
  /** A request is being sent, and its response's head awaited. */
  | 'waiting'
  /** The response's head is here; its body, or the rest of the request's, may still be on the way. */
  | 'body'
  /** The protocol was switched: bytes pass both ways. */
  | 'tunnel'
  | 'closed'

export type ClientEvent =
  | 'sent' // an exchange was taken
  | 'head' // a final response's head
  | 'complete' // the response's end, and the request's: the framing is proven finished
  | 'switched' // 101 that was asked for
  | 'gone' // closed, by whichever side, or no longer to be trusted

export const CLIENT_STATES: StateTable<ClientState, ClientEvent> = {
  idle: { sent: 'waiting', gone: 'closed' },
  waiting: { head: 'body', switched: 'tunnel', gone: 'closed' },
  body: { complete: 'idle', gone: 'closed' },
  tunnel: { gone: 'closed' },
  closed: {},
}
