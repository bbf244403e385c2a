import type { ResilienceMetrics } from './metrics.ts'

/** How a concurrency limit of this thread is. */
export interface LimiterReport {
  /** Exchanges that may be under way at the same time; an adaptive one moves. */
  readonly limit: number
  readonly active: number
  readonly queued: number
}

/** By their names: `upstream orders`, `route checkout`. */
export function limiterReports({ currentLimiters }: ResilienceMetrics): Map<string, LimiterReport> {
  return new Map(
    Array.from(currentLimiters, ([name, { limit, inflight, queued }]) => [
      name,
      { limit: Math.max(1, Math.floor(limit.limit)), active: inflight, queued },
    ]),
  )
}
