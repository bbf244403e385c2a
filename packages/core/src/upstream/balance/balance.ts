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

/** A way to choose, in one line. */
interface Method {
  make<T extends Candidate>(clock: Clock, hash: HashOptions | undefined): Balancer<T>
  /** Whether it goes by latencies, which are not measured for others. */
  readonly byLatency?: true
}

const METHODS: Readonly<Record<BalanceMethod, Method>> = {
  'round-robin': { make: () => new WeightedRoundRobin() },
  'least-connections': { make: () => new LeastConnections() },
  random: { make: (clock) => new WeightedRandom(clock) },
  'peak-ewma': { make: (clock) => new PeakEwmaBalancer(clock), byLatency: true },
  'consistent-hash': {
    make: (clock, hash = { key: { kind: 'client-ip' } }) => new ConsistentHash(hash, clock),
  },
}

export function makeBalancer<T extends Candidate>(options: BalanceOptions, clock: Clock): Balancer<T> {
  const { method, hash } = own(options)
  return METHODS[method].make(clock, hash)
}

/** Whether latencies are to be measured for it. */
export function goesByLatency(options: BalanceOptions | undefined): boolean {
  return options !== undefined && METHODS[own(options).method].byLatency === true
}
