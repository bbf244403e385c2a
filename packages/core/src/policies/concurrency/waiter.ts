import type { TrafficError } from '../../message/errors.ts'
import type { Exchange } from '../../message/exchange.ts'
import { WaitingExchange } from '../../message/waiting-exchange.ts'
import type { Waiting, WaitingLine } from './waiting-line.ts'

/** An exchange in a line with classes. */
export class Waiter extends WaitingExchange<void> implements Waiting {
  readonly since: number
  readonly priority: number
  private readonly line: WaitingLine<Waiter>

  constructor(
    exchange: Exchange,
    line: WaitingLine<Waiter>,
    priority: number,
    since: number,
    resolve: () => void,
    reject: (error: TrafficError) => void,
  ) {
    super(exchange, resolve, reject)
    this.line = line
    this.priority = priority
    this.since = since
  }

  protected override leaveLine(): void {
    this.line.remove(this)
  }
}
