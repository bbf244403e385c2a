/** What a rate limit has decided since the start. */
export interface RateLimitTotals {
  readonly allowed: number
  readonly limited: number
}
