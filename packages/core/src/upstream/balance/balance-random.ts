import type { Exchange } from '../../message/exchange.ts'
import type { Clock } from '../../time/clock.ts'
import type { Balancer, Candidate } from './balancer.ts'

/** By lot, each as likely as its weight says: even without memory, so that many gateways do not fall into step. */
export class WeightedRandom<T extends Candidate> implements Balancer<T> {
  private readonly clock: Clock
  private candidates: readonly T[] = []
  private total = 0

  constructor(clock: Clock) {
    this.clock = clock
  }

  update(candidates: readonly T[]): void {
    this.candidates = candidates
    this.total = totalShare(candidates)
  }

  pick(_exchange: Exchange, avoid?: readonly T[]): T | undefined {
    if (avoid === undefined) return this.drawn(this.candidates, this.total)
    const others = this.candidates.filter((candidate) => !avoid.includes(candidate))
    return this.drawn(others, totalShare(others))
  }

  private drawn(candidates: readonly T[], total: number): T | undefined {
    let left = this.clock.random() * total
    let last: T | undefined
    for (const candidate of candidates) {
      last = candidate
      left -= candidate.share
      if (left < 0) break
    }
    return last
  }
}

function totalShare(candidates: readonly Candidate[]): number {
  return candidates.reduce((sum, { share }) => sum + share, 0)
}
