import type { VariablePlace } from '../../settings/prepare/prepare.ts'
import { type Finding, formatPath, type Path } from '../../settings/problems/problem.ts'
import { show } from '../../settings/problems/show.ts'
import type { InheritedSetting } from '../../settings/merge.ts'
import type { RouteSharing, SharedConfig } from './sharing.ts'

/** `defaults`, `groups.api`. */
function sourceName(origin: Path): string {
  return origin[0] === 'groups' ? formatPath(origin.slice(0, 2)) : 'defaults'
}

/** Where each setting of a route comes from that is not written in the route itself, by its place within the route. */
export function settingSources(
  shared: SharedConfig | undefined,
  index: number,
): { readonly setting: string; readonly from: string }[] {
  const inherited = shared?.routes[index]?.inherited ?? []
  return inherited.map(({ path, origin }) => ({ setting: formatPath(path), from: sourceName(origin) }))
}

/**
 * What was found in complete routes, at the places where it is written: a mistake that routes share is told once. What some of
 * them have no use for is no mistake, as long as another one has.
 * @param nameOf the name of a route
 */
export function atOrigins(
  findings: readonly Finding[],
  shared: SharedConfig,
  nameOf: (index: number) => string,
): Finding[] {
  const own: Finding[] = []
  const inherited = new Map<string, { finding: Finding; routes: Set<number>; origin: Path }>()
  for (const finding of findings) {
    const [section, index, ...rest] = finding.path
    const sharing = section === 'routes' && typeof index === 'number' ? shared.routes[index] : undefined
    const found = sharing === undefined ? undefined : settingAt(sharing, rest)
    if (found === undefined || typeof index !== 'number') {
      own.push(finding)
      continue
    }
    const path = [...found.origin, ...rest.slice(found.path.length)]
    const key = `${formatPath(path)} ${finding.problem}`
    const same = inherited.get(key) ?? {
      finding: { ...finding, path },
      routes: new Set(),
      origin: found.origin,
    }
    same.routes.add(index)
    inherited.set(key, same)
  }
  const shown = Array.from(inherited.values(), ({ finding, routes, origin }): Finding[] => {
    const isOfAll = shared.routes.every((route, index) => routes.has(index) || !sharesWith(route, origin))
    if (isOfAll) return [finding]
    if (finding.problem.startsWith(USELESS)) return []
    const [first = 0] = routes
    return [{ ...finding, problem: `${finding.problem} (in the route ${show(nameOf(first))})` }]
  })
  return [...own, ...shown.flat()]
}

/** How checks begin to tell of what does no harm. */
const USELESS = 'is without effect'

function sharesWith({ inherited }: RouteSharing, origin: Path): boolean {
  const source = sourceName(origin)
  return inherited.some(
    (each) => sourceName(each.origin) === source && String(each.origin[1]) === String(origin[1]),
  )
}

/** The inherited setting that the place within a route belongs to. What a match says as a whole is said of the route. */
function settingAt({ inherited }: RouteSharing, place: Path): InheritedSetting | undefined {
  if (place.length === 1 && place[0] === 'match') return undefined
  return inherited.find(({ path }) => isBelow(place, path))
}

function isBelow(place: Path, path: Path): boolean {
  return path.every((key, depth) => String(key) === String(place[depth]))
}

/** The places of variables within complete routes, besides those where they are written. */
export function variablesWithin(places: readonly VariablePlace[], { routes }: SharedConfig): VariablePlace[] {
  const inGroups = places.filter(({ path: [section] }) => section === 'groups' || section === 'defaults')
  if (inGroups.length === 0) return []
  return routes.flatMap(({ inherited }, index) =>
    inherited.flatMap(({ path, origin }) =>
      inGroups.flatMap((place) =>
        isBelow(place.path, origin)
          ? [{ ...place, path: ['routes', index, ...path, ...place.path.slice(origin.length)] }]
          : [],
      ),
    ),
  )
}
