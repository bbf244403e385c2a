import type { Clock } from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { GatewayMetrics, type MetricSegment } from '../metrics/metrics.ts'
import type { RateLimitTotals } from '../metrics/rate-limit-totals.ts'
import type { OpenCircuit } from '../resilience/metrics.ts'
import type { MetricPart } from './protocol.ts'

/** Where all threads count: one memory for the supervisor and each worker, for each part of the layout. */
export class MetricMemories {
  /** Those that the supervisor counts itself. */
  readonly metrics: GatewayMetrics
  private readonly writers: SharedArrayBuffer[][]
  private readonly segments: MetricSegment[] = []

  constructor(config: GatewayConfig, workers: number) {
    this.metrics = new GatewayMetrics(config)
    this.writers = Array.from({ length: workers + 1 }, () => [])
    this.allocate()
  }

  /** Makes room for what a further configuration counts. */
  grow(config: GatewayConfig): void {
    this.metrics.grow(config)
    this.allocate()
  }

  /** Makes room for endpoints that upstreams have by now. */
  growEndpoints(names: ReadonlyMap<string, readonly string[]>): void {
    this.metrics.defineEndpoints(names, true)
    this.allocate()
  }

  /** What a worker needs to count, from that part of the layout on. */
  partsOf(worker: number, from: number = 0): MetricPart[] {
    return this.segments.slice(from).map((segment, index) => ({
      segment,
      memory: this.writers[worker + 1]?.[from + index] as SharedArrayBuffer, // there is one for each worker and segment
    }))
  }

  /** How many parts there are. */
  get size(): number {
    return this.segments.length
  }

  /** A worker is gone, and what it measured with it; what it counted stays. */
  abandoned(worker: number): void {
    for (const memory of this.writers[worker + 1] ?? []) this.metrics.abandoned(memory)
  }

  /** What each rate limit has decided anywhere, by its id. */
  rateLimitTotals(): Map<string, RateLimitTotals> {
    return this.metrics.rateLimitTotals(this.writers.flat())
  }

  /** Circuits that are open anywhere. */
  openCircuits(): OpenCircuit[] {
    return this.metrics.openCircuits(this.writers.flat())
  }

  /** All that was counted anywhere, for Prometheus. */
  render(clock: Clock): string {
    this.metrics.sampleProcess(clock)
    return this.metrics.render(this.writers.flat())
  }

  private allocate(): void {
    const { metrics } = this
    while (this.segments.length < metrics.segments) {
      const segment = this.segments.length
      this.segments.push(metrics.describe(segment))
      for (const memories of this.writers) memories.push(metrics.allocate(segment))
      const own = this.writers[0]?.[segment]
      if (own !== undefined) metrics.attach(own)
    }
  }
}
