import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Load } from '@headgate/core'

/** How often the event loop is probed, in milliseconds. */
const RESOLUTION = 10

/** Measures what this thread has to do, from one look to the next. */
export class LoadMonitor {
  private readonly eventLoop = monitorEventLoopDelay({ resolution: RESOLUTION })

  start(): void {
    this.eventLoop.enable()
  }

  stop(): void {
    this.eventLoop.disable()
  }

  readonly measure = (): Load => {
    // From probe to probe, in nanoseconds: what exceeds the interval is the delay.
    const mean = this.eventLoop.count === 0 ? 0 : this.eventLoop.mean / 1e6 - RESOLUTION
    this.eventLoop.reset()
    return { eventLoopDelay: Math.max(0, mean), memory: process.memoryUsage.rss() }
  }
}
