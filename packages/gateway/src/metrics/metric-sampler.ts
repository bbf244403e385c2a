import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Clock, Histogram, Timer } from '@headgate/core'

/** How often, in milliseconds. */
const INTERVAL = 1_000
/** How often the event loop is probed, in milliseconds. */
const RESOLUTION = 10

/** What a worker measures now and then rather than with each exchange: its pools and guards, and its event loop. */
export class MetricSampler {
  private readonly source: { sample(): void }
  private readonly delay: Histogram
  private readonly timer: Timer
  private readonly eventLoop = monitorEventLoopDelay({ resolution: RESOLUTION })

  /**
   * @param source what is asked each time
   * @param delay of the event loop
   */
  constructor(source: { sample(): void }, delay: Histogram, clock: Clock) {
    this.source = source
    this.delay = delay
    this.timer = clock.timer(() => {
      this.sample()
      this.timer.arm(INTERVAL)
    })
  }

  start(): void {
    this.eventLoop.enable()
    this.timer.arm(INTERVAL)
  }

  stop(): void {
    this.timer.disarm()
    this.sample()
    this.eventLoop.disable()
  }

  private sample(): void {
    this.source.sample()
    // Node measures from probe to probe, in nanoseconds: what exceeds the interval is the delay.
    if (this.eventLoop.count > 0) this.delay.record(this.eventLoop.max / 1e9 - RESOLUTION / 1000)
    this.eventLoop.reset()
  }
}
