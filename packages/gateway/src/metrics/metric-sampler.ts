import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Clock, Timer, Upstream } from '@headgate/core'
import type { GatewayMetrics } from './metrics.ts'

/** How often, in milliseconds. */
const INTERVAL = 1_000
/** How often the event loop is probed, in milliseconds. */
const RESOLUTION = 10

type MeasuredUpstream = Pick<Upstream, 'name' | 'stats'>

/** What a worker measures now and then rather than with each exchange: its pools, and its event loop. */
export class MetricSampler {
  private readonly metrics: GatewayMetrics
  private readonly upstreams: Iterable<MeasuredUpstream>
  private readonly timer: Timer
  private readonly eventLoop = monitorEventLoopDelay({ resolution: RESOLUTION })

  /** @param upstreams gone through anew each time */
  constructor(metrics: GatewayMetrics, upstreams: Iterable<MeasuredUpstream>, clock: Clock) {
    this.metrics = metrics
    this.upstreams = upstreams
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
    for (const each of this.upstreams) this.metrics.recordUpstream(each.name, each.stats(), each)
    this.metrics.resilience.sample()
    // Node measures from probe to probe, in nanoseconds: what exceeds the interval is the delay.
    if (this.eventLoop.count > 0)
      this.metrics.eventLoopDelay.record(this.eventLoop.max / 1e9 - RESOLUTION / 1000)
    this.eventLoop.reset()
  }
}
