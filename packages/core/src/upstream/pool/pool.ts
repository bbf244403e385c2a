import { own } from '../../message/own-options.ts'
import type { TrafficError } from '../../message/errors.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { Clock } from '../../time/clock.ts'
import type { EndpointPool } from './endpoint-pool.ts'
import { IdleConnections } from './idle-connections.ts'
import { type Open, Openings } from './openings.ts'
import { EntryList, PoolEntry, type PooledConnection } from './pool-entry.ts'
import { POOL_DEFAULTS, type PoolOptions, type PoolStats, sumOfStats } from './pool-options.ts'
import {
  deadlineExceeded,
  queueFull,
  queueTimeout,
  shuttingDown,
  takesNothing,
  Waiter,
  WaiterQueue,
} from './pool-queue.ts'

/** How long an endpoint that has asked for HTTP/1.1 is spoken to so before HTTP/2 is tried again. Milliseconds. */
const HTTP1_FOR = 600_000

/** The connections to one endpoint, each for whoever asks. */
export class Pool implements EndpointPool {
  readonly name: string
  readonly upgrades: Pool | undefined
  private readonly clock: Clock
  private readonly options: PoolOptions
  private readonly entries = new Set<PoolEntry>()
  private readonly idle: IdleConnections
  /** Those that serve exchanges and take more: none where a connection takes one at a time. */
  private readonly shared = new EntryList()
  private readonly waiters = new WaiterQueue()
  private readonly openings: Openings
  private closing = false
  private retired = false
  private drained: (() => void)[] = []
  private exchanges = 0
  /** By `clock.now()`. */
  private http1Until = -Infinity
  private reused = 0

  /** @param capacity exchanges that a connection is thought to take at the same time, until one was opened */
  constructor(
    name: string,
    clock: Clock,
    open: Open,
    given: PoolOptions = POOL_DEFAULTS,
    capacity: number = 1,
    upgrades?: Pool,
  ) {
    const options = own(given)
    this.name = name
    this.clock = clock
    this.options = options
    this.upgrades = upgrades
    this.openings = new Openings(open, capacity, this)
    this.idle = new IdleConnections(clock, options.idleTimeout, (entry) => this.drop(entry))
  }

  acquire(exchange: Exchange): PooledConnection | Promise<PooledConnection> {
    let entry = this.shared.newest ?? this.idle.newest
    if (entry === undefined) return this.wait(exchange)
    if (exchange.freshConnection) {
      // Those that lie idle may be as stale as the one that was just found closed.
      if (!this.hasRoom && this.idle.newest !== undefined) this.drop(this.idle.newest)
      return this.wait(exchange)
    }
    const now = this.clock.now()
    while (entry !== undefined) {
      if (entry.isFresh(now)) {
        this.occupy(entry)
        this.reused++
        return entry.connection
      }
      this.spend(entry)
      entry = this.shared.newest ?? this.idle.newest
    }
    return this.wait(exchange)
  }

  get preferred(): Pool {
    const { upgrades } = this
    if (upgrades === undefined || this.http1Until === -Infinity) return this
    return this.clock.now() < this.http1Until ? upgrades : this
  }

  /** For the entries: the endpoint asks for HTTP/1.1. @returns whether it gets that from now on, for a while */
  http1Required(): boolean {
    if (this.upgrades === undefined) return false
    this.http1Until = this.clock.now() + HTTP1_FOR
    return true
  }

  get load(): number {
    return this.exchanges + this.waiters.size + (this.upgrades?.load ?? 0)
  }

  stats(): PoolStats {
    const { opened, openedHttp2, failed } = this.openings
    const ours = {
      active: this.entries.size - this.idle.size,
      idle: this.idle.size,
      connecting: this.openings.size,
      pending: this.waiters.size,
      exchanges: this.exchanges,
      opened,
      openedHttp2,
      closed: opened - this.entries.size,
      reused: this.reused,
      failed,
    }
    return this.upgrades === undefined ? ours : sumOfStats(ours, this.upgrades.stats())
  }

  retire(): void {
    this.retired = true
    this.upgrades?.retire()
    this.idle.dropAll()
  }

  renew(): void {
    this.upgrades?.renew()
    this.openings.outdate()
    for (const entry of this.entries) {
      entry.expiresAt = -Infinity
      this.spend(entry)
    }
  }

  async drain(): Promise<void> {
    const others = this.upgrades?.drain()
    this.closing = true
    this.idle.dropAll()
    if (this.waiters.size === 0) this.openings.cancel(shuttingDown(this.name))
    await new Promise<void>((resolve) => {
      this.drained.push(resolve)
      this.tellDrained()
    })
    await others
  }

  destroy(): void {
    this.upgrades?.destroy()
    this.closing = true
    for (let waiter = this.waiters.shift(); waiter !== undefined; waiter = this.waiters.shift()) {
      waiter.fail(shuttingDown(this.name))
    }
    this.openings.cancel(shuttingDown(this.name))
    for (const entry of this.entries) this.drop(entry)
    this.tellDrained()
  }

