import { own } from '../../message/own-options.ts'
import type { Clock } from '../../time/clock.ts'
import { ConsistentHash, type HashOptions } from './balance-hash.ts'
import { LeastConnections } from './balance-least.ts'
import { PeakEwmaBalancer } from './balance-latency.ts'
import { WeightedRandom } from './balance-random.ts'
import { WeightedRoundRobin } from './balance-round-robin.ts'
import type { Balancer, Candidate } from './balancer.ts'

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

export function makeBalancer<T extends Candidate>(options: BalanceOptions, clock: Clock): Balancer<T> {
  const { method, hash } = own(options)
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
