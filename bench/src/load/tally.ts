/** What has happened so far in a job. */
export class Tally {
  requests = 0
  bytes = 0
  readonly failures: Record<string, number> = {}

  /** Counts a completed exchange with so many body bytes. */
  complete(bytes: number): void {
    this.requests++
    this.bytes += bytes
  }

  /** Counts a failure under its name. */
  fail(what: string): void {
    this.failures[what] = (this.failures[what] ?? 0) + 1
  }
}
