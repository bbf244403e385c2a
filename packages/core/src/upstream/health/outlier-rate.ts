/** How one endpoint did in an interval. */
export interface Tally {
  readonly successes: number
  readonly failures: number
}

/** When success rates are compared. */
export interface SuccessRateOptions {
  /** Exchanges that an endpoint must have had in the interval to be judged. Default 100. */
  readonly requests?: number | undefined
  /** How many such endpoints there must be: among few, no rate is an exception. Default 5. */
  readonly endpoints?: number | undefined
  /** How many standard deviations below the mean a rate may lie. Default 1.9. */
  readonly deviations?: number | undefined
}

/** How far below the mean an outlier is at least: where all do well, the smallest difference is many deviations. */
const LEAST_GAP = 0.05

/**
 * The rate of successes below which an endpoint is an outlier, as Envoy has it: the mean of all less some standard
 * deviations. Undefined if too little is known. That one of n endpoints can be an outlier at all takes
 * deviations below the root of n - 1: hence 5 endpoints for 1.9.
 */
export function successRateLimit(
  tallies: readonly Tally[],
  { requests = 100, endpoints = 5, deviations = 1.9 }: SuccessRateOptions,
): number | undefined {
  const rates = tallies.filter((tally) => volume(tally) >= Math.max(requests, 1)).map(successRate)
  if (rates.length < endpoints || rates.length === 0) return undefined
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length
  const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length
  return mean - Math.max(deviations * Math.sqrt(variance), LEAST_GAP)
}

/** Whether it is to be judged, and lies below the limit. */
export function isOutlier(tally: Tally, limit: number, { requests = 100 }: SuccessRateOptions): boolean {
  return volume(tally) >= Math.max(requests, 1) && successRate(tally) < limit
}

function volume({ successes, failures }: Tally): number {
  return successes + failures
}

function successRate(tally: Tally): number {
  return tally.successes / volume(tally)
}
