import { type ErrorCode, TrafficError } from '../../message/errors.ts'
import type { Exchange } from '../../message/exchange.ts'
import { WaitingExchange } from '../../message/waiting-exchange.ts'
import type { PooledConnection } from './pool-entry.ts'

/** An exchange that waits for a connection. */
export class Waiter extends WaitingExchange<PooledConnection> {
  private readonly queue: WaiterQueue

  constructor(
    exchange: Exchange,
    queue: WaiterQueue,
    resolve: (connection: PooledConnection) => void,
    reject: (error: TrafficError) => void,
  ) {
    super(exchange, resolve, reject)
    this.queue = queue
  }

  protected override leaveLine(): void {
    this.queue.remove(this)
  }
}

/** First come, first served; linked, so that leaving from the middle costs the same as from the ends. */
export class WaiterQueue {
  size = 0
  private first: Waiter | undefined
  private last: Waiter | undefined

  push(waiter: Waiter): void {
    waiter.previous = this.last
    if (this.last === undefined) this.first = waiter
    else this.last.next = waiter
    this.last = waiter
    this.size++
  }

  /** Takes out the one that has waited longest. */
  shift(): Waiter | undefined {
    const waiter = this.first
    if (waiter !== undefined) this.remove(waiter)
    return waiter
  }

  /** Takes out the one that has waited longest of those that take a connection which was used before. */
  shiftReusing(): Waiter | undefined {
    let waiter = this.first
    while (waiter?.exchange.freshConnection) waiter = waiter.next
    if (waiter !== undefined) this.remove(waiter)
    return waiter
  }

  remove(waiter: Waiter): void {
    if (waiter.previous === undefined) this.first = waiter.next
    else waiter.previous.next = waiter.next
    if (waiter.next === undefined) this.last = waiter.previous
    else waiter.next.previous = waiter.previous
    waiter.previous = undefined
    waiter.next = undefined
    this.size--
  }
}

/** The exchange's own time ran out while it waited. */
export function deadlineExceeded(name: string): TrafficError {
  return waitError('deadline_exceeded', `the deadline passed while waiting for a connection to ${name}`)
}

export function shuttingDown(name: string): TrafficError {
  return waitError('shutting_down', `the connections to ${name} are being closed`)
}

/** What a pool allows, as far as its errors tell it. */
interface PoolLimits {
  readonly maxConnections: number
  readonly maxPending: number
  readonly pendingTimeout: number
}

export function queueFull(name: string, { maxConnections, maxPending }: PoolLimits): TrafficError {
  const message = `${name}: all ${maxConnections} connections are in use and ${maxPending} exchanges wait already; raise pool.maxConnections or pool.maxPending, or add endpoints`
  return waitError('pool_queue_full', message)
}

export function queueTimeout(name: string, { maxConnections, pendingTimeout }: PoolLimits): TrafficError {
  const message = `${name}: none of ${maxConnections} connections became free within ${pendingTimeout} ms; raise pool.maxConnections or pool.pendingTimeout, or add endpoints`
  return waitError('pool_queue_timeout', message)
}

/** A connection was opened, and is of no use: it is gone, or takes no exchange. */
export function takesNothing(name: string): TrafficError {
  const message = `${name}: a new connection takes no request, as it was closed at once, or its SETTINGS or GOAWAY say so (RFC 9113 5.1.2, 6.8); look at what the endpoint logs`
  return new TrafficError('connect_failed', message, { phase: 'connect', replaySafe: 'unsent' })
}

/** Nothing was sent yet. */
function waitError(code: ErrorCode, message: string): TrafficError {
  return new TrafficError(code, message, { phase: 'queue', replaySafe: 'unsent' })
}
