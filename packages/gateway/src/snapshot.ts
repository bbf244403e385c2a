import {
  clientSeer,
  type Exchange,
  fact,
  type Handler,
  type HttpResponse,
  InvalidTarget,
  type PathForm,
  STRICT_PATHS,
  TrafficError,
  type Upstream,
} from '@headgate/core'
import type { GatewayConfig } from './config/schema/schema.ts'
import type { RouteConfig } from './config/schema/route-schema.ts'
import type { EndpointLists } from './discovery/endpoint-lists.ts'
import { commonIdentity, type FileDigests, routeIdentity } from './identity.ts'
import { Kept } from './kept.ts'
import { NO_ROUTE } from './metrics/route-metrics.ts'
import type { StackOptions } from './layers/layer.ts'
import { routeHandler, unroutedHandler } from './route.ts'
import { hasTwoReadings, settlePath } from './routing/router/path-readings.ts'
import { type Found, Router } from './routing/router/router.ts'
import type { Shared } from './shared.ts'
import type { Surroundings } from './surroundings.ts'
import { type CompiledUpstream, type CompiledUpstreams, compileUpstreams } from './upstreams/upstreams.ts'
import { misdirection } from './features/client-certificates/misdirected.ts'
import { routeEntry } from './features/match/conditions.ts'
import { findPreflight } from './features/cors/cors.ts'
import { isGraphqlRoute } from './features/graphql/conditions.ts'
import { dispatchByOperation, readLimits } from './features/graphql/dispatch.ts'
import { countRefused } from './features/graphql/policy.ts'
import { type CompiledSplits, compileSplits } from './features/split/split-weights.ts'

/** One configuration, compiled: immutable, and all that an exchange needs. */
export interface Snapshot {
  readonly config: GatewayConfig
  readonly handler: Handler
  readonly upstreams: CompiledUpstreams
  readonly splits: CompiledSplits
  /** By their names. */
  readonly routes: ReadonlyMap<string, CompiledRoute>
  /** Of the settings that all routes are compiled with. */
  readonly common: string
  /** To be settled when it is in force. */
  readonly kept: Kept
  /** The route that would take an exchange, which goes nowhere. */
  readonly routeOf: (exchange: Exchange) => RouteConfig | undefined
}

export interface CompiledRoute {
  readonly config: RouteConfig
  readonly identity: string
  readonly kept: Kept
  readonly handler: Handler
  /** Those that it was compiled with. */
  readonly upstreams: ReadonlyMap<string, Upstream>
}

export interface CompileOptions {
  readonly files: FileDigests
  readonly shared: Shared
  readonly kept: Kept
  /** Ends an upstream that has left the configuration. */
  readonly retire: (upstream: Upstream) => void
  /** In the thread that says which endpoints there are. */
  readonly lists?: EndpointLists | undefined
  /** The snapshot that it comes after. */
  readonly previous?: Snapshot | undefined
  /** Of the routes, in their order, where they are known already. */
  readonly identities?: readonly string[] | undefined
}

/**
 * Compiles a configuration: every stack is composed here, none per request. It starts nothing and leaves the previous
 * snapshot as it is, so that one that fails, or is not wanted after all, costs nothing.
 * @throws TypeError for what the schema did not find
 */
export function compile(
  config: GatewayConfig,
  surroundings: Surroundings & StackOptions,
  { files, shared, kept, retire, lists, previous, identities }: CompileOptions,
): Snapshot {
  const { clock } = surroundings
  const upstreams = compileUpstreams(config, clock, files, shared, kept, retire, surroundings.metrics, lists)
  const splits = compileSplits(config, shared, kept)
  // Routes hold the store of the cache.
  const common = `${commonIdentity(config)} ${surroundings.cache?.id ?? ''}`
  const isCommonKept = previous?.common === common
  const routes = new Map<string, CompiledRoute>()
  for (const [index, route] of config.routes.entries()) {
    const before = previous?.routes.get(route.name)
    const identity = identities?.[index] ?? routeIdentity(route)
    const kept = isCommonKept && before?.identity === identity && isCurrent(before, upstreams)
    routes.set(
      route.name,
      kept ? before : compileRoute(route, identity, before, config, surroundings, upstreams, splits),
    )
  }
  const { find, dispatch, refuse } = dispatcher([...routes.values()], config, surroundings)
  const configs = new Map(Array.from(routes.values(), (route) => [route.handler, route.config]))
  const routeOf = (exchange: Exchange): RouteConfig | undefined => {
    const found = find(exchange)
    return found.kind === 'found' ? configs.get(found.route) : undefined
  }
  const handler = door(dispatch, refuse, surroundings)
  return { config, upstreams, splits, routes, common, kept, handler, routeOf }
}

function isCurrent({ upstreams }: CompiledRoute, current: CompiledUpstreams): boolean {
  for (const [name, upstream] of upstreams) if (current.get(name)?.upstream !== upstream) return false
  return true
}

