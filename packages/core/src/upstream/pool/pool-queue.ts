import { type ErrorCode, TrafficError } from '../../message/errors.ts'
import type { Cancellable, Exchange } from '../../message/exchange.ts'
import type { Timer } from '../../time/timer.ts'
import type { PooledConnection } from './pool-entry.ts'

/** An exchange that waits for a connection. */
export class Waiter implements Cancellable {
  previous: Waiter | undefined
  next: Waiter | undefined
  readonly exchange: Exchange
  private readonly queue: WaiterQueue
  private readonly resolve: (connection: PooledConnection) => void
  private readonly reject: (error: TrafficError) => void
  private timer: Timer | undefined

  constructor(
    exchange: Exchange,
    queue: WaiterQueue,
    resolve: (connection: PooledConnection) => void,
    reject: (error: TrafficError) => void,
  ) {
    this.exchange = exchange
    this.queue = queue
    this.resolve = resolve
    this.reject = reject
    exchange.occupy(this)
  }

  /** Gives up after `delay` milliseconds with the error that `expired` makes then. */
  expireIn(delay: number, expired: () => TrafficError): void {
    this.timer = this.exchange.clock.timer(() => this.cancelled(expired()))
    this.timer.arm(delay)
  }

  /** Call after it left the queue. */
  serve(connection: PooledConnection): void {
    this.leave()
    this.resolve(connection)
  }

  /** Call after it left the queue. */
  fail(error: TrafficError): void {
    this.leave()
    this.reject(error)
  }

  cancelled(error: TrafficError): void {
    this.queue.remove(this)
    this.fail(error)
  }

  private leave(): void {
    this.timer?.disarm()
    this.exchange.release(this)
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

/** Nothing was sent yet. */
function waitError(code: ErrorCode, message: string): TrafficError {
  return new TrafficError(code, message, { phase: 'queue', replaySafe: 'unsent' })
}
