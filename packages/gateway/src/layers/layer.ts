import type { Exchange, Handler, Layer, RetryBudget, Upstream } from '@headgate/core'
import type { ShownConfig } from '../config/shown.ts'
import type { GatewayConfig } from '../config/schema/schema.ts'
import type { RouteConfig } from '../config/schema/route-schema.ts'
import type { KeptParts } from '../kept-parts.ts'
import type { UpstreamGuard } from '../resilience/upstream-guard.ts'
import type { SplitWeights } from '../routing/split/split-weights.ts'
import type { Surroundings } from '../surroundings.ts'
import type { PlacedPolicy } from './place.ts'

/**
 * Through which part of the list an exchange goes, before an upstream is chosen:
 * - `route`: a route takes it
 * - `unrouted`: no route does, or its path is refused
 * - `unrouted-graphql`: it is refused as GraphQL before its route is known
 */
export type ExchangeWay = 'route' | 'unrouted' | 'unrouted-graphql'

/**
 * Why an upstream is asked:
 * - `target`: the route leads there, as it is, by its split or by a version of its API
 * - `fallback`: it answers where that failed
 * - `mirror`: it gets a copy
 */
export type AttemptWay = 'target' | 'fallback' | 'mirror'

/** What the policies of a route are built for. */
export interface ExchangeSetting {
  readonly way: ExchangeWay
  readonly config: GatewayConfig
  readonly route: RouteConfig
}

/** What the policies of the attempts at one upstream are built for. */
export interface AttemptSetting {
  readonly way: AttemptWay
  readonly config: GatewayConfig
  readonly route: RouteConfig
  /** As the route calls it. */
  readonly upstream: string
}

/** The same as they may be shown: with units, without secrets. */
export interface ShownExchange {
  readonly config: ShownConfig
  readonly route: ShownConfig['routes'][number]
}
export interface ShownAttempt extends ShownExchange {
  readonly way: AttemptWay
  readonly upstream: ShownUpstream
}
export type ShownUpstream = NonNullable<ShownConfig['upstreams']>[string]

/** What is done to all stacks. */
export interface StackOptions {
  /** The user's own. Default: none. */
  readonly policies?: readonly PlacedPolicy[] | undefined
  /** Leaves layers out. Default: none. */
  readonly leavesOut?: ((layer: GatewayLayer) => boolean) | undefined
  /** Default: nobody looks. */
  readonly observer?: StackObserver | undefined
}

/** What a route is compiled with. */
export interface RouteContext extends Surroundings, StackOptions {
  /** For state that a reload is to keep. */
  readonly parts: KeptParts
  /** Of its split, if it has one: they may change at any time. */
  readonly weights?: SplitWeights | undefined
  /**
   * An upstream that the route leads to. To be asked here and nowhere else: a reload compiles the routes anew whose upstreams
   * changed.
   * @throws TypeError if there is none of that name
   */
  readonly upstreamNamed: (name: string) => Destination
}

/** An upstream, as routes use it. */
export interface Destination {
  readonly upstream: Pick<Upstream, 'handler' | 'steps'>
  /** Shared by all routes to that upstream. */
  readonly budget: RetryBudget
  /** What keeps it from being asked too much. */
  readonly guard: UpstreamGuard
}

export interface ExchangeContext extends RouteContext {
  /** What stands between a route's own policies and one of its upstreams, that upstream included. */
  readonly leadTo: (way: AttemptWay, upstream: string) => Handler
}

export interface AttemptContext extends RouteContext {
  readonly destination: Destination
}

/** A policy that an exchange meets once. */
export interface ExchangeLayer extends Layer<ExchangeSetting, ExchangeContext, ShownExchange, unknown> {
  readonly once: 'exchange'
  /** Default: `route` alone. */
  readonly ways?: readonly ExchangeWay[]
}

/** A policy that each attempt at an upstream meets; `retry` and `hedge`, which make the attempts, are met once for them all. */
export interface AttemptLayer extends Layer<AttemptSetting, AttemptContext, ShownAttempt, unknown> {
  readonly once: 'attempt'
  /** Default: all but `mirror`. */
  readonly ways?: readonly AttemptWay[]
}

export type GatewayLayer = ExchangeLayer | AttemptLayer

/** Learns what is composed, and what exchanges pass: for explanations and tests. */
export interface StackObserver {
  /** A stack is composed of these layers, the outermost first. */
  readonly composed?: (stack: ComposedStack) => void
  /** An exchange enters a layer. */
  readonly entered?: (
    layer: GatewayLayer,
    stack: ExchangeSetting | AttemptSetting,
    exchange: Exchange,
  ) => void
}

export interface ComposedStack {
  readonly setting: ExchangeSetting | AttemptSetting
  readonly layers: readonly GatewayLayer[]
}
