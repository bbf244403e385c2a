import { Instrument } from './counters.ts'

/**
 * Upper bounds of buckets for durations, in seconds. OpenTelemetry's advice for `http.server.request.duration`
 * (5 ms to 10 s), carried on at both ends: a proxy answers in less than a millisecond and waits a minute.
 */
export const DURATION_BOUNDS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60,
]

/** How often a value fell into each bucket, and the sum of all values. */
export class Histogram extends Instrument {
  private readonly bounds: readonly number[]

  constructor(slots: Float64Array | undefined, index: number, bounds: readonly number[]) {
    super(slots, index)
    this.bounds = bounds
  }

  /** Counts one value: a bucket takes what is not above its bound. What is no number or negative counts as 0. */
  record(value: number): void {
    const measured = value > 0 ? value : 0
    const { bounds, slots, index } = this
    // From the low end, since most values are small: a bisection of so few bounds is no faster.
    let bucket = 0
    while (bucket < bounds.length && measured > (bounds[bucket] as number)) bucket++ // within the array
    const at = index + bucket
    const sum = index + bounds.length + 1
    slots[at] = (slots[at] ?? 0) + 1
    slots[sum] = (slots[sum] ?? 0) + measured
  }
}

/** Slots of one histogram: a bucket for each bound, one for what is above all of them, and the sum. */
export function histogramSlots(bounds: readonly number[]): number {
  return bounds.length + 2
}
