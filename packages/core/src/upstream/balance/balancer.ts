import type { Exchange } from '../../message/exchange.ts'
import type { PeakEwma } from './peak-ewma.ts'

/** What a balancer knows of an endpoint. */
export interface Candidate {
  readonly name: string
  /** Its share of the exchanges, above 0. */
  readonly weight: number
  /** Its share at this moment: less than its weight while it starts slowly. */
  readonly share: number
  /** Exchanges that it is at, or that wait for it. */
  readonly load: number
  /** What its responses took. */
  readonly latency: PeakEwma
}

/** Chooses among the endpoints of an upstream. */
export interface Balancer<T extends Candidate> {
  /** These are the ones to choose from, from now on, or their weights have changed. Not called for each exchange. */
  update(candidates: readonly T[]): void
  /**
   * The one to ask next; undefined if there is none.
   * @param avoid none of these; only given for a further try, which may cost more
   */
  pick(exchange: Exchange, avoid?: readonly T[]): T | undefined
  /**
   * A number from 0 to 1 by which a group is chosen where there are several: for those whose choice must not be left to
   * chance.
   */
  draw?(exchange: Exchange): number
}
