import { styleText } from 'node:util'
import { inLine } from '../printable.ts'
import type { StatusAnswer } from '../admin/status.ts'
import { statusText } from './commands/status.ts'
import type { UpstreamsAnswer } from '../surveys/upstreams.ts'
import { upstreamRows } from './commands/upstreams.ts'
import { fitted, table } from './table.ts'

/** What a view shows. */
export interface TopFacts {
  readonly status: StatusAnswer
  readonly upstreams: UpstreamsAnswer
  readonly routes: readonly RouteFigures[]
  readonly connections: number
}

export interface TopSize {
  readonly columns: number
  readonly rows: number
}

/** The lines of a screen: never wider or more than fit. */
export function topView(facts: TopFacts, { columns, rows }: TopSize, hasColor: boolean): string[] {
  const { status, upstreams, routes, connections } = facts
  const head = statusText(status).trimEnd().split('\n')
  const endpoints = lines(fitted(upstreamRows(upstreams), columns, [0, 1]))
  // Half of what is left for each, and for routes what upstreams leave.
  const room = Math.max(rows - head.length - 5, 4)
  const upstreamRoom = Math.min(endpoints.length, Math.max(Math.floor(room / 2), 2))
  const routeLines = lines(fitted(routeRows(routes), columns, [0]))
  const view = [
    ...head,
    `connections    ${connections}`,
    '',
    ...cut(routeLines, room - upstreamRoom),
    '',
    ...cut(endpoints, upstreamRoom),
  ]
  const shown = [...view.slice(0, rows - 1), 'q ends']
    .slice(-rows)
    .map((line) => inLine(line).slice(0, columns))
  return hasColor ? shown.map(colored) : shown
}

function routeRows(routes: readonly RouteFigures[]): string[][] {
  const rows = routes.map(({ route, requestsPerSecond, failedPerSecond, active, median, p99 }) => [
    route,
    requestsPerSecond.toFixed(1),
    failedPerSecond.toFixed(1),
    String(active),
    milliseconds(median),
    milliseconds(p99),
  ])
  return [['ROUTE', 'REQUESTS/S', 'FAILED/S', 'ACTIVE', 'MEDIAN', 'P99'], ...rows]
}

function milliseconds(seconds: number | undefined): string {
  if (seconds === undefined) return '-'
  return seconds === Infinity ? '> 60 s' : `< ${Number((seconds * 1000).toPrecision(3))} ms`
}

function lines(rows: readonly (readonly string[])[]): string[] {
  return table(rows).trimEnd().split('\n')
}

function cut(list: readonly string[], most: number): string[] {
  if (list.length <= most) return [...list]
  return [...list.slice(0, Math.max(most - 1, 1)), `... and ${list.length - Math.max(most - 1, 1)} more`]
}

function colored(line: string): string {
  const paint = (color: 'bold' | 'red' | 'yellow' | 'dim'): string =>
    styleText(color, line, { validateStream: false })
  if (/^(?:ROUTE|UPSTREAM) |^headgate /.test(line)) return paint('bold')
  if (/ (?:down|unhealthy|ejected|circuit-open|failing) /.test(line)) return paint('red')
  if (/ draining /.test(line)) return paint('yellow')
  return line === 'q ends' ? paint('dim') : line
}

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
