import type { Handler, Layer, Metric, Policy } from '@headgate/core'
import type { CodeReference } from '../code/code-reference.ts'
import type { JsonSchema } from '../settings/schema/schema-tree.ts'
import type { Merged, Part } from '../settings/merge.ts'
import type { Finding, Path } from '../settings/problems/problem.ts'
import type { Fields } from '../settings/problems/fields.ts'

/**
 * Through which part of the list an exchange goes, before an upstream is chosen:
 * - `route`: a route takes it
 * - `unrouted`: no route does, or its path is refused
 * - `unrouted-graphql`: it is refused as GraphQL before its route is known
 */
export type ExchangeWay = 'route' | 'unrouted' | 'unrouted-graphql'

export const ALL_WAYS: readonly ExchangeWay[] = ['route', 'unrouted', 'unrouted-graphql']

/**
 * Why an upstream is asked, in words that its name follows:
 * - `target`: the route leads there, as it is, by its split or by a version of its API
 * - `fallback`: it answers where that failed
 * - `mirror`: it gets a copy
 */
export const ATTEMPTS = { target: 'attempts at', fallback: 'the fallback to', mirror: 'a copy to' } as const

export type AttemptWay = keyof typeof ATTEMPTS

export const ATTEMPT_WAYS = Object.keys(ATTEMPTS) as readonly AttemptWay[]

/** Nothing is done for the sake of a copy. */
export const USUAL_WAYS: readonly AttemptWay[] = ['target', 'fallback']

/** What stands between a route's own policies and one of its upstreams, that upstream included. */
export type LeadTo = (way: AttemptWay, upstream: string) => Handler

/** What a row needs of a route: its name, and settings of its own. */
export type Route<Key extends string, Value> = { readonly name: string } & {
  readonly [K in Key]?: Value | undefined
}

/** A place within a setting where it names an upstream. */
export type UpstreamPlace = readonly [path: readonly (string | number)[], upstream: unknown]

/** Says what stands in place of a reference to code. */
export type EachReference = (reference: CodeReference, path: Path) => CodeReference

/** What must be so of the settings of a section together, by its place: `*` is any entry. */
export interface SectionRules {
  readonly at: readonly string[]
  readonly rules: readonly JsonSchema[]
}

/**
 * A setting of routes, beside its policy: a row says it of the setting that has its name. Whatever looks at all settings of a route
 * goes by the list of rows.
 */
export interface RouteSetting<Value = never> {
  /**
   * It has no effect where no upstream is asked: a route that answers by itself has it neither from groups nor from defaults.
   * `only`: to write it beside such an answer is a mistake.
   */
  readonly towardsUpstream?: true | 'only'
  /** Where it names upstreams, as it was written or as it was read: whatever has not the expected form names none. */
  readonly upstreams?: (setting: Value) => readonly UpstreamPlace[]
  /** The setting with other references to code in place of its own, each with its path within the setting. */
  readonly code?: (setting: Value, each: EachReference) => unknown
  /** Other settings that cannot stand beside it: where it is written nearer to the route, a route does not have these from farther. */
  readonly drops?: (written: unknown) => readonly string[]
  /** Puts the parts of several layers together, the nearest one first. Default: the nearest one counts, whole. */
  readonly merge?: (parts: readonly Part[]) => Merged
  /** What cannot be meant, of the setting as it was written. */
  readonly checks?: (written: unknown, path: Path, route: Fields) => readonly Finding[]
  /** The same for editors, as far as JSON Schema can say it. */
  readonly rules?: readonly SectionRules[]
  /** What it counts by route. Its series is shown from the start in whatever route has a layer of one of these names. */
  readonly counter?: { readonly metric: Metric<'counter', 'route'>; readonly shownWith: readonly string[] }
}

/** The same, whatever the setting is. */
export interface NamedSetting extends RouteSetting {
  readonly name: string
}

/** What people may see: with units, without secrets. */
export interface ShownExchange {
  readonly route: Fields
  readonly config: Fields
}

export interface ShownAttempt extends ShownExchange {
  readonly way: AttemptWay
  readonly upstream: Fields
}

/**
 * A policy that an exchange meets once.
 * `Setting` is what it needs of the route and of the whole configuration, `Context` what it shares with others.
 */
export interface ExchangeRow<Setting = object, Context = object, Value = never>
  extends Layer<{ readonly way: ExchangeWay } & Setting, Context, ShownExchange, unknown>,
    RouteSetting<Value> {
  readonly once: 'exchange'
  readonly build: (setting: { readonly way: ExchangeWay } & Setting, context: Context) => Policy | undefined
  /** Default: `route` alone. */
  readonly ways?: readonly ExchangeWay[]
}

/** A policy that each attempt at an upstream meets; `retry` and `hedge`, which make the attempts, are met once for them all. */
export interface AttemptRow<Setting = object, Context = object, Value = never>
  extends Layer<
      { readonly way: AttemptWay; readonly upstream: string } & Setting,
      Context,
      ShownAttempt,
      unknown
    >,
    RouteSetting<Value> {
  readonly once: 'attempt'
  readonly build: (
    setting: { readonly way: AttemptWay; readonly upstream: string } & Setting,
    context: Context,
  ) => Policy | undefined
  /** Default: `USUAL_WAYS`. */
  readonly ways?: readonly AttemptWay[]
}
