import type { Exchange } from '../message/exchange.ts'
import type { Clock } from '../time/clock.ts'
import { ConsistentHash, type HashOptions } from './balance-hash.ts'
import { LeastConnections } from './balance-least.ts'
import { PeakEwmaBalancer } from './balance-latency.ts'
import { WeightedRandom } from './balance-random.ts'
import { WeightedRoundRobin } from './balance-round-robin.ts'
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
   * @param avoid not this one, if there is another
   */
  pick(exchange: Exchange, avoid?: T): T | undefined
}

/** How an endpoint is chosen; `round-robin` unless told otherwise. */
export type BalanceMethod =
  | 'round-robin'
  | 'least-connections'
  | 'random'
  /** The cheaper of two random ones, by latency and load. */
  | 'peak-ewma'
  /** The same endpoint for the same key. */
  | 'consistent-hash'

/** Options of `makeBalancer`. */
export interface BalanceOptions {
  readonly method: BalanceMethod
  /** For `consistent-hash`. Default: the client's address, without a bound. */
  readonly hash?: HashOptions | undefined
}

export function makeBalancer<T extends Candidate>(
  { method, hash }: BalanceOptions,
  clock: Clock,
): Balancer<T> {
  switch (method) {
    case 'round-robin':
      return new WeightedRoundRobin<T>()
    case 'least-connections':
      return new LeastConnections<T>()
    case 'random':
      return new WeightedRandom<T>(clock)
    case 'peak-ewma':
      return new PeakEwmaBalancer<T>(clock)
    case 'consistent-hash':
      return new ConsistentHash<T>(hash ?? { key: { kind: 'client-ip' } }, clock)
  }
}
