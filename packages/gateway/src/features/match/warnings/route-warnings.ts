import type { MatchedRoute } from '../setting.ts'
import { weightOf } from '../../../routing/conditions.ts'
import { conditionsOf } from '../conditions.ts'
import {
  type Claim,
  claimsOf,
  coversHost,
  coversMethod,
  coversPath,
  excludeEachOther,
  patternParser,
} from './overlap.ts'
import type { PathPattern } from '../../../settings/values/pattern.ts'

/** Something about two routes that can hardly be meant; both by their position. */
export interface RouteWarning {
  /** `unfinished`: from this route on, there were too many to be compared. */
  readonly kind: 'unreachable' | 'ambiguous' | 'unfinished'
  readonly route: number
  /** For `unreachable`, one of those that leave nothing for it. */
  readonly other: number
}

/** One host, path and method of a route, and all that decides about it. */
interface Place {
  readonly route: number
  readonly config: MatchedRoute
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
export function routeWarnings(routes: readonly MatchedRoute[]): RouteWarning[] {
  const places = routes.flatMap(placesOf(patternParser()))
  const index = new PlaceIndex(places)
  const byRoute = Map.groupBy(places, ({ route }) => route)
  const warnings: RouteWarning[] = []
  for (const [route, own] of byRoute) {
    if (index.isSpent) return [...warnings, { kind: 'unfinished', route, other: route }]
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

function placesOf(parse: (path: string) => PathPattern): (config: MatchedRoute, route: number) => Place[] {
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

/** Routes of one host and path are compared in pairs. So many pairs take seconds; what takes longer, nobody waits for. */
const MOST_COMPARISONS = 20_000_000
/** Of pairs whose conditions are compared, too. */
const CONDITIONS_COST = 20

/** Places by host and path, so that a table of thousands is not compared with itself. */
class PlaceIndex {
  private readonly byShape: ReadonlyMap<string, readonly Place[]>
  /** Those that may come before places of another shape. */
  private readonly raised: readonly Place[]
  private left = MOST_COMPARISONS

  constructor(places: readonly Place[]) {
    this.byShape = Map.groupBy(places.toSorted(inOrder), ({ shape }) => shape)
    const lowest = places.reduce((least, { config }) => Math.min(least, config.priority), Infinity)
    this.raised = places.filter(({ config }) => config.priority > lowest)
  }

  /** Whether it has compared as much as it may. */
  get isSpent(): boolean {
    return this.left <= 0
  }

  /** The route that takes all that this place matches, before it. */
  taker(place: Place): number | undefined {
    const takes = (other: Place): boolean => mayTake(other, place) && this.paid(allImplied(other, place))
    return (this.findBefore(place, takes) ?? this.find(this.raised, takes))?.route
  }

  /** A route before it between which and this one nothing but the order decides. */
  rival(place: Place): number | undefined {
    const isRival = (other: Place): boolean =>
      mayBeRival(other, place) && this.paid(!excludeEachOther(other.config.match, place.config.match))
    return this.findBefore(place, isRival)?.route
  }

  /** Among those of its shape, only what is asked before it can take anything of it, and stands before it here. */
  private findBefore(place: Place, test: (other: Place) => boolean): Place | undefined {
    for (const other of this.byShape.get(place.shape) ?? []) {
      if (other === place || this.left-- <= 0) return undefined
      if (test(other)) return other
    }
    return undefined
  }

  private find(places: readonly Place[] | undefined, test: (other: Place) => boolean): Place | undefined {
    return places?.find((other) => this.left-- > 0 && test(other))
  }

  private paid(result: boolean): boolean {
    this.left -= CONDITIONS_COST
    return result
  }
}

/** Of two places with the same shape, the one first that is asked first. */
function inOrder(one: Place, other: Place): number {
  return (
    other.config.priority - one.config.priority ||
    Number(one.method === undefined) - Number(other.method === undefined) ||
    other.weight - one.weight ||
    one.route - other.route
  )
}

function shapeOf(host: string | undefined, { segments, open }: PathPattern): string {
  const parts = segments.map((each) => (each.kind === 'static' ? `=${each.text}` : ':'))
  return `${host ?? ''} ${parts.join('/')} ${open}`
}

/** As far as conditions do not say otherwise. */
function mayTake(one: Place, other: Place): boolean {
  return (
    one.route !== other.route &&
    isBefore(one, other) &&
    coversHost(one.host, other.host) &&
    coversMethod(one.method === undefined ? [] : [one.method], other.method) &&
    coversPath(one.pattern, other.pattern)
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

/** As far as conditions do not say otherwise. */
function mayBeRival(one: Place, other: Place): boolean {
  return (
    one.route < other.route &&
    one.config.priority === other.config.priority &&
    one.method === other.method &&
    one.weight === other.weight &&
    one.weight > 0 &&
    isSamePlace(one, other)
  )
}
