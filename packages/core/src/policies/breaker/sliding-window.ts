import { own } from '../../message/own-options.ts'
/** How much time the outcomes span that a decision goes by. */
export interface WindowOptions {
  /** Milliseconds. */
  readonly length: number
  /** How many steps it moves on in: more forget more evenly. */
  readonly buckets: number
}

/** Counts calls, failures and slow calls over the last `length` milliseconds, in buckets of time; recording allocates nothing. */
export class SlidingWindow {
  total = 0
  failures = 0
  slow = 0
  private readonly bucketLength: number
  private readonly buckets: number
  /** Of each bucket: total, failures, slow. */
  private readonly counts: Uint32Array
  private current = Number.NEGATIVE_INFINITY

  constructor(given: WindowOptions) {
    const options = own(given)
    this.buckets = options.buckets
    this.bucketLength = options.length / options.buckets
    this.counts = new Uint32Array(options.buckets * 3)
  }

  record(now: number, failed: boolean, slow: boolean): void {
    this.roll(now)
    const at = (this.current % this.buckets) * 3
    const { counts } = this
    counts[at] = (counts[at] ?? 0) + 1
    this.total++
    if (failed) {
      counts[at + 1] = (counts[at + 1] ?? 0) + 1
      this.failures++
    }
    if (slow) {
      counts[at + 2] = (counts[at + 2] ?? 0) + 1
      this.slow++
    }
  }

  /** Forgets what is older than the window. */
  roll(now: number): void {
    const bucket = Math.floor(now / this.bucketLength)
    if (bucket <= this.current) return
    if (bucket - this.current >= this.buckets) this.clear()
    else for (let each = this.current + 1; each <= bucket; each++) this.forget((each % this.buckets) * 3)
    this.current = bucket
  }

  clear(): void {
    this.counts.fill(0)
    this.total = 0
    this.failures = 0
    this.slow = 0
  }

  private forget(at: number): void {
    const { counts } = this
    this.total -= counts[at] ?? 0
    this.failures -= counts[at + 1] ?? 0
    this.slow -= counts[at + 2] ?? 0
    counts.fill(0, at, at + 3)
  }
}
