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
    this.total = candidates.reduce((sum, { share }) => sum + share, 0)
  }

  pick(_exchange: Exchange, avoid?: T): T | undefined {
    const { candidates } = this
    const spare =
      avoid !== undefined && candidates.length > 1 && candidates.includes(avoid) ? avoid : undefined
    let left = this.clock.random() * (this.total - (spare?.share ?? 0))
    let last: T | undefined
    for (const candidate of candidates) {
      if (candidate === spare && spare !== undefined) continue
      last = candidate
      left -= candidate.share
      if (left < 0) break
    }
    return last
  }
}
