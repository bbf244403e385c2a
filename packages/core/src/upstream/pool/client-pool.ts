import { own } from '../../message/own-options.ts'
import type { TrafficError } from '../../message/errors.ts'
import type { Exchange } from '../../message/exchange.ts'
import { WaitingExchange } from '../../message/waiting-exchange.ts'
import type { Clock } from '../../time/clock.ts'
import type { EndpointPool } from './endpoint-pool.ts'
import { IdleConnections } from './idle-connections.ts'
import { type Open, Opening } from './openings.ts'
import { PoolEntry, type PooledConnection } from './pool-entry.ts'
import type { PoolOptions, PoolStats } from './pool-options.ts'
import { deadlineExceeded, queueFull, queueTimeout, shuttingDown, takesNothing } from './pool-queue.ts'

/** Whom the connections of an exchange belong to. */
export interface PoolClient {
  /** The same for the exchanges that may share a connection. */
  readonly key: string
  /** Opens a connection that belongs to it. */
  readonly open: Open
  /** Calls back when it has gone: its connections are of no use then. Undefined where nobody knows. */
  readonly whenGone?: ((gone: () => void) => void) | undefined
}

/** An exchange that waits for a connection of its client. */
class ClientWaiter extends WaitingExchange<PooledConnection> {
  readonly client: PoolClient
  private readonly lines: readonly Set<ClientWaiter>[]

  constructor(
    exchange: Exchange,
    client: PoolClient,
    lines: readonly Set<ClientWaiter>[],
    resolve: (connection: PooledConnection) => void,
    reject: (error: TrafficError) => void,
  ) {
    super(exchange, resolve, reject)
    this.client = client
    this.lines = lines
  }

  override leaveLine(): void {
    for (const line of this.lines) line.delete(this)
  }
}

/**
 * The connections to one endpoint where each belongs to one client, since it began with what tells who that is. None serves two clients,
 * and each takes one exchange at a time. The limits are those of all clients together: where there is no room for a connection, one that
 * lies idle for another client makes room.
 */
export class ClientPool implements EndpointPool {
  readonly name: string
  readonly upgrades: undefined
  private readonly clock: Clock
  private readonly options: PoolOptions
  private readonly clientOf: (exchange: Exchange) => PoolClient
  /** With whom they belong to. */
  private readonly entries = new Map<PoolEntry, string>()
  private readonly idle: IdleConnections
  /** Those that lie idle, by whom they belong to, the newest last. */
  private readonly idleOf = new Map<string, PoolEntry[]>()
  private readonly openings = new Map<Opening, string>()
  /** Those for which a connection is being opened, and those for which there was no room. */
  private readonly expecting = new Set<ClientWaiter>()
  private readonly line = new Set<ClientWaiter>()
  /** Clients whose end is awaited. */
  private readonly awaited = new Set<string>()
  private closing = false
  private retired = false
  private drained: (() => void)[] = []
  private exchanges = 0
  private reused = 0
  private opened = 0
  private failed = 0

  constructor(name: string, clock: Clock, clientOf: (exchange: Exchange) => PoolClient, given: PoolOptions) {
    const options = own(given)
    this.name = name
    this.clock = clock
    this.clientOf = clientOf
    this.options = options
    this.idle = new IdleConnections(clock, options.idleTimeout, (entry) => this.drop(entry))
  }

  get preferred(): this {
    return this
  }

  get load(): number {
    return this.exchanges + this.expecting.size + this.line.size
  }

  acquire(exchange: Exchange): PooledConnection | Promise<PooledConnection> {
    const client = this.clientOf(exchange)
    const idle = this.idleOf.get(client.key)
    const now = this.clock.now()
    for (let entry = idle?.at(-1); entry !== undefined; entry = idle?.at(-1)) {
      if (!exchange.freshConnection && entry.isFresh(now)) {
        this.occupy(entry)
        this.reused++
        return entry.connection
      }
      this.drop(entry)
    }
    return this.wait(exchange, client)
  }

