import type { RouteConfig } from './schema/route-schema.ts'
import { upstreamPlaces } from './upstreams.ts'
import { TARGETS } from '../features/target.ts'
import type { PathPattern } from '../settings/values/pattern.ts'
import {
  coversHost,
  coversMethod,
  coversPath,
  excludeEachOther,
  patternParser,
} from '../features/match/warnings/overlap.ts'

/** A route whose rules another one may be reached past, by a path in a spelling that both take; both by their position. */
export interface PassedGuard {
  readonly guard: number
  readonly other: number
  /** What such a path holds in place of a slash. */
  readonly spelling: '%2F' | '//'
}

interface Side {
  readonly index: number
  readonly config: RouteConfig
  readonly patterns: readonly PathPattern[]
  /** Where its requests go, without copies and fallbacks; nowhere where it answers by itself. */
  readonly leadsTo: readonly string[]
  /** As a text, so that those of two routes can be compared. */
  readonly rules: string
}

/** So many pairs of routes take a second; of the others, nothing is said. */
const MOST_PAIRS = 1_000_000
/** What a route has that decides who gets through, and with what. */
const RULES = ['rateLimit', 'concurrency', 'graphql', 'limits', 'requestHeaders', 'lifecycle'] as const

/**
 * Finds routes that refuse or limit what comes to a path, beside a route for more paths that leads to the same place and takes
 * `%2F`, or runs of slashes, as the guard does itself: `/admin%2Fx` is no path of `/admin/**`, but may be one to the upstream.
 * Where the guard takes no such paths, the router holds it (`settlePath`).
 */
export function passedGuards(routes: readonly RouteConfig[]): PassedGuard[] {
  const parse = patternParser()
  const sides = routes
    .map((config, index): Side => {
      const patterns = config.match.path.map(parse)
      return { index, config, patterns, leadsTo: leadsTo(config), rules: rulesOf(config) }
    })
    .filter(({ config: { paths } }) => paths.encodedSlash === 'pass' || paths.slashes === 'keep')
  const wide = sides.filter((side) => side.leadsTo.length > 0 && side.patterns.some(isOpen))
  const found: PassedGuard[] = []
  let left = MOST_PAIRS
  for (const guard of sides.filter(({ rules }) => rules !== NONE)) {
    const other = wide.find((each) => left-- > 0 && passes(each, guard))
    const spelling = other && spellingOf(guard.config, other.config)
    if (spelling !== undefined && other !== undefined)
      found.push({ guard: guard.index, other: other.index, spelling })
  }
  return found
}

function isOpen({ open }: PathPattern): boolean {
  return open
}

function passes(other: Side, guard: Side): boolean {
  const [one, two] = [guard.config, other.config]
  return (
    guard !== other &&
    spellingOf(one, two) !== undefined &&
    guard.patterns.some((inner) =>
      other.patterns.some((outer) => outer.open && coversPath(outer, inner) && !coversPath(inner, outer)),
    ) &&
    hostsMeet(one, two) &&
    methodsMeet(one, two) &&
    !excludeEachOther(one.match, two.match) &&
    leadToTheSame(guard, other) &&
    guard.rules !== other.rules
  )
}

function spellingOf({ paths: one }: RouteConfig, { paths: two }: RouteConfig): '%2F' | '//' | undefined {
  if (one.encodedSlash === 'pass' && two.encodedSlash === 'pass') return '%2F'
  return one.slashes === 'keep' && two.slashes === 'keep' ? '//' : undefined
}

/** Whether the wider route may be asked with a host of the guard. */
function hostsMeet({ match: guard }: RouteConfig, { match: other }: RouteConfig): boolean {
  return (guard.host ?? [undefined]).some((one) =>
    (other.host ?? [undefined]).some((two) => coversHost(two, one) || coversHost(one, two)),
  )
}

function methodsMeet({ match: guard }: RouteConfig, { match: other }: RouteConfig): boolean {
  return guard.methods === undefined || guard.methods.some((each) => coversMethod(other.methods ?? [], each))
}

function leadToTheSame(guard: Side, other: Side): boolean {
  return guard.leadsTo.length === 0 || other.leadsTo.some((each) => guard.leadsTo.includes(each))
}

const LEADING: ReadonlySet<unknown> = new Set([...TARGETS, 'apiVersions'])

function leadsTo(config: RouteConfig): readonly string[] {
  return upstreamPlaces(config)
    .filter(({ path: [setting] }) => LEADING.has(setting))
    .map(({ upstream }) => upstream)
}

/** The rules of a route that has none. */
const NONE = '[]'

function rulesOf(config: RouteConfig): string {
  const { respond, redirect } = config
  const refuses = redirect !== undefined || (respond !== undefined && respond.status >= 400)
  const rules = RULES.flatMap((rule) => (config[rule] === undefined ? [] : [[rule, config[rule]]]))
  return JSON.stringify(refuses ? ['refuses', ...rules] : rules)
}
