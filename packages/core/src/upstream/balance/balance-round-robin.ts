import type { Exchange } from '../../message/exchange.ts'
import type { Balancer, Candidate } from './balancer.ts'

/** What a candidate has saved up. */
export interface Turn<T> {
  readonly item: T
  share: number
  credit: number
}

/**
 * Smooth weighted round robin, as nginx does it: in as many picks as the weights add up to, each item is picked
 * exactly as often as its weight says, and never in a bunch (5:1:1 gives a a b a c a a).
 */
export class WeightedRoundRobin<T extends Candidate> implements Balancer<T> {
  private turns: readonly Turn<T>[] = []
  private single: T | undefined

  /** Those that stay keep their place in the round: else an endpoint that flaps would have all rounds start anew. */
  update(candidates: readonly T[]): void {
    this.turns = keptTurns(this.turns, candidates)
    this.single = candidates.length === 1 ? candidates[0] : undefined
  }

  pick(_exchange: Exchange, avoid?: readonly T[]): T | undefined {
    if (this.single !== undefined && avoid === undefined) return this.single
    let best: Turn<T> | undefined
    let total = 0
    for (const turn of this.turns) {
      // One that is avoided neither gains nor pays: its share of the picks to come stays what it was.
      if (avoid?.includes(turn.item)) continue
      turn.credit += turn.share
      total += turn.share
      if (best === undefined || turn.credit > best.credit) best = turn
    }
    if (best === undefined) return undefined
    best.credit -= total
    return best.item
  }
}

/** A turn for each candidate: its own from before, with its credit, if it had one. */
export function keptTurns<T extends Candidate>(
  turns: readonly Turn<T>[],
  candidates: readonly T[],
): readonly Turn<T>[] {
  const before = new Map(turns.map((turn) => [turn.item, turn]))
  return candidates.map((item) => {
    const { share } = item
    const turn = before.get(item)
    if (turn === undefined) return { item, share, credit: 0 }
    turn.share = share
    return turn
  })
}
