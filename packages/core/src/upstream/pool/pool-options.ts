/** The limits of one endpoint's connections; times in milliseconds, Infinity for no limit. */
export interface PoolOptions {
  /** Connections open or being opened at a time. Default 1,024. */
  readonly maxConnections: number
  /** Exchanges that may queue once every connection is in use. Default 1,024. */
  readonly maxPending: number
  /** How long one may queue, in milliseconds. Default 5,000. */
  readonly pendingTimeout: number
  /** How long a connection may lie idle, in milliseconds; less if the origin says less in Keep-Alive. Default 60,000. */
  readonly idleTimeout: number
  /** How old a connection may grow in milliseconds, give or take a tenth, so that those opened together do not end together. Default 600,000. */
  readonly maxAge: number
}

export const POOL_DEFAULTS: PoolOptions = {
  maxConnections: 1024,
  maxPending: 1024,
  pendingTimeout: 5_000,
  idleTimeout: 60_000,
  maxAge: 600_000,
}

/** The first five are of this moment, the others count since the pool was made. */
export interface PoolStats {
  readonly active: number
  readonly idle: number
  /** Connections being opened. */
  readonly connecting: number
  /** Exchanges waiting, for a free connection or for one being opened. */
  readonly pending: number
  /** Exchanges under way: over HTTP/2 a connection may serve several. */
  readonly exchanges: number
  readonly opened: number
  /** Those of them that speak HTTP/2. */
  readonly openedHttp2: number
  readonly closed: number
  /** Exchanges that were given a connection which had served another before. */
  readonly reused: number
  /** Connections that could not be opened. */
  readonly failed: number
}

/** Those of two pools together. */
export function sumOfStats(one: PoolStats, other: PoolStats): PoolStats {
  return {
    active: one.active + other.active,
    idle: one.idle + other.idle,
    connecting: one.connecting + other.connecting,
    pending: one.pending + other.pending,
    exchanges: one.exchanges + other.exchanges,
    opened: one.opened + other.opened,
    openedHttp2: one.openedHttp2 + other.openedHttp2,
    closed: one.closed + other.closed,
    reused: one.reused + other.reused,
    failed: one.failed + other.failed,
  }
}