function compileRoute(
  route: RouteConfig,
  identity: string,
  before: CompiledRoute | undefined,
  config: GatewayConfig,
  surroundings: Surroundings & StackOptions,
  all: CompiledUpstreams,
  splits: CompiledSplits,
): CompiledRoute {
  const kept = new Kept(before?.kept)
  const upstreams = new Map<string, Upstream>()
  const handler = routeHandler(route, config, {
    ...surroundings,
    kept,
    weights: splits.get(route.name)?.weights,
    upstreamNamed,
  })
  kept.settle()
  return { config: route, identity, kept, handler, upstreams }

  /** Remembers what the route depends on. */
  function upstreamNamed(name: string): CompiledUpstream {
    const found = all.get(name)
    if (found === undefined) throw new TypeError(`route ${route.name}: there is no upstream ${name}`)
    upstreams.set(name, found.upstream)
    return found
  }
}

function makeRouter(routes: Iterable<CompiledRoute>, { geo }: Surroundings): Router<Handler> {
  return new Router(Array.from(routes, ({ config, handler }) => routeEntry(config, handler, geo)))
}

/** The door: who the client is, is found out before anything asks for it; what came over a connection for another name goes no further. */
function door(handler: Handler, refuse: Refuse, { trustedProxies }: Surroundings): Handler {
  const seeClient = clientSeer(trustedProxies)
  return (exchange) => {
    seeClient?.(exchange)
    const misdirected = misdirection.of(exchange)
    return misdirected === undefined ? handler(exchange) : refuse(exchange, misdirected)
  }
}

/** Routes an exchange, and answers what no route takes. */
function dispatcher(
  routes: readonly CompiledRoute[],
  config: GatewayConfig,
  surroundings: Surroundings & StackOptions,
): {
  readonly find: (exchange: Exchange) => Found<Handler>
  readonly dispatch: Handler
  readonly refuse: Refuse
} {
  const router = makeRouter(routes, surroundings)
  const refusal = refusals(config, surroundings)
  const refuse = refusal('unrouted')
  const findAt = (path: string, exchange: Exchange, method: string): Found<Handler> => {
    const { request } = exchange
    // Conditions look at it, too.
    request.path = path
    return router.find(request.authority.host, path, method, exchange)
  }
  const forms = new Map(routes.map(({ config: { paths }, handler }) => [handler, paths]))
  const formOf = (route: Handler): PathForm => forms.get(route) ?? STRICT_PATHS
  const refusedPath = ({ reason }: InvalidTarget): Found<Handler> => {
    const error = new TrafficError('malformed_request', reason, { phase: 'route' })
    return { kind: 'found', route: (exchange) => refuse(exchange, error), params: {} }
  }
  const find = preflightsAsAsked(routes, (exchange, method) => {
    const { authority, path } = exchange.request
    if (!hasTwoReadings(path)) return router.find(authority.host, path, method, exchange)
    const settled = settlePath(path, (each) => findAt(each, exchange, method), formOf)
    exchange.request.path = settled instanceof InvalidTarget ? path : settled.path
    return settled instanceof InvalidTarget ? refusedPath(settled) : settled.found
  })
  const take = (exchange: Exchange, found: Found<Handler>): Promise<HttpResponse> => {
    if (found.kind !== 'found') return refuse(exchange, unrouted(found, exchange.request.method))
    exchange.params = found.params
    return found.route(exchange)
  }
  const limits = readLimits(config.routes)
  if (limits === undefined) return { find, refuse, dispatch: (exchange) => take(exchange, find(exchange)) }
  const judging = new Set(
    routes.filter((route) => isGraphqlRoute(route.config)).map(({ handler }) => handler),
  )
  const isGraphql = (route: Handler): boolean => judging.has(route)
  const onRefused = countRefused(surroundings.metrics, NO_ROUTE)
  const refuseGraphql = refusal('unrouted-graphql')
  const dispatch = dispatchByOperation({ find, take, limits, isGraphql, refuse: refuseGraphql, onRefused })
  return { find, dispatch, refuse }
}

/** The preflight of a page is for the route that takes what it asks for, where that route says what pages may do. */
function preflightsAsAsked(
  routes: readonly CompiledRoute[],
  find: (exchange: Exchange, method: string) => Found<Handler>,
): (exchange: Exchange) => Found<Handler> {
  const answering = new Set(
    routes.filter(({ config }) => config.cors !== undefined).map(({ handler }) => handler),
  )
  return (exchange) => {
    const { request } = exchange
    return findPreflight(
      request,
      (method) => find(exchange, method),
      (route) => answering.has(route),
    )
  }
}

type Refuse = (exchange: Exchange, error: unknown) => Promise<HttpResponse>

/** The error that an exchange is answered with, where no route takes it. */
const whyUnrouted = fact<unknown>('why no route takes it')

/** Answers what no route takes with what every response has; composed once, for errors that are not known before. */
function refusals(
  config: GatewayConfig,
  surroundings: Surroundings & StackOptions,
): (way: 'unrouted' | 'unrouted-graphql') => Refuse {
  return (way) => {
    const handler = unroutedHandler(way, config, surroundings, async (exchange) => {
      throw whyUnrouted.of(exchange)
    })
    return (exchange, error) => {
      whyUnrouted.state(exchange, error)
      return handler(exchange)
    }
  }
}

function unrouted(found: Found<Handler>, method: string): TrafficError {
  if (found.kind !== 'method_not_allowed') {
    return new TrafficError('route_not_found', 'no route matches host and path', { phase: 'route' })
  }
  const error = new TrafficError('method_not_allowed', `no route here allows ${method}`, { phase: 'route' })
  error.allow = found.allow
  return error
}
