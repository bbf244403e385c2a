import type { MetricRegistry } from '@headgate/core'
import { metric } from '../../metrics/metric.ts'
import type { Reading } from '../../metrics/shown.ts'
import type { GeoOutcome } from './geo.ts'
import type { GeoConfig } from './setting.ts'

const LOOKUPS = metric({
  kind: 'counter',
  name: 'headgate_geo_lookups_total',
  labels: ['result'],
  help: 'Look-ups of where a client is: found, unknown, or failed because the database is broken there.',
})

const RELOADS = metric({
  kind: 'counter',
  name: 'headgate_geo_reloads_total',
  labels: ['result'],
  help: 'Databases of addresses that changed on disk, and were applied, or refused with the one before left in force.',
})

const BUILT = metric({
  kind: 'gauge',
  name: 'headgate_geo_database_build_time_seconds',
  labels: ['database'],
  help: 'When the database in force was built, in seconds since 1970-01-01 UTC.',
})

/** What counts look-ups, once there is a database. */
export function geoMetrics(metrics: MetricRegistry, { database }: GeoConfig): (outcome: GeoOutcome) => void {
  for (const result of ['applied', 'refused']) metrics.get(RELOADS, { result })
  for (const path of database) metrics.get(BUILT, { database: path })
  const lookups = {
    found: metrics.get(LOOKUPS, { result: 'found' }),
    unknown: metrics.get(LOOKUPS, { result: 'unknown' }),
    failed: metrics.get(LOOKUPS, { result: 'failed' }),
  }
  return (outcome) => lookups[outcome].add(1)
}

/** A database has changed on disk. */
export function countGeoReload(metrics: MetricRegistry, applied: boolean): void {
  metrics.get(RELOADS, { result: applied ? 'applied' : 'refused' }).add(1)
}

/** For the thread that reads the databases: those in force. */
export function geoReadings(
  metrics: MetricRegistry,
  files: readonly { readonly path: string; readonly builtAt: number }[],
): Reading[] {
  return files.map(({ path, builtAt }) => [metrics.get(BUILT, { database: path }), builtAt])
}
