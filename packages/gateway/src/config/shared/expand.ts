import { type Fields, isFields, textsOf } from '../../settings/problems/fields.ts'
import type { RouteSharing, SharedConfig } from './shared-config.ts'
import { formatPath } from '../../settings/problems/problem.ts'
import { type Layer, mergeLayers } from './layers.ts'

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
  const group = isFields(groups) && Object.hasOwn(groups, name) ? groups[name] : undefined
  return isFields(group) ? group : undefined
}

function byPath(
  { path: one }: { path: readonly PropertyKey[] },
  { path: other }: { path: readonly PropertyKey[] },
): number {
  const [left, right] = [formatPath(one), formatPath(other)]
  return left < right ? -1 : Number(left > right)
}
