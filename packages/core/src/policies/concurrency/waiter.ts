import type { TrafficError } from '../../message/errors.ts'
import type { Cancellable, Exchange } from '../../message/exchange.ts'
import type { Timer } from '../../time/timer.ts'
import type { Waiting, WaitingLine } from './waiting-line.ts'

/** An exchange in the line. */
export class Waiter implements Waiting, Cancellable {
  previous: this | undefined
  next: this | undefined
  readonly since: number
  readonly priority: number
  private readonly exchange: Exchange
  private readonly line: WaitingLine<Waiter>
  private readonly resolve: () => void
  private readonly reject: (error: TrafficError) => void
  private timer: Timer | undefined

  constructor(
    exchange: Exchange,
    line: WaitingLine<Waiter>,
    priority: number,
    since: number,
    resolve: () => void,
    reject: (error: TrafficError) => void,
  ) {
    this.exchange = exchange
    this.line = line
    this.priority = priority
    this.since = since
    this.resolve = resolve
    this.reject = reject
    exchange.occupy(this)
  }

  expireIn(delay: number, expired: () => TrafficError): void {
    this.timer = this.exchange.clock.timer(() => this.cancelled(expired()))
    this.timer.arm(delay)
  }

  /** Call after it left the line. */
  serve(): void {
    this.left()
    this.resolve()
  }

  /** Call after it left the line. */
  fail(error: TrafficError): void {
    this.left()
    this.reject(error)
  }

  cancelled(error: TrafficError): void {
    this.line.remove(this)
    this.fail(error)
  }

  private left(): void {
    this.timer?.disarm()
    this.exchange.release(this)
  }
}
