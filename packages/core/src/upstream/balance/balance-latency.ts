import type { Exchange } from '../../message/exchange.ts'
import type { Clock } from '../../time/clock.ts'
import type { Balancer, Candidate } from './balancer.ts'

/** What one that was never measured costs while it is at work, in milliseconds: it gets one exchange to show itself, not a flood. */
const UNKNOWN = 1_000

/**
 * Of two random ones the cheaper: its latency (peak EWMA) times the exchanges it would have, for its weight. Two
 * are enough to avoid the slow ones, and herds do not form (Mitzenmacher, "The Power of Two Choices", 2001).
 */
export class PeakEwmaBalancer<T extends Candidate> implements Balancer<T> {
  private readonly clock: Clock
  private candidates: readonly T[] = []

  constructor(clock: Clock) {
    this.clock = clock
  }

  update(candidates: readonly T[]): void {
    this.candidates = candidates
  }

  pick(_exchange: Exchange, avoid?: readonly T[]): T | undefined {
    const { clock } = this
    const candidates =
      avoid === undefined ? this.candidates : this.candidates.filter((each) => !avoid.includes(each))
    const count = candidates.length
    if (count <= 1) return candidates[0]
    const first = Math.floor(clock.random() * count)
    let second = Math.floor(clock.random() * (count - 1))
    if (second >= first) second++
    const now = clock.now()
    const one = candidates[first] as T // both are below the length
    const other = candidates[second] as T
    return costOf(other, now) < costOf(one, now) ? other : one
  }
}

function costOf(candidate: Candidate, now: number): number {
  const { load, share } = candidate
  const latency = candidate.latency.at(now)
  if (latency === 0) return load === 0 ? 0 : (UNKNOWN * (load + 1)) / share
  return (latency * (load + 1)) / share
}
