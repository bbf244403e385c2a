/**
 * How a claim has ended, for those who waited: `stored` (look it up), `failed` (the origin did not answer, or failed), `unkept`
 * (the response goes to who asked, and is not stored), `unshared` (it was not for all), `gone` (nothing is known: who had it gave up, or
 * has died).
 */
export type ClaimEnd = 'stored' | 'failed' | 'unkept' | 'unshared' | 'gone'

/** How a claim stands: asked for, its head has come, or an end. */
export type ClaimState = 'asked' | 'arriving' | ClaimEnd

/** The right to ask the origin, of who has it. */
export interface OwnClaim {
  readonly whose: 'ours'
  /** The response has begun to come. @param now wall time */
  arriving(now: number): void
  /** It counts once. @param now wall time */
  end(how: ClaimEnd, now: number): void
}

/** Another one has the origin asked. */
export interface OtherClaim {
  readonly whose: 'other'
  /** How it stands, and since when, by wall time. */
  look(now: number): { readonly state: ClaimState; readonly since: number }
  /** Resolves when it stands otherwise than at the last look, and at the latest after a minute. */
  changed(): Promise<unknown>
}

/** What was found out a moment ago, so that nobody need wait for it again; `gone` where it cannot be told now, and may be in a moment. */
export interface KnownEnd {
  readonly whose: 'nobody'
  readonly end: 'stored' | 'unkept' | 'unshared' | 'gone'
}

export type Claim = OwnClaim | OtherClaim | KnownEnd

/**
 * Whose turn it is to ask the origin, among threads that share a store and know nothing else of each other. A store may do
 * without: then each thread asks.
 */
export interface FetchClaims {
  /**
   * @param name of what is asked for
   * @param now wall time
   * @param memory for how long it holds that a response was not for all, or not kept, in milliseconds
   * @param looked it was looked up after what was known to be stored had been stored
   * @returns undefined if there is no room: ask without
   */
  claim(name: string, now: number, memory: number, looked: boolean): Claim | undefined
}
