import type { Gauge, MetricRegistry, Upstream } from '@headgate/core'
import { resolveUpstreams } from '../config/upstreams.ts'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { metric, type Reading } from '../metrics/metric.ts'

const PAUSED = metric({
  kind: 'gauge',
  name: 'headgate_upstream_health_checks_paused',
  labels: ['upstream'],
  help: 'Whether the active checks of the upstream are paused by hand: 1 or 0.',
})

/** For alerts: a pause that is forgotten shows nowhere else. */
export function checksPaused(metrics: MetricRegistry, upstream: string): Gauge {
  return metrics.get(PAUSED, { upstream })
}

type CheckedUpstream = Pick<Upstream, 'name' | 'startChecks' | 'stopChecks'>

/** Which upstreams of a configuration are paused, of those that are checked. */
export function* pauseReadings(
  metrics: MetricRegistry,
  config: GatewayConfig,
  checks: HealthChecks,
): Iterable<Reading> {
  for (const [name, { health }] of resolveUpstreams(config))
    if (health) yield [checksPaused(metrics, name), Number(checks.isPausedFor(name))]
}

/** Keeps the endpoints of all upstreams of a configuration checked: in one thread for all, whose workers share what it finds. */
export class HealthChecks {
  private readonly report: (message: string) => void
  private followed: ReadonlyMap<string, CheckedUpstream> = new Map()
  private readonly paused = new Set<CheckedUpstream>()
  private areAllPaused = false

  /** @param report told when an endpoint has become healthy or unhealthy */
  constructor(report: (message: string) => void = () => {}) {
    this.report = report
  }

  /** Checks these from now on, and no others; those that were checked already, or paused, go on undisturbed. */
  follow(upstreams: ReadonlyMap<string, { readonly upstream: CheckedUpstream }>): void {
    const before = new Set(this.followed.values())
    this.followed = new Map(Array.from(upstreams, ([name, { upstream }]) => [name, upstream]))
    const next = new Set(this.followed.values())
    for (const upstream of before) {
      if (next.has(upstream)) continue
      this.paused.delete(upstream)
      upstream.stopChecks()
    }
    if (this.areAllPaused) return
    for (const upstream of next) if (!before.has(upstream)) this.start(upstream)
  }

  stop(): void {
    this.follow(new Map())
  }

  /** Whether all are paused together, those that come with a further configuration, too. */
  get isPaused(): boolean {
    return this.areAllPaused
  }

  /** Whether those of an upstream are paused, alone or with all. */
  isPausedFor(name: string): boolean {
    const upstream = this.followed.get(name)
    return this.areAllPaused || (upstream !== undefined && this.paused.has(upstream))
  }

  /** Endpoints stay as they were found last. For one upstream, or all. */
  pause(name?: string): void {
    if (name === undefined) this.areAllPaused = true
    for (const [each, upstream] of this.followed) {
      if (name !== undefined && each !== name) continue
      if (name !== undefined) this.paused.add(upstream)
      upstream.stopChecks()
    }
  }

  /** Those of one upstream, unless all are paused together; or all, those that were paused alone, too. */
  resume(name?: string): void {
    if (name === undefined) this.areAllPaused = false
    if (this.areAllPaused) return
    for (const [each, upstream] of this.followed) {
      if (name !== undefined && each !== name) continue
      this.paused.delete(upstream)
      this.start(upstream)
    }
  }

  private start(upstream: CheckedUpstream): void {
    upstream.startChecks((endpoint, healthy, reason) => {
      const change = healthy ? 'is healthy again' : `is unhealthy: ${reason}`
      this.report(`upstream ${upstream.name}: ${endpoint} ${change}`)
    })
  }
}
