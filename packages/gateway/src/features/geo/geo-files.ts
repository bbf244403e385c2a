import { closeSync, fstatSync, readSync, statSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { resolve } from 'node:path'
import type { GeoConfig } from './setting.ts'
import { whyUnreadable } from '../../settings/read/read-text.ts'
import { openPlainFile, stampOf } from '../../plain-file.ts'
import type { SharedKind } from '../../shared.ts'
import { Geo } from './geo.ts'
import { type GeoLookup, knowNothing } from './geo-place.ts'
import { Mmdb } from './mmdb.ts'
import { MmdbError } from './mmdb-data.ts'
import { type Finding, type Path, valueAt } from '../../settings/problems/problem.ts'

/** A database in memory that all threads share: once for the process, however many workers. */
export interface GeoFile {
  readonly path: string
  /** Of the file that it was read from: see `fileStamp`. */
  readonly stamp: string
  readonly bytes: SharedArrayBuffer
  /** As `GeoLite2-City`. */
  readonly type: string
  /** Seconds since 1970-01-01 UTC. */
  readonly builtAt: number
}

/** The kind of those in force among what threads share. */
export const GEO: SharedKind<readonly GeoFile[]> = { name: 'geo' }

/** Larger than any database there is. */
const LARGEST = 2 ** 31 - 1
/** What is done at a stretch: some milliseconds. */
const PIECE = 4 * 1024 * 1024
const NODES = 100_000

/**
 * Reads a database and checks it, in pieces between which other things are done.
 * Rejects with why it cannot be used: see `reasonOf`.
 */
export async function readGeoFile(path: string): Promise<GeoFile> {
  const reading = readInSteps(path)
  for (;;) {
    const step = reading.next()
    if (step.done === true) return step.value
    await setImmediate()
  }
}

/**
 * The databases of a configuration.
 * @param previous those whose files are the same still are not read again; where a file is broken now, the one that was read
 *   before stays
 * @throws MmdbError if one cannot be used, and there is none from before
 */
export function loadGeo(geo: GeoConfig | undefined, previous: readonly GeoFile[] = []): readonly GeoFile[] {
  const files = geo?.database.map((path) => {
    const known = previous.find((each) => each.path === path)
    if (known !== undefined && known.stamp === fileStamp(path)) return known
    try {
      return readAtOnce(path)
    } catch (error) {
      if (known !== undefined) return known
      throw new MmdbError(`the database ${path} cannot be used: ${reasonOf(error)}`)
    }
  })
  return files ?? []
}

/** Where addresses are by a configuration, for who looks at it without serving. Throws as `loadGeo` does. */
export function geoLookup(config: { readonly geo?: GeoConfig | undefined }): GeoLookup {
  if (config.geo === undefined) return knowNothing
  const geo = new Geo()
  geo.use(loadGeo(config.geo))
  return geo.lookup
}

/** See `stampOf`; undefined if it is not there. */
export function fileStamp(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false })
  return found && stampOf(found)
}

/** Why a file cannot be used, in words that continue a sentence. */
export function reasonOf(error: unknown): string {
  return error instanceof MmdbError ? error.message : whyUnreadable(error)
}

function readAtOnce(path: string): GeoFile {
  const reading = readInSteps(path)
  for (;;) {
    const step = reading.next()
    if (step.done === true) return step.value
  }
}

function* readInSteps(path: string): Generator<void, GeoFile> {
  const stamp = fileStamp(path) ?? ''
  const bytes = yield* readShared(path)
  const file = new Mmdb(Buffer.from(bytes))
  const { type, builtAt, nodeCount } = file.metadata
  for (let node = 0; node < nodeCount; node += NODES) {
    file.check(node, NODES)
    yield
  }
  return { path, stamp, bytes, type, builtAt }
}

function* readShared(path: string): Generator<void, SharedArrayBuffer> {
  const descriptor = openPlainFile(path, LARGEST)
  try {
    const { size } = fstatSync(descriptor)
    const bytes = new SharedArrayBuffer(size)
    const view = Buffer.from(bytes)
    for (let at = 0; at < size; ) {
      const read = readSync(descriptor, view, at, Math.min(PIECE, size - at), at)
      if (read === 0) throw new MmdbError('it became shorter while it was read')
      at += read
      yield
    }
    return bytes
  } finally {
    closeSync(descriptor)
  }
}

/** What asks where clients are, where nothing tells it. Looks at the configuration as it was written, as cross-checks.ts does. */
export function geoChecks(input: unknown): Finding[] {
  if (valueAt(input, ['geo']) !== undefined) return []
  return places(input, []).map(({ path, part }) => ({
    path,
    part,
    problem: 'asks where the client is, and there is no "geo" that tells it',
    allowed: 'with geo: { database: ... } at the top, the path of a MaxMind DB file',
  }))
}

function places(value: unknown, path: Path): { path: Path; part: 'key' | 'value' }[] {
  if (typeof value === 'string') return asks(value, path) ? [{ path, part: 'value' }] : []
  if (typeof value !== 'object' || value === null) return []
  if (path.at(-1) === 'geo' && path.includes('match')) return [{ path, part: 'key' }]
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value)
  return keys.flatMap((key) => places((value as Record<PropertyKey, unknown>)[key], [...path, key]))
}

/** A variable of a template, or the key of a rate limit. */
function asks(text: string, path: Path): boolean {
  if (path[0] === 'routes' && text.includes('${geo.')) return true
  return text === 'country' && (path.at(-1) === 'key' || path.at(-2) === 'key')
}

/** Whether the databases can be used. */
export async function geoFileChecks(input: unknown, folder: string): Promise<Finding[]> {
  const written = valueAt(input, ['geo', 'database'])
  const list: readonly unknown[] = Array.isArray(written) ? written : [written]
  const findings: Finding[] = []
  for (const [index, path] of list.entries()) {
    if (typeof path !== 'string' || path.trim() === '' || path.includes('\0')) continue
    try {
      await readGeoFile(resolve(folder, path))
    } catch (error) {
      findings.push({
        path: ['geo', 'database', ...(Array.isArray(written) ? [index] : [])],
        problem: `cannot be used: ${reasonOf(error)}`,
        allowed: 'a MaxMind DB file (.mmdb), as it was published',
      })
    }
  }
  return findings
}

/** The configuration with the paths of databases made absolute. */
export function geoFiles(geo: GeoConfig, folder: string): GeoConfig {
  return { ...geo, database: geo.database.map((path) => resolve(folder, path)) }
}
