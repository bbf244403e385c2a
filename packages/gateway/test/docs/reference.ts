// What says the same as the code: the tables of docs/configuration.md, and the types of configurations. After a change:
//   npm run build && npx node packages/gateway/test/docs/reference.ts --write
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ERROR_FACTS, TrafficError, Upstream } from '@headgate/core'
import { parseConfig } from '../../src/config/parse.ts'
import { GatewayMetrics } from '../../src/metrics/metrics.ts'
import { STACK } from '../../src/stack.ts'
import { code, table } from '../../../../scripts/docs/markdown-table.ts'
import { INPUT_TYPES, inputTypes } from './input-types.ts'
import { settingTables } from './setting-tables.ts'

export const PAGE: string = join(import.meta.dirname, '../../../../docs/configuration.md')

/** The page with its tables as they should be. Throws if the page has no place for a table, or the other way round. */
export function withTables(page: string): string {
  const tables = new Map([
    ...settingTables(),
    ['errors', errorTable()],
    ['metrics', metricTable()],
    ['order', orderTable()],
  ])
  const written = page.replaceAll(
    /(<!-- table ([\w:]+) -->\n)[^]*?(<!-- end of table -->)/g,
    (_, start: string, name: string, end: string) => {
      const rendered = tables.get(name)
      if (rendered === undefined) throw new Error(`there is no table ${name}`)
      tables.delete(name)
      return `${start}\n${rendered}\n${end}`
    },
  )
  if (tables.size > 0) throw new Error(`the page has no place for ${[...tables.keys()].join(', ')}`)
  return written
}

function orderTable(): string {
  const rows = STACK.map((row) => {
    if ('place' in row) return [`place ${code(row.place)}`, `an ${row.once}`, '', row.about]
    const isEverywhere = row.once === 'exchange' && row.ways?.includes('unrouted') === true
    return [code(row.name), `an ${row.once}`, isEverywhere ? 'yes' : '', row.about]
  })
  return table(['policy', 'once', 'without a route', 'what it does'], rows)
}

const DOINGS = { downstream: 'the client', upstream: 'the upstream', local: 'the gateway' } as const

function errorTable(): string {
  const rows = Object.entries(ERROR_FACTS).map(([name, { status, title, source }]) => {
    return [code(name), String(status), title, DOINGS[source]]
  })
  return table(['code', 'status', 'title', 'whose side'], rows)
}

function metricTable(): string {
  const exposition = everyMetric()
  const families = [...exposition.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\w+)\n\S*?(?:\{(.*)\})? \S+$/gm)]
  const rows = families.map(([, name = '', help = '', type = '', labels = '']) => {
    const names = [...labels.matchAll(/(\w+)="/g)].flatMap(([, label = '']) =>
      label === 'le' ? [] : [code(label)],
    )
    return [code(name), type, names.join(', '), help]
  })
  return table(['name', 'type', 'labels', 'meaning'], rows)
}

/** What /metrics shows when everything has been counted once: series appear with their first count. */
function everyMetric(): string {
  const upstream = 'http://127.0.0.1:9000'
  const result = parseConfig({
    geo: { database: 'GeoLite2-City.mmdb' },
    upstreams: {
      guarded: {
        endpoints: [{ url: upstream }, { dns: 'a.internal:80', priority: 1 }],
        breaker: { per: 'both' },
        health: { path: '/' },
        concurrency: { limit: 1 },
      },
    },
    routes: [
      { name: 'any', upstream, match: { path: '/any' }, hedge: {}, graphql: {}, rateLimit: { rate: '1/s' } },
      { name: 'guarded', upstream: 'guarded' },
      {
        name: 'split',
        match: { path: '/split' },
        split: { upstreams: [{ upstream }] },
        mirror: { upstream },
        apiVersions: { header: 'x-version', versions: { 1: {} } },
      },
    ],
  })
  if (!result.ok) throw new Error('the smallest configuration is refused')
  const metrics = new GatewayMetrics(result.config)
  const memory = metrics.allocate()
  metrics.attach(memory)
  const { statusClasses, duration, requestBytes, responseBytes, active } = metrics.route('any')
  metrics.graphql.onOperation('any')('query')
  metrics.graphql.onRefused('any')('depth')
  for (const each of [...statusClasses, requestBytes, responseBytes, active]) each.add(1)
  duration.record(1)
  metrics.onRetry('any')()
  metrics.onRateLimit('any/limit-1')(true)
  metrics.onRateLimitStoreError('any/limit-1')()
  const guarded = new Upstream({ name: 'guarded', endpoints: [{ url: upstream }] })
  metrics.recordUpstream(
    'guarded',
    guarded.stats().map((each) => ({ ...each, spills: 1 })),
  )
  guarded.destroy()
  metrics.onError(new TrafficError('internal', 'for show'))
  return metrics.render([memory])
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const page = readFileSync(PAGE, 'utf8')
  if (process.argv.includes('--write')) {
    writeFileSync(PAGE, withTables(page))
    writeFileSync(INPUT_TYPES, inputTypes())
  } else process.exitCode = withTables(page) === page ? 0 : 1
}
