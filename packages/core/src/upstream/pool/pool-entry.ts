import type { ConnectionOwner } from '../../h1/connection-owner.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { HttpResponse } from '../../message/response.ts'

/** What a pool holds: one connection, one exchange at a time. */
export interface PooledConnection {
  /** Sends the request; resolves with the response's head, whose body may still stream. Rejects with a TrafficError. */
  send(exchange: Exchange): Promise<HttpResponse>
  owner: ConnectionOwner<PooledConnection> | undefined
  /** Tells whether it is gone, in the moments when its owner is not listening. */
  readonly closed: boolean
  /** Milliseconds for which it may lie idle, as its peer says; without it, as long as the pool lets it. */
  readonly persistence?: { readonly idleLimit: number }
  /** Ends it now, whatever it does. */
  destroy(): void
}

/** Whom an entry belongs to. */
interface Keeper {
  released(entry: PoolEntry): void
  closed(entry: PoolEntry): void
}

/** A connection's place in the pool, and its link in the list of the idle ones. */
export class PoolEntry implements ConnectionOwner<PooledConnection> {
  readonly connection: PooledConnection
  /** `clock.now()` from which on it takes no further exchange. */
  readonly expiresAt: number
  state: 'active' | 'idle' | 'gone' = 'active'
  /** `clock.now()` when it was last released. */
  idleSince = 0
  /** Milliseconds for which it may lie idle, counted from `idleSince`. */
  idleLimit: number = Infinity
  newer: PoolEntry | undefined
  older: PoolEntry | undefined
  private readonly keeper: Keeper

  constructor(connection: PooledConnection, keeper: Keeper, expiresAt: number) {
    this.connection = connection
    this.keeper = keeper
    this.expiresAt = expiresAt
    connection.owner = this
  }

  released(): void {
    this.keeper.released(this)
  }

  closed(): void {
    this.keeper.closed(this)
  }
}

/**
 * The idle connections, linked through the entries. The newest is taken first: it is the least likely to have
 * been closed by the origin, and the surplus ones grow old and go.
 */
export class IdleList {
  newest: PoolEntry | undefined
  oldest: PoolEntry | undefined
  size = 0

  push(entry: PoolEntry): void {
    entry.state = 'idle'
    entry.older = this.newest
    if (this.newest === undefined) this.oldest = entry
    else this.newest.newer = entry
    this.newest = entry
    this.size++
  }

  remove(entry: PoolEntry): void {
    if (entry.newer === undefined) this.newest = entry.older
    else entry.newer.older = entry.older
    if (entry.older === undefined) this.oldest = entry.newer
    else entry.older.newer = entry.newer
    entry.newer = undefined
    entry.older = undefined
    this.size--
  }
}
