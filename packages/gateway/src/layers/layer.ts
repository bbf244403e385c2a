import {
  type Exchange,
  fillPlaces,
  ownPolicy,
  type Policy,
  type RetryBudget,
  type Upstream,
} from '@headgate/core'
import type { AttemptRow, AttemptWay, ExchangeRow, ExchangeWay, LeadTo } from '../features/layer.ts'
import type { Identity } from '../features/identity.ts'
import type { RouteConfig } from '../config/schema/route-schema.ts'
import type { GatewayConfig } from '../config/schema/schema.ts'
import type { SplitWeights } from '../features/split/split-weights.ts'
import type { Kept } from '../kept.ts'
import type { UpstreamGuard } from '../upstreams/upstream-guard.ts'
import type { Surroundings } from '../surroundings.ts'
import type { GatewayPlace, PlacedPolicy } from './place.ts'

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

/** What is done to all stacks. */
export interface StackOptions {
  /** The user's own. Default: none. */
  readonly policies?: readonly PlacedPolicy[] | undefined
  /** Leaves layers out. Default: none. */
  readonly leavesOut?: ((layer: GatewayLayer) => boolean) | undefined
  /** Who asks, where no request proves it: for explanations. */
  readonly assumed?: Identity | undefined
  /** Default: nobody looks. */
  readonly observer?: StackObserver | undefined
}

/** What a route is compiled with. */
export interface RouteContext extends Surroundings, StackOptions {
  /** For state that a reload is to keep. */
  readonly kept: Kept
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
  readonly leadTo: LeadTo
}

export interface AttemptContext extends RouteContext {
  readonly destination: Destination
}

export type ExchangeLayer = ExchangeRow<Pick<ExchangeSetting, 'config' | 'route'>, ExchangeContext>

export type AttemptLayer = AttemptRow<Pick<ExchangeSetting, 'config' | 'route'>, AttemptContext>

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

/** A list of layers with the policies of the user's own in their places. */
export function withPolicies(
  list: readonly (GatewayLayer | GatewayPlace)[],
  policies: readonly PlacedPolicy[],
): readonly GatewayLayer[] {
  return fillPlaces(list, (row) =>
    policies.filter((each) => each.place === row.place).map(({ policy }) => ownLayer(row, policy)),
  )
}

function ownLayer({ place: name, once, about }: GatewayPlace, policy: Policy): GatewayLayer {
  const layer = {
    name: policy.name || name,
    about,
    // What it does is not known: it may send something.
    judged: false as const,
    build: () => ownPolicy(policy, `the policy at ${name}`),
    tells: () => ({ place: name }),
  }
  return once === 'exchange' ? { ...layer, once } : { ...layer, once }
}
