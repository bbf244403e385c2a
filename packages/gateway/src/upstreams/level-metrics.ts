import type { EndpointStats, Gauge, MetricRegistry } from '@headgate/core'
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

/** Endpoints that come before others, or after them. */
export interface Level {
  readonly share: Gauge
  readonly has: (endpoint: Placed) => boolean
}

type Placed = Pick<EndpointStats, 'priority' | 'zone'>

/** The levels of an upstream as it is configured; none where all endpoints are on one. */
export function levelsOf(
  metrics: MetricRegistry,
  name: string,
  { endpoints, zone: own }: UpstreamConfig,
  { zone = own }: Pick<GatewayConfig, 'zone'>,
): readonly Level[] {
  const place = ({ priority, zone: its }: Placed): { upstream: string; priority: string; zone: string } => ({
    upstream: name,
    priority: String(priority),
    zone: sideOf(its, own ?? zone),
  })
  const places = new Map(
    endpoints.map((endpoint) => [
      JSON.stringify(place({ zone: undefined, ...endpoint })),
      place({ zone: undefined, ...endpoint }),
    ]),
  )
  if (places.size < 2) return []
  return Array.from(places, ([key, labels]) => ({
    share: metrics.get(LEVEL_SHARE, labels),
    has: (endpoint: Placed) => JSON.stringify(place(endpoint)) === key,
  }))
}

/** `local`, `other`, or `any` where zones do not matter. */
function sideOf(zone: string | undefined, own: string | undefined): string {
  if (own === undefined) return 'any'
  return zone === own ? 'local' : 'other'
}

/** What each level gets at this moment. */
export function* levelReadings(levels: readonly Level[], stats: readonly EndpointStats[]): Iterable<Reading> {
  for (const { share, has } of levels)
    yield [share, Math.max(0, ...stats.flatMap((each) => (has(each) ? each.levelShare : [])))]
}
