// What those who keep connections know of them, whatever version of HTTP they speak.

/** A connection on which requests arrive, for the listener that accepted it. */
export interface DownstreamConnection {
  /** No further exchange begins after those under way; an idle connection gets `grace` milliseconds to bring a last request. */
  drain(grace: number): void
  /** Ends it now, whatever it does. */
  destroy(): void
}

/** Whoever keeps a connection between exchanges: told by it what becomes of it. */
export interface ConnectionOwner<Connection> {
  /** An exchange is over with proven framing: the connection has a place for another. */
  released(connection: Connection): void
  /** It takes more exchanges than before, or fewer, though none of them has ended. */
  roomChanged?(connection: Connection): void
  /** Its peer asks for HTTP/1.1 instead. @returns whether what follows is sent so; false where only one version may be spoken */
  http1Required?(connection: Connection): boolean
  /** It is gone: called once, at any time. */
  closed(connection: Connection): void
}
