import type { Scheme } from '../message/request.ts'
import type { ClientConnectionOptions } from '../socket/connection-options.ts'
import type { Http2Connection } from './connection.ts'

/** The connection that a request is sent on. */
export interface ClientStreamOwner {
  readonly connection: Http2Connection
  readonly options: ClientConnectionOptions
  /** How the connection goes: over TLS, or not. */
  readonly scheme: Scheme
  /** How often something has come. */
  readonly reads: number
  /** How many exchanges it has had, this one among them. */
  readonly exchanges: number
  /** Why the socket broke, where it has said so. */
  readonly lossCause: Error | undefined
  /** The response's head is here: `deliver` is to be called when the whole read was looked at. */
  arrived(stream: ArrivedStream): void
  /** `overdue` is to be called at that time, by `clock.now()`. */
  waitUntil(at: number): void
  /** Somebody waits for what comes on a stream, or nobody any more: that is what keeps the process alive. */
  awaited(change: 1 | -1): void
  /** The peer asks for HTTP/1.1 instead. @returns whether what follows is sent so */
  http1Required(): boolean
  /** There is a place for another exchange. */
  over(): void
}

/** A stream on which a response's head has come. */
export interface ArrivedStream {
  deliver(): void
}
