import { DURATION_BOUNDS, Histogram } from '@headgate/core'

/** Seconds over which bandwidth is told. */
const SECONDS = 10

/** What is counted of the requests to one domain. */
export class DomainCounts {
  submitted = 0
  responses = 0
  failures = 0
  cancelled = 0
  /** Further tries of the client's. */
  retries = 0
  rateLimited = 0
  /** Bytes of content that were applied. */
  bytesReceived = 0
  private readonly slots = new Float64Array(DURATION_BOUNDS.length + 2)
  private readonly histogram = new Histogram(this.slots, 0, DURATION_BOUNDS)
  /** Bytes of each of the last seconds, and of which second each is. */
  private readonly recent = new Float64Array(SECONDS)
  private readonly seconds = new Float64Array(SECONDS).fill(-1)

  /** @param milliseconds from the start to the end of the response */
  took(milliseconds: number): void {
    this.histogram.record(milliseconds / 1_000)
  }

  /** @param now world time */
  received(bytes: number, now: number): void {
    this.bytesReceived += bytes
    const second = Math.floor(now / 1_000)
    const at = second % SECONDS
    if (this.seconds[at] !== second) {
      this.seconds[at] = second
      this.recent[at] = 0
    }
    this.recent[at] = (this.recent[at] ?? 0) + bytes
  }

  /** Bytes a second, over the last ten. */
  bandwidth(now: number): number {
    const oldest = Math.floor(now / 1_000) - SECONDS
    let bytes = 0
    for (const [at, second] of this.seconds.entries()) if (second > oldest) bytes += this.recent[at] ?? 0
    return bytes / SECONDS
  }

  /** How many took no longer than each bound, in seconds, cumulated as in Prometheus. */
  get latency(): Latency {
    let count = 0
    const buckets = DURATION_BOUNDS.map((bound, index) => {
      count += this.slots[index] ?? 0
      return { bound, count }
    })
    const above = this.slots[DURATION_BOUNDS.length] ?? 0
    return { count: count + above, sum: this.slots[DURATION_BOUNDS.length + 1] ?? 0, buckets }
  }
}

/** How long responses took, in seconds. */
export interface Latency {
  readonly count: number
  readonly sum: number
  readonly buckets: readonly { readonly bound: number; readonly count: number }[]
}
