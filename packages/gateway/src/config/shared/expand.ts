import { ROUTE_SETTINGS } from '../../stack.ts'
import { type InheritedSetting, type Part, placeOf, placesOf } from '../../settings/merge.ts'
import type { RouteSharing, SharedConfig } from './sharing.ts'
import { ANSWERS } from '../../features/target.ts'
import { fieldOf, type Fields, isFields, textsOf } from '../../settings/problems/fields.ts'
import { formatPath } from '../../settings/problems/problem.ts'

/** Settings as they are written in one place: in the route, in a group, or in `defaults`. */
export interface Layer {
  readonly settings: Fields
  readonly origin: readonly PropertyKey[]
  readonly isOwn: boolean
}

/** What cannot stand beside a setting. */
const DROPS = new Map(
  ROUTE_SETTINGS.flatMap(({ name, drops }) => (drops === undefined ? [] : [[name, drops] as const])),
)

/** What a nearer layer replaces a part of only. */
const MERGES = new Map(
  ROUTE_SETTINGS.flatMap(({ name, merge }) => (merge === undefined ? [] : [[name, merge] as const])),
)

/** Without effect where no upstream is asked. */
const TOWARDS_UPSTREAM = new Set(
  ROUTE_SETTINGS.filter(({ towardsUpstream }) => towardsUpstream !== undefined).map(({ name }) => name),
)

/**
 * The settings of one route, put together: each whole from the nearest layer that has it, but for those of which it
 * replaces a part only.
 * @param layers the nearest one, which is the route's own, first
 * @param without settings that are taken from no other
 */
function mergeLayers(
  layers: readonly Layer[],
  without: readonly string[],
): { settings: Fields; inherited: InheritedSetting[] } {
  const settings = new Map<string, unknown>()
  const inherited: InheritedSetting[] = []
  for (const [key, parts] of withoutUseless(partsOf(layers, without))) {
    const merge = parts.length > 1 ? MERGES.get(key) : undefined
    const [part] = parts
    if (part === undefined) continue
    const merged = merge?.(parts) ?? { value: part.value, places: placeOf(part, []) }
    settings.set(key, merged.value)
    inherited.push(...placesOf(merged.places, [key]))
  }
  return { settings: Object.fromEntries(settings), inherited }
}

/** By setting, the nearest layer first; without those that a nearer layer drops. */
function partsOf(layers: readonly Layer[], without: readonly string[]): Map<string, Part[]> {
  const parts = new Map<string, Part[]>()
  const dropped = new Set<string>()
  for (const { settings, origin, isOwn } of layers) {
    const entries = Object.entries(settings).filter(([key, value]) => {
      return value !== undefined && (isOwn || !(dropped.has(key) || without.includes(key)))
    })
    for (const [key, value] of entries) {
      const found = parts.get(key) ?? []
      found.push({ value, origin: [...origin, key], isOwn })
      parts.set(key, found)
    }
    for (const [key, value] of entries) for (const other of DROPS.get(key)?.(value) ?? []) dropped.add(other)
  }
  return parts
}

/** Routes that answer themselves do not take over what is for upstreams. */
function withoutUseless(parts: Map<string, Part[]>): [string, Part[]][] {
  const [answer] = ANSWERS.flatMap((each) => parts.get(each) ?? [])
  if (answer === undefined || parts.has('apiVersions')) return [...parts]
  const place = String(answer.origin.slice(0, -1))
  return Array.from(parts, ([key, found]): [string, Part[]] => {
    if (!TOWARDS_UPSTREAM.has(key)) return [key, found]
    // What stands beside the answer is a mistake, and told.
    return [key, found.filter(({ isOwn, origin }) => isOwn || String(origin.slice(0, -1)) === place)]
  }).filter(([, found]) => found.length > 0)
}

/** A configuration in which each route says all of its settings itself. */
export interface Expanded {
  readonly input: unknown
  /** What routes share, and where they have it from. */
  readonly shared: SharedConfig
}

/**
 * Puts what routes share into each of them. Looks at the configuration as it was written, and passes over what is not of the
 * expected form.
 * @returns undefined where nothing is shared
 */
export function expandShared(input: unknown): Expanded | undefined {
  if (!isFields(input)) return undefined
  const { defaults, groups, routes, ...others } = input
  if ((defaults === undefined && groups === undefined) || !Array.isArray(routes)) return undefined
  const sharings: RouteSharing[] = []
  const expanded = routes.map((route: unknown, index) => {
    if (!isFields(route)) {
      sharings.push({ use: [], without: [], inherited: [] })
      return route
    }
    const { use: written, without: left, ...own } = route
    const use = textsOf(written).filter((name) => groupNamed(groups, name) !== undefined)
    const without = textsOf(left)
    const { settings, inherited } = mergeLayers(layersOf(own, index, use, input), without)
    sharings.push({ use, without, inherited: inherited.sort(byPath) })
    return settings
  })
  const shared = { defaults, groups, routes: sharings } as SharedConfig
  return { input: { ...others, routes: expanded }, shared }
}

/** The nearest one first. */
function layersOf(own: Fields, index: number, use: readonly string[], input: Fields): Layer[] {
  const groups = use.toReversed().map((name): Layer => {
    return {
      settings: groupNamed(input['groups'], name) ?? {},
      origin: ['groups', name],
      isOwn: false,
    }
  })
  const { defaults } = input
  return [
    { settings: own, origin: ['routes', index], isOwn: true },
    ...groups,
    ...(isFields(defaults) ? [{ settings: defaults, origin: ['defaults'], isOwn: false }] : []),
  ]
}

function groupNamed(groups: unknown, name: string): Fields | undefined {
  const group = fieldOf(groups, name)
  return isFields(group) ? group : undefined
}

function byPath(
  { path: one }: { path: readonly PropertyKey[] },
  { path: other }: { path: readonly PropertyKey[] },
): number {
  const [left, right] = [formatPath(one), formatPath(other)]
  return left < right ? -1 : Number(left > right)
}
