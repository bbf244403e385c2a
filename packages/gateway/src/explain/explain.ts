import {
  type CacheStore,
  clientSeer,
  Exchange,
  type Foresight,
  type Handler,
  type HttpRequest,
  type HttpResponse,
  InvalidTarget,
  type Peer,
  ProcessStore,
  systemClock,
} from '@headgate/core'
import { type Identity, identityOf } from '../features/identity.ts'
import { type ConsumerFacts, consumerFacts } from '../features/consumers/facts.ts'
import { verdictOf, verdictReason } from '../features/authorization/rules.ts'
import type { EndpointConfig } from '../config/schema/upstream-schema.ts'
import type { GatewayConfig } from '../config/schema/schema.ts'
import type { RouteConfig } from '../config/schema/route-schema.ts'
import { resolveUpstreams, upstreamsOf } from '../config/upstreams.ts'
import { settingSources } from '../config/shared/origins.ts'
import { ipRanges } from '../settings/values/address.ts'
import { dryRunContext } from './dry-run.ts'
import { type RouteFacts, routeFacts } from './route-facts.ts'
import { type SplitFacts, splitFacts } from '../features/split/facts.ts'
import { type ExplainedPolicy, type NamedPolicy, StackRecord } from './explained-policies.ts'
import { routeHandler, unroutedHandler } from '../route.ts'
import { hasTwoReadings, settlePath } from '../routing/router/path-readings.ts'
import { type Found, Router } from '../routing/router/router.ts'
import { findPreflight } from '../features/cors/cors.ts'
import { routeEntry } from '../features/match/conditions.ts'
import { geoLookup } from '../features/geo/geo-files.ts'
import type { GeoLookup, GeoPlace } from '../features/geo/geo-place.ts'
import { type ExplainedGraphql, seekByOperation } from '../features/graphql/explain-operation.ts'
import { whyNot } from '../features/match/warnings/why-not.ts'

/** What becomes of a request, and why; nothing of it is sent. */
export interface Explanation {
  readonly found: Found<RouteConfig>
  /** Why its path is refused where routes are sought; undefined if it is not. */
  readonly pathProblem: string | undefined
  /** Undefined where nothing looks at GraphQL. */
  readonly graphql: ExplainedGraphql | undefined
  /** The client, behind trusted proxies. */
  readonly client: string
  /** Where it is; undefined if the configuration has no database. */
  readonly place: GeoPlace | undefined
  /** Every other route, in the order of the configuration. */
  readonly others: readonly { readonly name: string; readonly reason: string }[]
  /** Undefined where no route takes the request. */
  readonly taken: TakenRoute | undefined
  /** The policies that it passes where no route takes it, outermost first; else none. */
  readonly unrouted: readonly NamedPolicy[]
}

export interface TakenRoute {
  readonly config: RouteConfig
  /** Where those of its settings come from that it shares with other routes. */
  readonly shared: readonly { readonly setting: string; readonly from: string }[]
  readonly facts: RouteFacts
  /** Undefined where nothing is split, or the request does not come so far. */
  readonly split: SplitFacts | undefined
  /** What its cache would do; undefined if it has none, or the request does not come so far. */
  readonly cache: Foresight | undefined
  /** Who asks; undefined where it is not proven, or nobody asks for it. */
  readonly identity: Identity | undefined
  /** Whose credentials these are; undefined for nobody's. */
  readonly consumer: ConsumerFacts | undefined
  /** What the rules of authorization say; undefined if they are not asked. */
  readonly authorization: { readonly isAllowed: boolean; readonly reason: string } | undefined
  /** Why it is refused, where it is. */
  readonly refusal: string | undefined
  /** Outermost first; behind those that an exchange passes once, those of the attempts at each upstream. */
  readonly policies: readonly ExplainedPolicy[]
  /** As the upstream gets it; undefined if it is answered before. */
  readonly sent: Exchange | undefined
  /** Undefined if the request reaches an upstream. */
  readonly answer: HttpResponse | undefined
  /** The policy that answered, or refused; undefined if the request reaches an upstream. */
  readonly answeredBy: string | undefined
  readonly upstreams: readonly {
    readonly name: string
    /** Where the gateway is, for this upstream; undefined: zones do not matter. */
    readonly zone: string | undefined
    /** Whether each endpoint has a circuit breaker of its own. */
    readonly circuits: boolean
    readonly endpoints: readonly EndpointConfig[]
  }[]
}

/** Weights that splits have by now in place of those of the configuration: by route, and by upstream. */
export type LiveWeights = ReadonlyMap<string, Readonly<Record<string, number>>>

/** What is known of a gateway that runs. */
export interface Live {
  readonly weights?: LiveWeights | undefined
  /** Who asks, in place of what the request proves. */
  readonly as?: Identity | undefined
  /** Of its cache; without it nothing is stored. */
  readonly store?: CacheStore | undefined
}