  stats(): PoolStats {
    return {
      active: this.entries.size - this.idle.size,
      idle: this.idle.size,
      connecting: this.openings.size,
      pending: this.expecting.size + this.line.size,
      exchanges: this.exchanges,
      opened: this.opened,
      openedHttp2: 0,
      closed: this.opened - this.entries.size,
      reused: this.reused,
      failed: this.failed,
    }
  }

  retire(): void {
    this.retired = true
    this.idle.dropAll()
  }

  renew(): void {
    for (const opening of this.openings.keys()) opening.isOutdated = true
    for (const entry of this.entries.keys()) this.spend(entry)
  }

  drain(): Promise<void> {
    this.closing = true
    this.idle.dropAll()
    if (this.expecting.size + this.line.size === 0) this.cancelOpenings()
    return new Promise((resolve) => {
      this.drained.push(resolve)
      this.tellDrained()
    })
  }

  destroy(): void {
    this.closing = true
    for (const waiter of [...this.expecting, ...this.line]) {
      waiter.leaveLine()
      waiter.fail(shuttingDown(this.name))
    }
    this.cancelOpenings()
    for (const entry of this.entries.keys()) this.drop(entry)
    this.tellDrained()
  }

  /** For the entries: its exchange is finished. */
  released(entry: PoolEntry): void {
    const key = this.entries.get(entry)
    if (key === undefined || entry.exchanges === 0) return
    entry.exchanges = 0
    this.exchanges--
    if (this.clock.now() >= entry.expiresAt) return this.drop(entry)
    const next = this.waiterOf(key)
    if (next !== undefined && this.isNextInLine(next)) {
      this.reused++
      this.serve(next, entry)
    } else if (this.line.size > 0) this.drop(entry)
    else this.rest(entry, key)
  }

  /** For the entries: it takes one exchange at a time, whatever happens. */
  roomChanged(): void {}

  /** For the entries: only HTTP/1.1 is spoken. */
  http1Required(): boolean {
    return false
  }

  /** For the entries: this one's connection is gone. */
  closed(entry: PoolEntry): void {
    if (!this.forget(entry)) return
    this.openForWaiters()
    this.tellDrained()
  }

  private wait(exchange: Exchange, client: PoolClient): Promise<PooledConnection> {
    if (exchange.cancellation !== undefined) return Promise.reject(exchange.cancellation)
    if (this.closing) return Promise.reject(shuttingDown(this.name))
    const remaining = exchange.remaining()
    if (remaining <= 0) return Promise.reject(deadlineExceeded(this.name))
    const mustQueue = !this.hasRoom && this.idle.size === 0
    if (mustQueue && this.line.size >= this.options.maxPending)
      return Promise.reject(queueFull(this.name, this.options))
    return new Promise((resolve, reject) => {
      const waiter = new ClientWaiter(exchange, client, [this.line, this.expecting], resolve, reject)
      this.line.add(waiter)
      // One for which a connection is opened is bounded by the connect timeout, whose error tells more.
      const limit = mustQueue ? this.options.pendingTimeout : Infinity
      if (remaining <= limit) {
        if (remaining !== Infinity) waiter.expireIn(remaining, () => deadlineExceeded(this.name))
      } else waiter.expireIn(limit, () => queueTimeout(this.name, this.options))
      this.openForWaiters()
    })
  }

  private get hasRoom(): boolean {
    return this.entries.size + this.openings.size < this.options.maxConnections
  }

  /** As long as there may be another, with those that lie idle making room, the one that has done so for longest first. */
  private openForWaiters(): void {
    for (const waiter of this.line) {
      const { oldest } = this.idle
      if (!this.hasRoom) {
        if (oldest === undefined) return
        this.forget(oldest)
        oldest.connection.destroy()
      }
      this.line.delete(waiter)
      this.expecting.add(waiter)
      this.open(waiter)
    }
  }

