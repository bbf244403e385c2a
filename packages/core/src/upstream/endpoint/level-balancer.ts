import type { Exchange } from '../../message/exchange.ts'
import type { Clock } from '../../time/clock.ts'
import type { Balancer, Candidate } from '../balance/balancer.ts'
import type { Level } from './choose.ts'

/** What is counted of an endpoint as it is picked. */
interface Counted {
  panics: number
  spills: number
}

interface BalancedLevel<T extends Candidate> extends Level<T> {
  readonly balancer: Balancer<T>
}

/** Chooses a level by its share, and an endpoint among those of the level. With one level, as is usual, that costs nothing. */
export class LevelBalancer<T extends Candidate & Counted> {
  private readonly makeBalancer: () => Balancer<T>
  private readonly clock: Clock
  /** By level: they remember whose turn it is, also while their level has no endpoint. */
  private readonly balancers = new Map<string, Balancer<T>>()
  private levels: readonly BalancedLevel<T>[] = []
  /** The one that gets all exchanges, if there is one. */
  private whole: BalancedLevel<T> | undefined

  constructor(makeBalancer: () => Balancer<T>, clock: Clock) {
    this.makeBalancer = makeBalancer
    this.clock = clock
  }

  /** From now on. Not called for each exchange. */
  update(levels: readonly Level<T>[]): void {
    this.levels = levels.map((level) => ({ ...level, balancer: this.balancerOf(level) }))
    for (const { balancer, endpoints } of this.levels) balancer.update(endpoints)
    this.whole = this.levels.find(({ share }) => share === 1)
  }

  /**
   * The endpoint to ask next.
   * @param avoid none of these: where a level has no other, the next one is looked at, also one that only stands by
   * @returns undefined if there is none
   */
  pick(exchange: Exchange, avoid?: readonly T[]): T | undefined {
    const level = this.whole ?? this.drawn(exchange)
    if (level === undefined) return undefined
    if (avoid !== undefined) return this.pickOther(exchange, level, avoid)
    const picked = level.balancer.pick(exchange)
    return picked && counted(picked, level)
  }

  /** For a further try. Two endpoints of a level that failed are a sign that it is all of the level: then it comes last. */
  private pickOther(exchange: Exchange, level: BalancedLevel<T>, avoid: readonly T[]): T | undefined {
    const others = this.levels.filter((each) => each !== level)
    const failed = avoid.filter((each) => level.endpoints.includes(each)).length
    for (const each of failed < 2 ? [level, ...others] : [...others, level]) {
      const picked = each.balancer.pick(exchange, avoid)
      if (picked !== undefined) return counted(picked, each)
    }
    return undefined
  }

  private drawn(exchange: Exchange): BalancedLevel<T> | undefined {
    const { levels, clock } = this
    let left = levels[0]?.balancer.draw?.(exchange) ?? clock.random()
    let last: BalancedLevel<T> | undefined
    for (const level of levels) {
      if (level.share === 0) continue
      last = level
      left -= level.share
      if (left < 0) break
    }
    return last
  }

  private balancerOf({ priority, local }: Level<T>): Balancer<T> {
    const key = `${priority} ${local}`
    let balancer = this.balancers.get(key)
    if (balancer === undefined) {
      balancer = this.makeBalancer()
      this.balancers.set(key, balancer)
    }
    return balancer
  }
}

function counted<T extends Counted>(picked: T, { panic, rank }: Level<T>): T {
  if (panic) picked.panics++
  if (rank > 0) picked.spills++
  return picked
}
