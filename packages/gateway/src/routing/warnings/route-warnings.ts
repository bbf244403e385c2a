import type { RouteConfig } from '../../config/types/config.ts'
import { weightOf } from '../conditions/condition.ts'
import { conditionsOf } from '../conditions/conditions.ts'
import { coversHost, coversMethod, coversPath, patternParser } from './coverage.ts'
import { type Claim, claimsOf } from './implication.ts'
import { excludeEachOther } from './overlap.ts'
import type { PathPattern } from '../router/pattern.ts'

/** Something about two routes that can hardly be meant; both by their position. */
export interface RouteWarning {
  readonly kind: 'unreachable' | 'ambiguous'
  readonly route: number
  /** For `unreachable`, one of those that leave nothing for it. */
  readonly other: number
}

/** One host, path and method of a route, and all that decides about it. */
interface Place {
  readonly route: number
  readonly config: RouteConfig
  readonly host: string | undefined
  readonly pattern: PathPattern
  /** Host and path without the names of parameters: places with the same one match the same. */
  readonly shape: string
  /** Undefined: any. */
  readonly method: string | undefined
  readonly conditions: ReadonlySet<string>
  readonly claims: readonly Claim[]
  readonly weight: number
}

/**
 * Finds routes that are never taken, because others take all of their requests before, and pairs between which only their order
 * in the file decides. What it reports is so; it does not find everything: of conditions that are made of others, only the words
 * are compared.
 */
export function routeWarnings(routes: readonly RouteConfig[]): RouteWarning[] {
  const places = routes.flatMap(placesOf(patternParser()))
  const index = new PlaceIndex(places)
  const byRoute = Map.groupBy(places, ({ route }) => route)
  const warnings: RouteWarning[] = []
  for (const [route, own] of byRoute) {
    const takers = own.map((place) => index.taker(place))
    const [first] = takers
    if (first !== undefined && !takers.includes(undefined))
      warnings.push({ kind: 'unreachable', route, other: first })
    else {
      const rival = own.map((place) => index.rival(place)).find((each) => each !== undefined)
      if (rival !== undefined) warnings.push({ kind: 'ambiguous', route, other: rival })
    }
  }
  return warnings
}

function placesOf(parse: (path: string) => PathPattern): (config: RouteConfig, route: number) => Place[] {
  return (config, route) => {
    const { host, path: paths, methods } = config.match
    const conditions = conditionsOf(config.match)
    const common = {
      route,
      config,
      conditions: new Set(conditions.map(({ text }) => text)),
      claims: claimsOf(config.match),
      weight: weightOf(conditions),
    }
    return (host ?? [undefined]).flatMap((each) =>
      paths.flatMap((path) =>
        (methods ?? [undefined]).map((method) => ({
          ...common,
          host: each,
          pattern: parse(path),
          shape: shapeOf(each, parse(path)),
          method,
        })),
      ),
    )
  }
}

/** Places by host and path, so that a table of thousands is not compared with itself. */
class PlaceIndex {
  private readonly byShape: ReadonlyMap<string, readonly Place[]>
  /** Those that may come before places of another shape. */
  private readonly raised: readonly Place[]

  constructor(places: readonly Place[]) {
    this.byShape = Map.groupBy(places, ({ shape }) => shape)
    const lowest = places.reduce((least, { config }) => Math.min(least, config.priority), Infinity)
    this.raised = places.filter(({ config }) => config.priority > lowest)
  }

  /** The route that takes all that this place matches, before it. */
  taker(place: Place): number | undefined {
    const takes = (other: Place): boolean => takesAll(other, place)
    const taker = this.byShape.get(place.shape)?.find(takes) ?? this.raised.find(takes)
    return taker?.route
  }

  /** A route before it between which and this one nothing but the order decides. */
  rival(place: Place): number | undefined {
    return this.byShape.get(place.shape)?.find((other) => isRival(other, place))?.route
  }
}

function shapeOf(host: string | undefined, { segments, open }: PathPattern): string {
  const parts = segments.map((each) => (each.kind === 'static' ? `=${each.text}` : ':'))
  return `${host ?? ''} ${parts.join('/')} ${open}`
}

function takesAll(one: Place, other: Place): boolean {
  return (
    one.route !== other.route &&
    isBefore(one, other) &&
    coversHost(one.host, other.host) &&
    coversMethod(one.method === undefined ? [] : [one.method], other.method) &&
    coversPath(one.pattern, other.pattern) &&
    allImplied(one, other)
  )
}

/** Whether whatever the other one matches has all that this one asks for. */
function allImplied({ claims }: Place, { conditions, config }: Place): boolean {
  return claims.every(({ text, impliedBy }) => conditions.has(text) || impliedBy(config.match))
}

/** Whether it is asked first, where both match. */
function isBefore(one: Place, other: Place): boolean {
  const { priority } = one.config
  if (priority !== other.config.priority) return priority > other.config.priority
  // Of different patterns, the one that covers the other is the less specific.
  if (!isSamePlace(one, other)) return false
  if ((one.method === undefined) !== (other.method === undefined)) return one.method !== undefined
  return one.weight > other.weight || (one.weight === other.weight && one.route < other.route)
}

function isSamePlace(one: Place, other: Place): boolean {
  return one.shape === other.shape
}

function isRival(one: Place, other: Place): boolean {
  return (
    one.route < other.route &&
    one.config.priority === other.config.priority &&
    one.method === other.method &&
    one.weight === other.weight &&
    one.weight > 0 &&
    isSamePlace(one, other) &&
    !excludeEachOther(one.config.match, other.config.match)
  )
}