  private open(waiter: ClientWaiter): void {
    const { key, open, whenGone } = waiter.client
    const opening = new Opening()
    this.openings.set(opening, key)
    if (whenGone !== undefined && !this.awaited.has(key)) {
      this.awaited.add(key)
      whenGone(() => this.clientGone(key))
    }
    const failed = (error: TrafficError): void => {
      if (opening.cancellation === undefined) this.failed++
      if (this.expecting.delete(waiter)) waiter.fail(error)
      this.openForWaiters()
      this.tellDrained()
    }
    open(opening).then(
      (connection) => {
        this.openings.delete(opening)
        this.opened++
        if (!connection.closed) return this.connected(connection, waiter, opening.isOutdated)
        connection.destroy()
        return failed(takesNothing(this.name))
      },
      (error: TrafficError) => {
        this.openings.delete(opening)
        failed(error)
      },
    )
  }

  private connected(connection: PooledConnection, waiter: ClientWaiter, isOutdated: boolean): void {
    const { key } = waiter.client
    const age = this.options.maxAge * (0.9 + 0.2 * this.clock.random())
    const entry = new PoolEntry(connection, this, isOutdated ? -Infinity : this.clock.now() + age)
    this.entries.set(entry, key)
    const next = this.expecting.has(waiter) ? waiter : this.waiterOf(key)
    if (next !== undefined) this.serve(next, entry)
    else if (isOutdated || this.line.size > 0) this.drop(entry)
    else this.rest(entry, key)
  }

  /** Whether nobody of another client has waited longer: else one with many exchanges would keep all connections. */
  private isNextInLine(waiter: ClientWaiter): boolean {
    const [first] = this.line
    return first === undefined || first === waiter || this.expecting.has(waiter)
  }

  /** The one that has waited longest of those that take a connection of this client which was used before. */
  private waiterOf(key: string): ClientWaiter | undefined {
    for (const line of [this.expecting, this.line])
      for (const waiter of line)
        if (waiter.client.key === key && !waiter.exchange.freshConnection) return waiter
    return undefined
  }

  private serve(waiter: ClientWaiter, entry: PoolEntry): void {
    waiter.leaveLine()
    this.occupy(entry)
    waiter.serve(entry.connection)
  }

  private occupy(entry: PoolEntry): void {
    this.leaveIdle(entry)
    entry.exchanges = 1
    this.exchanges++
  }

  private rest(entry: PoolEntry, key: string): void {
    if (this.closing || this.retired) return this.drop(entry)
    const idle = this.idleOf.get(key)
    if (idle === undefined) this.idleOf.set(key, [entry])
    else idle.push(entry)
    this.idle.add(entry, this.clock.now())
  }

  private leaveIdle(entry: PoolEntry): void {
    entry.moveTo(undefined)
    const key = this.entries.get(entry) ?? ''
    const idle = this.idleOf.get(key)
    const at = idle?.lastIndexOf(entry) ?? -1
    if (idle === undefined || at < 0) return
    idle.splice(at, 1)
    if (idle.length === 0) this.idleOf.delete(key)
  }

  /** Nothing of it is of use for anybody else. */
  private clientGone(key: string): void {
    this.awaited.delete(key)
    for (const [opening, whose] of this.openings) if (whose === key) opening.isOutdated = true
    for (const [entry, whose] of this.entries) if (whose === key) this.spend(entry)
  }

  /** It takes no more: what is under way on it is served to its end. */
  private spend(entry: PoolEntry): void {
    entry.expiresAt = -Infinity
    if (entry.exchanges === 0) this.drop(entry)
  }

  private drop(entry: PoolEntry): void {
    if (this.forget(entry)) entry.connection.destroy()
    this.openForWaiters()
    this.tellDrained()
  }

  private forget(entry: PoolEntry): boolean {
    if (!this.entries.has(entry)) return false
    this.leaveIdle(entry)
    this.entries.delete(entry)
    this.exchanges -= entry.exchanges
    entry.exchanges = 0
    return true
  }

  private cancelOpenings(): void {
    for (const opening of this.openings.keys()) opening.cancel(shuttingDown(this.name))
  }

  private tellDrained(): void {
    const left = this.entries.size + this.openings.size + this.expecting.size + this.line.size
    if (!this.closing || left > 0) return
    this.idle.stop()
    for (const tell of this.drained.splice(0)) tell()
  }
}
