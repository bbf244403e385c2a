import type { ConnectionOwner } from '../../message/connections.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { HttpRequest, HttpVersion } from '../../message/request.ts'
import type { HttpResponse } from '../../message/response.ts'

/** What a pool holds: a connection that takes one exchange at a time, as HTTP/1.1, or several, as HTTP/2. */
export interface PooledConnection {
  /** Sends the request; resolves with the response's head, whose body may still stream. Rejects with a TrafficError. */
  send(exchange: Exchange): Promise<HttpResponse>
  owner: ConnectionOwner<PooledConnection> | undefined
  /** Tells whether it is gone, in the moments when its owner is not listening. */
  readonly closed: boolean
  /** Milliseconds for which it may lie idle, as its peer says; without it, as long as the pool lets it. */
  readonly persistence?: { readonly idleLimit: number }
  /** Exchanges that it takes at the same time: it may change while they are under way, and with 0 it takes no more. Default 1. */
  readonly capacity?: number
  /** Which version of HTTP it speaks. Default 1.1. */
  readonly version?: HttpVersion
  /** Whether it can ask for the switch of protocols that the request wants. Without it, any. */
  takesUpgrade?(request: HttpRequest): boolean
  /** Ends it now, whatever it does. */
  destroy(): void
}

/** Whom an entry belongs to. */
interface Keeper {
  released(entry: PoolEntry): void
  roomChanged(entry: PoolEntry): void
  http1Required(): boolean
  closed(entry: PoolEntry): void
}

/** A connection's place in the pool, and its link in the list that it stands in. */
export class PoolEntry implements ConnectionOwner<PooledConnection> {
  readonly connection: PooledConnection
  /** `clock.now()` from which on it takes no further exchange. */
  expiresAt: number
  /** Exchanges under way on it. */
  exchanges = 0
  /** `clock.now()` when the last of its exchanges was over. */
  idleSince = 0
  /** Milliseconds for which it may lie idle, counted from `idleSince`. */
  idleLimit: number = Infinity
  list: EntryList | undefined
  newer: PoolEntry | undefined
  older: PoolEntry | undefined
  private readonly keeper: Keeper

  constructor(connection: PooledConnection, keeper: Keeper, expiresAt: number) {
    this.connection = connection
    this.keeper = keeper
    this.expiresAt = expiresAt
    connection.owner = this
  }

  /** Exchanges that it takes beside those that are under way. */
  get room(): number {
    return (this.connection.capacity ?? 1) - this.exchanges
  }

  /** Whether it takes a further exchange, and has not lain idle for too long. */
  isFresh(now: number): boolean {
    if (now >= this.expiresAt || this.room <= 0) return false
    return this.exchanges > 0 || now - this.idleSince < this.idleLimit
  }

  released(): void {
    this.keeper.released(this)
  }

  roomChanged(): void {
    this.keeper.roomChanged(this)
  }

  http1Required(): boolean {
    return this.keeper.http1Required()
  }

  closed(): void {
    this.keeper.closed(this)
  }

  /** Moves it from the list that it stands in, if any, to this one, if any. */
  moveTo(list: EntryList | undefined): void {
    if (this.list === list) return
    this.list?.remove(this)
    list?.push(this)
    this.list = list
  }
}

/**
 * Connections that take exchanges, linked through the entries. The newest is taken first: it is the least likely to have
 * been closed by the origin, and the surplus ones grow old and go.
 */
export class EntryList {
  newest: PoolEntry | undefined
  oldest: PoolEntry | undefined
  size = 0

  push(entry: PoolEntry): void {
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
