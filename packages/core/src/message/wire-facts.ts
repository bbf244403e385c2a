import type { Socket } from 'node:net'

/**
 * How a connection came to be, by the clock of whoever opened it. What did not happen is undefined: no name is resolved for an address,
 * and none of the origin's by a client behind a proxy that resolves it.
 */
export interface ConnectionFacts {
  /** When the name was resolved. */
  resolvedAt: number | undefined
  /** When TCP connected. */
  connectedAt: number | undefined
  /** When the TLS handshake was finished. */
  securedAt: number | undefined
  /** The peer's IP address, that of a proxy where there is one; undefined for a unix socket. */
  remoteAddress: string | undefined
  socket: Socket | undefined
}

/** Of a connection that is about to be opened. */
export function unopened(): ConnectionFacts {
  return {
    resolvedAt: undefined,
    connectedAt: undefined,
    securedAt: undefined,
    remoteAddress: undefined,
    socket: undefined,
  }
}

/** What the wire tells of an exchange, by the exchange's clock: of its last attempt. A face that wants to know gives the exchange one. */
export class WireFacts {
  connection: ConnectionFacts | undefined
  /** Whether the connection had served another exchange before. */
  reused = false
  /** When all of the request was handed to the socket. */
  requestWrittenAt: number | undefined
  /** When the head of the final response was here. */
  respondedAt: number | undefined
  /** Told that an attempt is about to be written to its connection. Must not throw. */
  onBegin: ((connection: ConnectionFacts | undefined) => void) | undefined

  /** An attempt begins on this connection: what is known of the one before counts no more. */
  begin(connection: ConnectionFacts | undefined, reused: boolean): void {
    this.connection = connection
    this.reused = reused
    this.requestWrittenAt = undefined
    this.respondedAt = undefined
    this.onBegin?.(connection)
  }

  requestWritten(at: number): void {
    this.requestWrittenAt = at
  }

  responded(at: number): void {
    this.respondedAt = at
  }
}
