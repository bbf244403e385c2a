/** How full the store of a rate limit is. */
export interface LimitFill {
  /** Keys that it holds. */
  readonly keys: number
  readonly capacity: number
}

/** What a key has left of a rate limit. */
export interface LimitUsage {
  /** Requests at once, at most. */
  readonly limit: number
  readonly remaining: number
  /** Milliseconds until all of them are there again. */
  readonly reset: number
}