/** @param peer that asks */
export async function explain(
  config: GatewayConfig,
  request: HttpRequest,
  peer: Peer,
  live: Live = {},
): Promise<Explanation> {
  const exchange = new Exchange(request, systemClock, peer)
  clientSeer(ipRanges(config.trustedProxies))?.(exchange)
  const geo = geoLookup(config)
  const { authority } = request
  const router = new Router(config.routes.map((route) => routeEntry(route, route, geo)))
  let pathProblem: string | undefined
  const findBy = (each: Exchange, method: string): Found<RouteConfig> => {
    const { path } = request
    const findAt = (spelling: string): Found<RouteConfig> => {
      request.path = spelling
      return router.find(authority.host, spelling, method, each)
    }
    if (!hasTwoReadings(path)) return findAt(path)
    const settled = settlePath(path, findAt, ({ paths }) => paths)
    request.path = settled instanceof InvalidTarget ? path : settled.path
    if (!(settled instanceof InvalidTarget)) return settled.found
    pathProblem = settled.reason
    return { kind: 'not_found' }
  }
  const find = (each: Exchange): Found<RouteConfig> =>
    findPreflight(
      request,
      (method) => findBy(each, method),
      (route) => route.cors !== undefined,
    )
  const { found, graphql } = await seekByOperation(config.routes, exchange, find)
  const chosen = found.kind === 'found' ? found.route : undefined
  // Where none is sought, none is passed over.
  const others = (graphql?.isUnrouted === true ? [] : config.routes)
    .filter((route) => route !== chosen)
    .map((route) => ({ name: route.name, reason: whyNot(route, chosen, exchange, geo) }))
  const client = exchange.clientAddress
  const seen = { found, pathProblem, graphql, client, place: config.geo && geo(client), others }
  if (found.kind !== 'found' || graphql?.isUnrouted === true) {
    const way = graphql?.isUnrouted === true ? 'unrouted-graphql' : 'unrouted'
    return { ...seen, taken: undefined, unrouted: unroutedPolicies(way, config, geo) }
  }
  exchange.params = found.params
  return { ...seen, taken: await takeRoute(config, found.route, exchange, geo, live), unrouted: [] }
}

function unroutedPolicies(
  way: 'unrouted' | 'unrouted-graphql',
  config: GatewayConfig,
  geo: GeoLookup,
): readonly NamedPolicy[] {
  const observer = new StackRecord()
  const context = { ...dryRunContext(config, systemClock, geo, nowhere), observer }
  unroutedHandler(way, config, context, nowhere())
  return observer.named
}

function nowhere(): Handler {
  return () => Promise.reject(new TypeError('no route takes it'))
}

/** The route itself is run, with a place where requests end in place of its upstreams: what it does is what is shown. */
async function takeRoute(
  config: GatewayConfig,
  route: RouteConfig,
  exchange: Exchange,
  geo: GeoLookup,
  live: Live,
): Promise<TakenRoute> {
  // Before the route changes the request.
  const facts = routeFacts(config, route, exchange, geo)
  const arrived = Promise.withResolvers<undefined>()
  let sent: Exchange | undefined
  const end: Handler = (exchangeSent) => {
    sent ??= exchangeSent
    arrived.resolve(undefined)
    return new Promise(() => {})
  }
  const record = new StackRecord()
  let cache: Foresight | undefined
  const store = live.store ?? new ProcessStore()
  const context = {
    ...dryRunContext(config, systemClock, geo, () => end),
    observer: record,
    assumed: live.as,
    cache: { id: '', store, foreseen: (told: Foresight) => (cache ??= told) },
  }
  const answer = await Promise.race([routeHandler(route, config, context)(exchange), arrived.promise])
  const policies = record.policies(config, config.routes.indexOf(route))
  const answeredBy = answer && record.last?.name
  const resolved = resolveUpstreams(config)
  const upstreams = upstreamsOf(route).map((name) => ({
    name,
    zone: resolved.get(name)?.zone ?? config.zone,
    circuits: (resolved.get(name)?.breaker?.per ?? 'upstream') !== 'upstream',
    endpoints: resolved.get(name)?.endpoints ?? [],
  }))
  const split = route.split && sent && splitFacts(route.split, sent, live.weights?.get(route.name))
  const shared = settingSources(config.shared, config.routes.indexOf(route))
  const identity = identityOf.of(exchange)
  const consumer = identity && consumerFacts(config, identity)
  const verdict = verdictOf.of(exchange)
  const authorization = verdict && {
    isAllowed: verdict.isAllowed,
    reason: verdictReason(verdict, exchange),
  }
  const refusal = exchange.error?.message
  return {
    config: route,
    identity,
    consumer,
    authorization,
    refusal,
    shared,
    facts,
    split,
    cache,
    policies,
    sent,
    answer,
    answeredBy,
    upstreams,
  }
}
