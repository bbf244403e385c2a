// What says the same as the code: the tables of docs/configuration.md, and the types of configurations. After a change:
//   npm run build && npx node packages/gateway/test/docs/reference.ts --write
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ERROR_FACTS } from '@headgate/core'
import { METRICS } from '../../src/metrics/metric.ts'
import { STACK } from '../../src/stack.ts'
// States every metric, with all that it imports.
import '../../src/workers/supervisor.ts'
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
  // By name: in which order the modules that state them are loaded tells readers nothing.
  const byName = METRICS.toSorted((one, other) => (one.name < other.name ? -1 : 1))
  const rows = byName.map(({ name, kind, labels, help }) => [
    code(name),
    kind,
    labels.map(code).join(', '),
    help,
  ])
  return table(['name', 'type', 'labels', 'meaning'], rows)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const page = readFileSync(PAGE, 'utf8')
  if (process.argv.includes('--write')) {
    writeFileSync(PAGE, withTables(page))
    writeFileSync(INPUT_TYPES, inputTypes())
  } else process.exitCode = withTables(page) === page ? 0 : 1
}