  /** For the entries: one of its exchanges is finished. */
  released(entry: PoolEntry): void {
    if (entry.exchanges === 0) return
    entry.exchanges--
    this.exchanges--
    const now = this.clock.now()
    if (now >= entry.expiresAt || entry.room <= 0) return this.spend(entry)
    if (this.serveNext(entry)) return
    // Whoever waits wants a fresh one, for which there was no room.
    if (entry.exchanges === 0 && this.unprovided > 0) this.drop(entry)
    else this.rest(entry, now)
  }

  /** For the entries: this one takes more exchanges than before, or fewer. */
  roomChanged(entry: PoolEntry): void {
    if (!this.entries.has(entry)) return
    if (entry.room <= 0 || this.clock.now() >= entry.expiresAt) return this.spend(entry)
    if (entry.exchanges > 0) entry.moveTo(this.shared)
    while (entry.room > 0) if (!this.serveNext(entry)) return
  }

  /** Gives a place to the one that has waited longest, if one waits that takes it. */
  private serveNext(entry: PoolEntry): boolean {
    const waiter = this.waiters.shiftReusing()
    if (waiter === undefined) return false
    this.occupy(entry)
    this.reused++
    waiter.serve(entry.connection)
    return true
  }

  /** For the entries: this one's connection is gone. */
  closed(entry: PoolEntry): void {
    if (!this.entries.delete(entry)) return
    entry.moveTo(undefined)
    this.exchanges -= entry.exchanges
    entry.exchanges = 0
    this.openForWaiters()
    this.tellDrained()
  }

  private drop(entry: PoolEntry): void {
    this.closed(entry)
    entry.connection.destroy()
  }

  /** It takes no more: what is under way on it is served to its end. */
  private spend(entry: PoolEntry): void {
    if (entry.exchanges === 0) this.drop(entry)
    else entry.moveTo(undefined)
  }

  private occupy(entry: PoolEntry): void {
    entry.exchanges++
    this.exchanges++
    entry.moveTo(entry.room > 0 ? this.shared : undefined)
  }

  private rest(entry: PoolEntry, now: number): void {
    if (entry.exchanges > 0) return entry.moveTo(this.shared)
    if (this.closing || this.retired) return this.drop(entry)
    this.idle.add(entry, now)
  }

  private get hasRoom(): boolean {
    return this.entries.size + this.openings.size < this.options.maxConnections
  }

  private wait(exchange: Exchange): Promise<PooledConnection> {
    if (exchange.cancellation !== undefined) return Promise.reject(exchange.cancellation)
    if (this.closing) return Promise.reject(shuttingDown(this.name))
    const remaining = exchange.remaining()
    if (remaining <= 0) return Promise.reject(deadlineExceeded(this.name))
    const mustQueue = !this.hasRoom
    if (mustQueue && this.unprovided >= this.options.maxPending) {
      return Promise.reject(queueFull(this.name, this.options))
    }
    return new Promise((resolve, reject) => {
      const waiter = new Waiter(exchange, this.waiters, resolve, reject)
      this.waiters.push(waiter)
      // One for which a connection is opened is bounded by the connect timeout, whose error tells more.
      const limit = mustQueue ? this.options.pendingTimeout : Infinity
      if (remaining <= limit) {
        if (remaining !== Infinity) waiter.expireIn(remaining, () => deadlineExceeded(this.name))
      } else waiter.expireIn(limit, () => queueTimeout(this.name, this.options))
      this.openForWaiters()
    })
  }

  /** Exchanges that wait, beside those for which a connection is being opened. */
  private get unprovided(): number {
    return this.waiters.size - this.openings.places
  }

  /** For each exchange that waits a connection is being opened that will have room for it, as long as there may be another. */
  private openForWaiters(): void {
    while (this.unprovided > 0 && this.hasRoom) this.openings.begin()
  }

  /** For the openings. It serves whoever have waited longest: not always the exchanges that made the pool open it. */
  connectionOpened(connection: PooledConnection, isOutdated: boolean): void {
    // The next one might be no better: they would be opened one after the other for as long as somebody waits.
    if (connection.closed || connection.capacity === 0) {
      connection.destroy()
      this.openings.failed++
      return this.openingFailed(takesNothing(this.name))
    }
    const now = this.clock.now()
    const entry = new PoolEntry(
      connection,
      this,
      isOutdated ? -Infinity : now + this.options.maxAge * (0.9 + 0.2 * this.clock.random()),
    )
    this.entries.add(entry)
    this.openings.capacity = entry.room
    for (let waiter = this.waiters.shift(); waiter !== undefined; waiter = this.waiters.shift()) {
      this.occupy(entry)
      waiter.serve(connection)
      if (entry.room <= 0) break
    }
    if (isOutdated) this.spend(entry)
    else if (entry.exchanges === 0) this.rest(entry, now)
    this.openForWaiters()
  }

  /** For the openings. The failure is told to those that it was opened for, unless enough others are being opened; the rest get another try. */
  openingFailed(error: TrafficError): void {
    const { capacity } = this.openings
    for (let told = 0; told < capacity && this.unprovided > 0; told++) this.waiters.shift()?.fail(error)
    this.openForWaiters()
    this.tellDrained()
  }

  private tellDrained(): void {
    if (!this.closing || this.entries.size + this.openings.size + this.waiters.size > 0) return
    this.idle.stop()
    for (const tell of this.drained.splice(0)) tell()
  }
}
