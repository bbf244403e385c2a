import { written } from '../settings/written.ts'
import type { GatewayConfigInput } from './input/input.ts'
import { type GatewayConfig, gatewaySetting } from './schema/schema.ts'
import type { RouteSharing } from './shared/sharing.ts'
import { escapeVariables } from '../settings/prepare/variables.ts'
import { redact } from '../settings/redact.ts'
import { inputSchema, isTemplate, schemasAt } from '../settings/schema/schema-tree.ts'

/**
 * A configuration as somebody would write it who leaves nothing to defaults: durations, sizes and rates with their units. What
 * is read from it is the same configuration. What routes share stands where it was written, and as it was.
 */
export function writtenConfig({
  variables: _,
  schemas: _schemas,
  shared,
  ...config
}: GatewayConfig): Written<GatewayConfigInput> {
  const whole = written(gatewaySetting(), config) as Written<GatewayConfigInput> // as a test reads it back
  return {
    ...whole,
    ...(shared && { defaults: shared.defaults, groups: shared.groups }),
    routes: whole.routes.map((route, index) => withoutInherited(route, shared?.routes[index])),
  }
}

/** A written route without what it has from elsewhere, and with the names of the groups that it has it from. */
function withoutInherited<Route extends object>(route: Route, sharing: RouteSharing | undefined): Route {
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

/** What may be written in a file, never to be changed. */
export type Written<T> = T extends readonly (infer Item)[]
  ? readonly Written<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: Written<T[K]> }
    : T

/** A configuration in force as somebody would write it, and as it may be shown. */
export type ShownConfig = ReturnType<typeof writtenConfig>

/** The configuration in force as it may be shown: with units, redacted, and with the names of variables. */
export function shownConfig(config: GatewayConfig): ShownConfig {
  return redact(nameVariables(writtenConfig(config), config.variables), inputSchema()) as ShownConfig
}

/** The same with each route complete, whatever it shares with others. */
export function shownExpanded(config: GatewayConfig): ShownConfig {
  return shownConfig({ ...config, shared: undefined })
}

/**
 * A copy in which the names of variables stand in place of their values. What only looks like a variable is escaped: written into a
 * file, it would show what the environment holds under that name.
 */
export function nameVariables(whole: unknown, variables: GatewayConfig['variables'] = []): unknown {
  const bySection = Map.groupBy(variables, ({ path }) => sectionOf(path))
  const named = (value: unknown, path: readonly PropertyKey[]): unknown => {
    if (typeof value === 'string') {
      const place = bySection.get(sectionOf(path))?.find((each) => isWithin(path, each.path))
      return place === undefined ? literal(value, path) : place.written
    }
    if (typeof value !== 'object' || value === null) return value
    // The text of a file that was read into a list or an object, as of keys and users, is none of the texts in it.
    const whole = bySection
      .get(sectionOf(path))
      ?.find((each) => each.path.length === path.length && isWithin(path, each.path))
    if (whole !== undefined && !isListOfOne(value)) return whole.written
    if (Array.isArray(value)) return value.map((item, index) => named(item, [...path, index]))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, named(item, [...path, key])]))
  }
  return named(whole, [])
}

/** One text may be written for a list of one. */
function isListOfOne(value: object): boolean {
  return Array.isArray(value) && value.length === 1 && typeof value[0] === 'string'
}

/** A text that came from no variable, as it must be written. Templates of requests keep their escapes. */
function literal(text: string, path: readonly PropertyKey[]): string {
  return text.includes('${') && !isTemplate(schemasAt(inputSchema(), path)) ? escapeVariables(text) : text
}

function sectionOf(path: readonly PropertyKey[]): string {
  return path.slice(0, 2).map(plainKey).join('.')
}

/**
 * Whether what stands at the path was made of what was written at the other one: a checked configuration has lists and objects
 * where one text was written, and names of fields in lower case.
 */
function isWithin(path: readonly PropertyKey[], written: readonly PropertyKey[]): boolean {
  let found = 0
  for (const key of path) {
    if (found < written.length && plainKey(key) === plainKey(written[found] ?? '')) found++
  }
  return found === written.length
}

/** Versions of an API are the same with a "v" and without. */
function plainKey(key: PropertyKey): string {
  return String(key)
    .toLowerCase()
    .replace(/^v(?=\d)/, '')
}
