/** Milliseconds in which what was measured loses weight to 1/e. */
const DECAY = 10_000

/**
 * What responses take, in milliseconds: a moving average that decays with time, and jumps to a worse value at once,
 * as Finagle and Linkerd have it. With no measurement for long it nears 0, so that an endpoint that was slow
 * is tried again.
 */
export class PeakEwma {
  private value = 0
  private measuredAt = 0

  observe(latency: number, now: number): void {
    const decayed = this.at(now)
    this.value =
      latency >= decayed ? latency : latency + (decayed - latency) * Math.exp((this.measuredAt - now) / DECAY)
    this.measuredAt = now
  }

  /** The average at a moment; 0 before the first measurement. */
  at(now: number): number {
    if (this.value === 0 || now <= this.measuredAt) return this.value
    return this.value * Math.exp((this.measuredAt - now) / DECAY)
  }
}
