/** Whoever keeps a connection between exchanges: told by it what becomes of it. */
export interface ConnectionOwner<Connection> {
  /** An exchange is over with proven framing: the connection may take another. */
  released(connection: Connection): void
  /** It is gone: called once, at any time. */
  closed(connection: Connection): void
}
