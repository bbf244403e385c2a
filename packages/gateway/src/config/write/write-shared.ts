import type { RouteSharing } from '../shared/shared-config.ts'

/** A written route without what it has from elsewhere, and with the names of the groups that it has it from. */
export function withoutInherited<Route extends object>(
  route: Route,
  sharing: RouteSharing | undefined,
): Route {
  if (sharing === undefined) return route
  const { use, without, inherited } = sharing
  const own = inherited.reduce<unknown>((left, { path }) => omit(left, path), route) as Route
  return { ...own, ...(use.length > 0 && { use }), ...(without.length > 0 && { without }) }
}

function omit(value: unknown, [key, ...rest]: readonly PropertyKey[]): unknown {
  // Of a list, what is inherited comes last.
  if (Array.isArray(value)) return value.slice(0, Number(key))
  if (typeof value !== 'object' || value === null || key === undefined) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]): [string, unknown][] => {
      if (!isSame(name, String(key), value)) return [[name, item]]
      const left = rest.length === 0 ? undefined : omit(item, rest)
      return left === undefined || isNothing(left) ? [] : [[name, left]]
    }),
  )
}

/** A checked configuration has names of fields in lower case. */
function isSame(name: string, written: string, within: object): boolean {
  return name === (Object.hasOwn(within, written) ? written : written.toLowerCase())
}

/** A list of nothing is no setting. */
function isNothing(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}
