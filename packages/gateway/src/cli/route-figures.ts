/** What has been counted of a route, from the page of metrics. */
interface RouteTotals {
  requests: number
  /** Responses of 5xx, and exchanges without any. */
  failed: number
  active: number
  /** Upper bounds in seconds, and how many exchanges took no longer. */
  readonly buckets: Map<number, number>
}

/** All routes at one time. */
export interface Totals {
  readonly routes: ReadonlyMap<string, RouteTotals>
  readonly connections: number
}

/** What a route did between two times. */
export interface RouteFigures {
  readonly route: string
  readonly requestsPerSecond: number
  readonly failedPerSecond: number
  readonly active: number
  /** Seconds; undefined where nothing was measured. The bound of the bucket that it is in. */
  readonly median: number | undefined
  readonly p99: number | undefined
}

const SAMPLE = /^(headgate_\w+)(?:\{(.*)\})? (\S+)$/

/** Reads the page of metrics, as far as it is shown. */
export function readTotals(page: string): Totals {
  const routes = new Map<string, RouteTotals>()
  let connections = 0
  for (const line of page.split('\n')) {
    const [, name, labels = '', text] = SAMPLE.exec(line) ?? []
    const value = Number(text)
    if (name === 'headgate_downstream_connections_active') connections = value
    const route = /(?:^|,)route="((?:[^"\\]|\\.)*)"/.exec(labels)?.[1]
    if (route === undefined) continue
    const totals = routes.get(route) ?? { requests: 0, failed: 0, active: 0, buckets: new Map() }
    routes.set(route, totals)
    if (name === 'headgate_requests_total') {
      totals.requests += value
      if (/status_class="(?:5xx|none)"/.test(labels)) totals.failed += value
    } else if (name === 'headgate_requests_active') totals.active = value
    else if (name === 'headgate_request_duration_seconds_bucket') {
      const bound = /le="([^"]+)"/.exec(labels)?.[1] ?? '+Inf'
      totals.buckets.set(bound === '+Inf' ? Infinity : Number(bound), value)
    }
  }
  return { routes, connections }
}

/** The busiest route first. */
export function figuresBetween(before: Totals, after: Totals, seconds: number): RouteFigures[] {
  const figures = Array.from(after.routes, ([route, totals]): RouteFigures => {
    const earlier = before.routes.get(route)
    const taken = Array.from(totals.buckets, ([bound, count]): [number, number] => [
      bound,
      count - (earlier?.buckets.get(bound) ?? 0),
    ])
    return {
      route,
      requestsPerSecond: (totals.requests - (earlier?.requests ?? 0)) / seconds,
      failedPerSecond: (totals.failed - (earlier?.failed ?? 0)) / seconds,
      active: totals.active,
      median: quantile(taken, 0.5),
      p99: quantile(taken, 0.99),
    }
  })
  return figures.sort((one, other) => other.requestsPerSecond - one.requestsPerSecond)
}

function quantile(buckets: readonly [bound: number, count: number][], share: number): number | undefined {
  const sorted = [...buckets].sort(([one], [other]) => one - other)
  const total = sorted.at(-1)?.[1] ?? 0
  if (total === 0) return undefined
  return sorted.find(([, count]) => count >= total * share)?.[0]
}
