import { resolve } from 'node:path'
import { readGeoFile, reasonOf } from './geo-files.ts'
import type { GeoConfig } from './setting.ts'
import { type Finding, type Path, valueAt } from '../../settings/problems/problem.ts'

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
