import type { Peer } from '../message/exchange.ts'
import type { Responder } from '../message/responder.ts'
import type { ServerConnectionOptions } from '../socket/connection-options.ts'
import type { Http2Connection } from './connection.ts'
import type { IncomingContentOptions } from './incoming-content.ts'

/** The connection that a request came on. */
export interface ServerStreamOwner {
  readonly connection: Http2Connection
  readonly peer: Peer
  readonly options: ServerConnectionOptions
  /** How the content of requests is taken. */
  readonly content: IncomingContentOptions
  readonly responder: Responder
  /** A head is here: `dispatch` is to be called when the whole read was looked at. */
  arrived(stream: ArrivedStream): void
  /** A handler has begun, or has come to its end: a stream may be gone long before. */
  handling(change: 1 | -1): void
}

/** A stream on which a request's head has come. */
export interface ArrivedStream {
  dispatch(): void
}
