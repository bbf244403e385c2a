import { own } from '../../message/own-options.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { Clock } from '../../time/clock.ts'
import type { Balancer, Candidate } from './balancer.ts'
import { type HashKey, hashText, keyReader, mix } from './balance-key.ts'

/** Options of consistent hashing. */
export interface HashOptions {
  readonly key: HashKey
  /**
   * How many times the average load an endpoint may have before its keys go to their next best (Mirrokni and others,
   * "Consistent Hashing with Bounded Loads", 2018), above 1. Default: no bound.
   */
  readonly loadFactor?: number | undefined
}

/** So that the group of a key says nothing of its endpoint. */
const GROUP_SEED = 0x5bd1e995

/**
 * The same key goes to the same endpoint. By rendezvous hashing (Thaler and Ravishankar, 1998): each endpoint draws a
 * number for the key, and the best wins. Unlike a ring or Maglev's table it is exactly even and exactly minimal: when
 * an endpoint goes, its keys move and no other does; its only cost is one look at each endpoint, some 10 ns.
 * A request without the key goes to a random one.
 */
export class ConsistentHash<T extends Candidate> implements Balancer<T> {
  private readonly clock: Clock
  private readonly keyOf: (exchange: Exchange) => string | undefined
  private readonly loadFactor: number | undefined
  private candidates: readonly T[] = []
  private seeds: readonly number[] = []
  private totalWeight = 0
  /** All weights are the same: numbers can be compared as they are, without a logarithm. */
  private even = true

  /** @throws TypeError if `loadFactor` is not above 1 */
  constructor(options: HashOptions, clock: Clock) {
    const { key, loadFactor } = own(options)
    if (loadFactor !== undefined && !(loadFactor > 1)) {
      throw new TypeError(`loadFactor is ${loadFactor}: use a number above 1`)
    }
    this.keyOf = keyReader(key)
    this.loadFactor = loadFactor
    this.clock = clock
  }

  update(candidates: readonly T[]): void {
    this.candidates = candidates
    this.seeds = candidates.map(({ name }) => hashText(name))
    this.totalWeight = candidates.reduce((sum, { weight }) => sum + weight, 0)
    this.even = candidates.every(({ weight }) => weight === candidates[0]?.weight)
  }

  pick(exchange: Exchange, avoid?: readonly T[]): T | undefined {
    const { candidates, seeds, even } = this
    const hash = this.hashOf(exchange)
    const perWeight = this.loadFactor === undefined ? Infinity : this.boundPerWeight(this.loadFactor)
    let best: T | undefined
    let bestScore = -Infinity
    let overloaded: T | undefined
    for (let index = 0; index < candidates.length; index++) {
      const candidate = candidates[index] as T // within the list
      if (avoid?.includes(candidate)) continue
      const drawn = mix(hash ^ (seeds[index] as number)) // one for each
      // Drawn from (0, 1], to the power of 1 / weight: the odds of winning are as the weights.
      const score = even ? drawn : Math.log((drawn + 1) / 2 ** 32) / candidate.weight
      if (perWeight !== Infinity && candidate.load >= Math.ceil(perWeight * candidate.weight)) {
        overloaded ??= candidate
      } else if (score > bestScore) {
        best = candidate
        bestScore = score
      }
    }
    return best ?? overloaded
  }

  /** The same key, the same group: as the group's share grows, keys move in one direction only. */
  draw(exchange: Exchange): number {
    return mix(this.hashOf(exchange) ^ GROUP_SEED) / 2 ** 32
  }

  private hashOf(exchange: Exchange): number {
    const key = this.keyOf(exchange)
    return key === undefined ? Math.floor(this.clock.random() * 2 ** 32) : hashText(key)
  }

  /** With this exchange, what each may have for a weight of 1. */
  private boundPerWeight(loadFactor: number): number {
    let load = 1
    for (const candidate of this.candidates) load += candidate.load
    return (loadFactor * load) / this.totalWeight
  }
}
