/** Bounds grow by an eighth: no percentile is off by more. */
const GROWTH = 1.125
/** Milliseconds: the upper bound of the first bucket. */
const FIRST = 0.5
/** Up to about five minutes. */
const BUCKETS = 116
/** Half is forgotten after so many: what was true some thousand calls ago says little. */
const MEMORY = 1_000
/** How often the percentile is worked out anew, in calls. */
const REFRESH = 16

const LOG_GROWTH = Math.log(GROWTH)

/** A percentile of latencies as they come, out of a histogram that forgets. Recording allocates nothing. */
export class LatencyEstimate {
  private readonly percentile: number
  private readonly minimum: number
  private readonly counts: Float64Array = new Float64Array(BUCKETS)
  private total = 0
  private sinceRefresh = 0
  private estimate: number | undefined

  /**
   * @param percentile between 0 and 1
   * @param minimum calls before there is an estimate
   */
  constructor(percentile: number, minimum: number) {
    this.percentile = percentile
    this.minimum = minimum
  }

  /** @param latency in milliseconds */
  record(latency: number): void {
    const bucket = Math.ceil(Math.log(Math.max(latency, FIRST) / FIRST) / LOG_GROWTH)
    const at = Math.min(BUCKETS - 1, bucket)
    this.counts[at] = (this.counts[at] ?? 0) + 1
    this.total++
    if (this.total >= MEMORY) this.forgetHalf()
    if (++this.sinceRefresh >= REFRESH || this.total === this.minimum) this.refresh()
  }

  /** Milliseconds; undefined while too little is known. */
  get value(): number | undefined {
    return this.total < this.minimum ? undefined : this.estimate
  }

  private refresh(): void {
    this.sinceRefresh = 0
    const wanted = this.total * this.percentile
    let seen = 0
    let bucket = 0
    for (; bucket < BUCKETS - 1; bucket++) {
      seen += this.counts[bucket] ?? 0
      if (seen >= wanted) break
    }
    this.estimate = FIRST * GROWTH ** bucket
  }

  private forgetHalf(): void {
    this.total = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const half = (this.counts[bucket] ?? 0) / 2
      this.counts[bucket] = half
      this.total += half
    }
  }
}
