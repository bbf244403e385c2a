import type { Timer } from '../time/timer.ts'
import type { TrafficError } from './errors.ts'
import type { Cancellable, Exchange } from './exchange.ts'

/** An exchange that stands in a line until it is served, has waited for too long, or is given up. */
export abstract class WaitingExchange<Served> implements Cancellable {
  previous: this | undefined
  next: this | undefined
  readonly exchange: Exchange
  private readonly resolve: (served: Served) => void
  private readonly reject: (error: TrafficError) => void
  private timer: Timer | undefined

  constructor(exchange: Exchange, resolve: (served: Served) => void, reject: (error: TrafficError) => void) {
    this.exchange = exchange
    this.resolve = resolve
    this.reject = reject
    exchange.occupy(this)
  }

  /** Gives up after `delay` milliseconds with the error that `expired` makes then. */
  expireIn(delay: number, expired: () => TrafficError): void {
    this.timer = this.exchange.clock.timer(() => this.cancelled(expired()))
    this.timer.arm(delay)
  }

  /** Call after it left the line. */
  serve(served: Served): void {
    this.settle()
    this.resolve(served)
  }

  /** Call after it left the line. */
  fail(error: TrafficError): void {
    this.settle()
    this.reject(error)
  }

  cancelled(error: TrafficError): void {
    this.leaveLine()
    this.fail(error)
  }

  protected abstract leaveLine(): void

  private settle(): void {
    this.timer?.disarm()
    this.exchange.release(this)
  }
}
