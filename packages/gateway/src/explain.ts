import {
  EMPTY_BODY,
  Exchange,
  type Handler,
  type HttpRequest,
  HttpResponse,
  type Peer,
  stack,
  systemClock,
} from '@headgate/core'
import type { EndpointConfig, GatewayConfig, RouteConfig } from './config/config.ts'
import { configJsonSchema } from './config/json-schema.ts'
import { redact } from './config/redact.ts'
import { resolveUpstreams, upstreamsOf } from './config/upstreams.ts'
import { ipRanges } from './config/values/address.ts'
import { KeptParts } from './kept-parts.ts'
import { standaloneMetrics } from './metrics.ts'
import { RateLimitStores } from './rate-limit/stores.ts'
import { destinationPolicies, type RouteContext, routeHandler, routePolicies } from './route.ts'
import { clientSeer } from './routing/client-address.ts'
import { routeEntry } from './routing/entry.ts'
import { type Found, Router } from './routing/router.ts'
import { whyNot } from './routing/why-not.ts'
import { compileUpstreams } from './upstreams.ts'

/** What becomes of a request, and why; nothing of it is sent. */
export interface Explanation {
  readonly found: Found<RouteConfig>
  /** Every other route, in the order of the configuration. */
  readonly others: readonly { readonly name: string; readonly reason: string }[]
  /** Undefined where no route takes the request. */
  readonly taken: TakenRoute | undefined
}

export interface TakenRoute {
  readonly config: RouteConfig
  /** Outermost first. */
  readonly policies: readonly ExplainedPolicy[]
  /** As the upstream gets it; undefined if it is answered before. */
  readonly sent: Exchange | undefined
  /** Undefined if the request reaches an upstream. */
  readonly answer: HttpResponse | undefined
  readonly upstreams: readonly { readonly name: string; readonly endpoints: readonly EndpointConfig[] }[]
}

export interface ExplainedPolicy {
  readonly name: string
  /** Undefined where it has none, or they are in a place of their own. */
  readonly settings: unknown
}

/** @param peer that asks */
export async function explain(config: GatewayConfig, request: HttpRequest, peer: Peer): Promise<Explanation> {
  const exchange = new Exchange(request, systemClock, peer)
  clientSeer(ipRanges(config.trustedProxies))?.(exchange)
  const { authority, path, method } = request
  const router = new Router(config.routes.map((route) => routeEntry(route, route)))
  const found = router.find(authority.host, path, method, exchange)
  const chosen = found.kind === 'found' ? found.route : undefined
  const others = config.routes
    .filter((route) => route !== chosen)
    .map((route) => ({ name: route.name, reason: whyNot(route, chosen, exchange) }))
  if (found.kind !== 'found') return { found, others, taken: undefined }
  exchange.params = found.params
  return { found, others, taken: await takeRoute(config, found.route, exchange) }
}

/** The route itself is run, with a place where requests end in place of its upstreams: what it does is what is shown. */
async function takeRoute(config: GatewayConfig, route: RouteConfig, exchange: Exchange): Promise<TakenRoute> {
  const arrived = Promise.withResolvers<undefined>()
  let sent: Exchange | undefined
  const end: Handler = (exchangeSent) => {
    sent ??= exchangeSent
    arrived.resolve(undefined)
    return new Promise(() => {})
  }
  const context = contextOf(config, end)
  const answer = await Promise.race([routeHandler(route, context)(exchange), arrived.promise])
  const policies = policiesOf(config, route, context)
  const resolved = resolveUpstreams(config)
  const upstreams = upstreamsOf(route).map((name) => ({
    name,
    endpoints: resolved.get(name)?.endpoints ?? [],
  }))
  return { config: route, policies, sent, answer, upstreams }
}

function contextOf(config: GatewayConfig, end: Handler): RouteContext {
  const clock = systemClock
  const metrics = standaloneMetrics(config)
  const upstreams = compileUpstreams(config, clock, new Map(), new Map(), new Map(), metrics)
  return {
    clock,
    config,
    metrics,
    accessLog: undefined,
    trustedProxies: ipRanges(config.trustedProxies),
    rateLimits: new RateLimitStores(config, clock),
    parts: new KeptParts(),
    upstreamNamed(name) {
      const found = upstreams.get(name)
      if (found === undefined) throw new TypeError(`there is no upstream ${name}`)
      return { ...found, upstream: { handler: end } }
    },
  }
}

const nowhere: Handler = () => Promise.resolve(new HttpResponse(204, undefined, EMPTY_BODY))

/** By the names that policies give the functions that they make. */
function policiesOf(config: GatewayConfig, route: RouteConfig, context: RouteContext): ExplainedPolicy[] {
  const shown = redact(config, configJsonSchema()) as GatewayConfig
  const shownRoute = shown.routes[config.routes.indexOf(route)]
  const upstream = route.upstream ?? route.split?.upstreams[0]?.upstream
  const towards =
    upstream === undefined ? [] : destinationPolicies(route, context, context.upstreamNamed(upstream))
  return [...routePolicies(route, context), ...towards].flatMap((policy) => {
    if (!policy) return []
    const { name } = stack([policy], nowhere)
    return [{ name, settings: settingsOf(name, shown, shownRoute) }]
  })
}

function settingsOf(name: string, config: GatewayConfig, route: RouteConfig | undefined): unknown {
  switch (name) {
    case 'timeout':
      return { exchange: route?.timeout ?? config.timeouts.exchange }
    case 'limits':
      return { body: route?.limits?.body ?? config.limits.body }
    case 'attemptTimeout':
      return { ...route?.timeouts }
    default:
      return valueOf(route, name) ?? valueOf(config, name)
  }
}

function valueOf(section: object | undefined, name: string): unknown {
  return section !== undefined && Object.hasOwn(section, name)
    ? (section as Record<string, unknown>)[name]
    : undefined
}
