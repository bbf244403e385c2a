import type { Exchange } from '@headgate/core'
import { closedError } from './origins.ts'

/** The calls of one client that have begun and not ended. */
export class CallsUnderWay {
  private readonly exchanges = new Set<Exchange>()
  private waiting: (() => void)[] = []

  add(exchange: Exchange): void {
    this.exchanges.add(exchange)
  }

  remove(exchange: Exchange): void {
    this.exchanges.delete(exchange)
    if (this.exchanges.size === 0) for (const tell of this.waiting.splice(0)) tell()
  }

  /** Resolves when the last one has ended. */
  ended(): Promise<void> {
    if (this.exchanges.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  /** Ends those that are left, with `shutting_down`. */
  cut(): void {
    for (const exchange of this.exchanges) exchange.cancel(closedError())
  }
}
