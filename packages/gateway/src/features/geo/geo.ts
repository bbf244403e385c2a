import type { MetricRegistry } from '@headgate/core'
import { metric, type Reading } from '../../metrics/metric.ts'
import type { GeoConfig } from './setting.ts'
import { type AddressBytes, Mmdb, writeBytes } from './mmdb.ts'
import { type GeoLookup, type GeoPlace, NOWHERE, placeOf, together } from './geo-place.ts'

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

/** What came of a look-up; `failed`: the file is broken where the address leads. */
export type GeoOutcome = 'found' | 'unknown' | 'failed'

/** Bounds of what is remembered: addresses of clients, and records of each file. */
const MOST_ADDRESSES = 8192
const MOST_RECORDS = 8192

/** Where addresses are, by the databases in force, in one thread. It outlives snapshots; the databases may be replaced at any time. */
export class Geo {
  /** Called with what came of each look-up. */
  onLookup: (outcome: GeoOutcome) => void
  private tables: readonly PlaceTable[] = []
  /** Who has come before comes again: this takes a tenth of the time of a walk through the tree, and one request may ask several times. */
  private readonly known = new Map<string, GeoPlace>()
  private readonly address: AddressBytes = { bytes: new Uint8Array(16), length: 4 }

  constructor(onLookup: (outcome: GeoOutcome) => void = () => {}) {
    this.onLookup = onLookup
  }

  /**
   * From now on, these are asked, in this order.
   * @param files whole, and checked
   */
  use(files: readonly { readonly bytes: SharedArrayBuffer }[]): void {
    this.tables = files.map(({ bytes }) => new PlaceTable(new Mmdb(Buffer.from(bytes))))
    this.known.clear()
  }

  /** Never throws: who cannot be found is nowhere. */
  readonly lookup: GeoLookup = (address) => {
    const place = this.known.get(address) ?? this.find(address)
    this.onLookup(place === FAILED ? 'failed' : place === NOWHERE ? 'unknown' : 'found')
    return place
  }

  private find(address: string): GeoPlace {
    const place = this.search(address)
    if (this.known.size >= MOST_ADDRESSES) this.known.clear()
    this.known.set(address, place)
    return place
  }

  private search(address: string): GeoPlace {
    if (!writeBytes(address, this.address)) return NOWHERE
    let place = NOWHERE
    try {
      for (const table of this.tables) {
        const found = table.find(this.address)
        if (found !== undefined) place = place === NOWHERE ? found : together(place, found)
      }
      return place
    } catch {
      return place === NOWHERE ? FAILED : place
    }
  }
}

const FAILED: GeoPlace = { ...NOWHERE }

/** The places of one file: many addresses lead to one record. */
class PlaceTable {
  private readonly file: Mmdb
  private readonly places = new Map<number, GeoPlace>()

  constructor(file: Mmdb) {
    this.file = file
  }

  find({ bytes, length }: AddressBytes): GeoPlace | undefined {
    const record = this.file.find(bytes, length)
    if (record === 0) return undefined
    const known = this.places.get(record)
    if (known !== undefined) return known
    const place = placeOf(this.file.record(record))
    if (this.places.size >= MOST_RECORDS) this.places.clear()
    this.places.set(record, place)
    return place
  }
}
