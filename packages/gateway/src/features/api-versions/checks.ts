import { type Fields, fieldsOf } from '../../settings/problems/fields.ts'
import { findEach, type Finding, type Path } from '../../settings/problems/problem.ts'
import { anyOfKeys, implies } from '../../settings/schema/schema-tree.ts'
import type { SectionRules } from '../layer.ts'
import { TARGETS } from '../target.ts'
import { show } from '../../settings/problems/show.ts'
import { isVersionName, moment, plainVersion } from './setting.ts'
import { meant, nearestFirst, someOf } from '../../settings/problems/suggest.ts'

const SOURCES = ['path', 'query', 'header', 'mediaType']

/** What is gone after its end needs one. */
const endOfGone = implies(
  { required: ['afterSunset'], properties: { afterSunset: { const: 'gone' } } },
  { required: ['sunset'] },
)

export const lifecycleRules: readonly SectionRules[] = [{ at: [], rules: [endOfGone] }]

export const apiVersionRules: readonly SectionRules[] = [
  { at: ['versions', '*'], rules: [endOfGone] },
  { at: ['versions'], rules: [{ minProperties: 1 }] },
  {
    at: [],
    rules: [
      anyOfKeys(SOURCES),
      implies(
        { required: ['stripPath'], properties: { stripPath: { const: true } } },
        { required: ['path'] },
      ),
    ],
  },
]

/** What the versions of a route say that cannot be meant. Looks at it as it was written. */
export function apiVersionChecks(written: unknown, place: Path, route: Fields): Finding[] {
  const path = place.slice(0, -1)
  const config = fieldsOf(written)
  const versions = Object.entries(fieldsOf(config['versions']))
  const names = versions.map(([name]) => name)
  const known = new Set(names)
  const beside =
    route['lifecycle'] === undefined
      ? []
      : [
          {
            path: [...path, 'lifecycle'],
            part: 'key' as const,
            problem: 'stands beside "apiVersions", where each version has its own',
          },
        ]
  return [
    ...beside,
    ...sourceChecks(config, route, place),
    ...nameChecks(config, names, place),
    ...targetChecks(route, versions, path),
    ...laterVersion(route, path),
    ...findEach(versions, ([name, version]) =>
      versionChecks(fieldsOf(version), name, names, known, [...place, 'versions', name]),
    ),
  ]
}

function sourceChecks(config: Fields, route: Fields, place: Path): Finding[] {
  const { stripPath } = config
  const path = config['path'] === undefined ? undefined : textOf(config['path'])
  if (SOURCES.every((each) => config[each] === undefined)) {
    const problem = 'does not say where a request names its version'
    return [
      { path: place, part: 'key', problem, allowed: 'at least one of path, query, header and mediaType' },
    ]
  }
  if (path === undefined) {
    if (stripPath !== true) return []
    return [
      {
        path: [...place, 'stripPath'],
        part: 'key',
        problem: 'needs "path": there is no version in the path',
      },
    ]
  }
  const patterns = [fieldsOf(route['match'])['path'] ?? '/**'].flat()
  if (patterns.some((each) => typeof each !== 'string' || each.split('/').includes(`:${path}`))) return []
  const problem = 'is no parameter of match.path'
  return [{ path: [...place, 'path'], problem, hint: `it stands there as /:${path}/` }]
}

function nameChecks(config: Fields, names: readonly string[], place: Path): Finding[] {
  const place2 = [...place, 'versions']
  if (names.length === 0 && typeof config['versions'] === 'object')
    return [
      { path: place2, whole: true, problem: 'there is no version', allowed: 'at least one version by name' },
    ]
  const seen = new Map<string, string>()
  const repeated = findEach(names, (name): Finding[] => {
    const other = seen.get(plainVersion(name))
    seen.set(plainVersion(name), name)
    if (other === undefined) return []
    return [{ path: [...place2, name], part: 'key', problem: `is the same version as ${show(other)}` }]
  })
  const wanted = config['default'] === undefined ? undefined : textOf(config['default'])
  const missing =
    wanted === undefined || names.includes(wanted) ? [] : [noVersion([...place, 'default'], wanted, names)]
  return [...repeated, ...missing]
}

function noVersion(path: Path, name: string, names: readonly string[]): Finding {
  return {
    path,
    problem: 'is not one of the versions',
    allowed: () => someOf(nearestFirst(name, names)),
    hint: () => meant(name, names),
  }
}

/** Each version needs a way to go, and each way a version. */
function targetChecks(
  route: Fields,
  versions: readonly (readonly [string, unknown])[],
  path: Path,
): Finding[] {
  const target = TARGETS.find((each) => route[each] !== undefined)
  const without = versions.filter(([, version]) => fieldsOf(version)['upstream'] === undefined)
  if (target !== undefined) {
    if (without.length > 0 || versions.length === 0) return []
    const problem = 'is never used, as each version has an upstream of its own'
    return [{ path: [...path, target], part: 'key', problem }]
  }
  return without.map(([name]) => ({
    path: [...path, 'apiVersions', 'versions', name, 'upstream'],
    problem: 'is missing',
    allowed: 'the name of an upstream, or its URL; or a target of the route, for all versions without one',
  }))
}

/** Changes to responses are made up before the version is known. */
function laterVersion(route: Fields, path: Path): Finding[] {
  if (!(JSON.stringify(route['responseHeaders']) ?? '').includes('${api.version}')) return []
  const problem = 'holds "${api.version}", which is not known there'
  return [{ path: [...path, 'responseHeaders'], part: 'key', problem }]
}

function versionChecks(
  version: Fields,
  name: string,
  names: readonly string[],
  known: ReadonlySet<string>,
  place: Path,
): Finding[] {
  const successor = version['successor'] === undefined ? undefined : textOf(version['successor'])
  const findings = timeChecks(version, place)
  if (successor === undefined || !isVersionName(successor)) return findings
  const at = [...place, 'successor']
  if (!known.has(successor)) return [...findings, noVersion(at, successor, names)]
  return successor === name ? [...findings, { path: at, problem: 'is the version itself' }] : findings
}

/** The same of the end of a route. */
export function lifecycleChecks(written: unknown, place: Path): Finding[] {
  const lifecycle = fieldsOf(written)
  const { successor } = lifecycle
  const isName = typeof successor === 'number' || (typeof successor === 'string' && isVersionName(successor))
  if (!isName) return timeChecks(lifecycle, place)
  const problem = 'names a version, and the route has none'
  return [
    ...timeChecks(lifecycle, place),
    { path: [...place, 'successor'], problem, allowed: 'a URL or a path' },
  ]
}

function timeChecks(lifecycle: Fields, place: Path): Finding[] {
  const [deprecated, sunset] = [moment.parse(lifecycle['deprecated']), moment.parse(lifecycle['sunset'])]
  const isEarly = deprecated.ok && sunset.ok && sunset.value < deprecated.value
  return [
    ...(isEarly
      ? [{ path: [...place, 'sunset'], problem: 'is before "deprecated" (RFC 9745 section 4)' }]
      : []),
    ...(lifecycle['afterSunset'] === 'gone' && lifecycle['sunset'] === undefined
      ? [{ path: [...place, 'afterSunset'], problem: 'needs "sunset": there is no end' }]
      : []),
  ]
}

/** What is neither a text nor a number, the schema refuses. */
function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
