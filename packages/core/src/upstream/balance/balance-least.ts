import type { Exchange } from '../../message/exchange.ts'
import type { Balancer, Candidate } from './balancer.ts'
import { keptTurns, type Turn } from './balance-round-robin.ts'

/**
 * The one with the fewest exchanges for its weight. Where several have equally few, as all do when there is little
 * to do, they take turns by weight: else the first in the list would get everything.
 */
export class LeastConnections<T extends Candidate> implements Balancer<T> {
  private turns: readonly Turn<T>[] = []

  update(candidates: readonly T[]): void {
    this.turns = keptTurns(this.turns, candidates)
  }

  pick(_exchange: Exchange, avoid?: readonly T[]): T | undefined {
    const { turns } = this
    let least = Infinity
    for (const { item, share } of turns) {
      if (avoid?.includes(item)) continue
      const load = item.load / share
      if (load < least) least = load
    }
    let best: Turn<T> | undefined
    let total = 0
    for (const turn of turns) {
      const { item, share } = turn
      if (item.load / share !== least || avoid?.includes(item)) continue
      turn.credit += share
      total += share
      if (best === undefined || turn.credit > best.credit) best = turn
    }
    if (best === undefined) return undefined
    best.credit -= total
    return best.item
  }
}
