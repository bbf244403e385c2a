import { styleText } from 'node:util'
import type { RouteFigures } from './route-figures.ts'
import { type StatusAnswer, statusText } from './commands/status.ts'
import { inLine } from '../printable.ts'
import { fitted, table } from './table.ts'
import { type UpstreamsAnswer, upstreamRows } from './commands/upstreams.ts'

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
