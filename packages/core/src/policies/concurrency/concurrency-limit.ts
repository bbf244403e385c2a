/** How many exchanges may be under way at the same time; learns from those that were. */
export interface ConcurrencyLimit {
  /** Counted down to a whole number, and at least 1. */
  readonly limit: number
  /**
   * An exchange got its response's head, or failed.
   * @param rtt milliseconds from going to the head
   * @param inflight how many were under way when it went, itself included
   * @param dropped whether it failed as it would under too much load
   */
  record(rtt: number, inflight: number, dropped: boolean): void
}

/** Always the same. */
export class FixedLimit implements ConcurrencyLimit {
  readonly limit: number

  /** @throws TypeError if it is not a whole number above 0 */
  constructor(limit: number) {
    if (!Number.isInteger(limit) || limit < 1)
      throw new TypeError(`limit of the concurrency is ${limit}: use a whole number above 0`)
    this.limit = limit
  }

  record(): void {}
}
