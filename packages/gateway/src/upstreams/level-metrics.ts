import type { EndpointStats, MetricRegistry } from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import type { UpstreamConfig } from '../config/schema/upstream-schema.ts'
import { metric, type Reading } from '../metrics/metric.ts'

const LEVEL_SHARE = metric({
  kind: 'gauge',
  name: 'headgate_upstream_level_share',
  labels: ['upstream', 'priority', 'zone'],
  help: 'Part of the exchanges, from 0 to 1, that goes to the endpoints of that priority, in the own zone (local) or others (other); where workers do not agree, the largest.',
  across: 'max',
})

/** What each level of an upstream gets at a moment, by the statistics of its endpoints. */
export type LevelReadings = (stats: readonly EndpointStats[]) => Iterable<Reading>

interface Placed {
  readonly priority: number
  readonly zone?: string | undefined
}

/** For the levels of an upstream as it is configured; undefined where all endpoints are on one. */
export function levelReadings(
  metrics: MetricRegistry,
  upstream: string,
  { endpoints, zone: own }: UpstreamConfig,
  gateway: Pick<GatewayConfig, 'zone'>,
): LevelReadings | undefined {
  const here = own ?? gateway.zone
  const levelOf = ({ priority, zone }: Placed): string => `${priority} ${sideOf(zone, here)}`
  const levels = new Map(endpoints.map((endpoint) => [levelOf(endpoint), endpoint]))
  if (levels.size < 2) return undefined
  const shares = Array.from(levels, ([level, { priority, zone }]) => {
    const labels = { upstream, priority: String(priority), zone: sideOf(zone, here) }
    return [level, metrics.get(LEVEL_SHARE, labels)] as const
  })
  return function* (stats) {
    const largest = new Map<string, number>()
    for (const each of stats) {
      const level = levelOf(each)
      largest.set(level, Math.max(largest.get(level) ?? 0, each.levelShare))
    }
    for (const [level, share] of shares) yield [share, largest.get(level) ?? 0]
  }
}

/** `local`, `other`, or `any` where zones do not matter. */
function sideOf(zone: string | undefined, own: string | undefined): string {
  if (own === undefined) return 'any'
  return zone === own ? 'local' : 'other'
}
