import {
  attemptTimeout,
  concurrency,
  type Exchange,
  fallback,
  forwarding,
  type Handler,
  hedge,
  type Limiter,
  limits,
  loadShed,
  observe,
  parseRequestTimeout,
  passDeadline,
  type Policy,
  problem,
  requestId,
  type RetryBudget,
  retry,
  stack,
  timeout,
  type Upstream,
} from '@headgate/core'
import type { GatewayConfig, RouteConfig } from './config/config.ts'
import type { MatchConfig } from './config/match-config.ts'
import type { HeaderChangesConfig } from './config/traffic-config.ts'
import type { ConcurrencyConfig, FallbackConfig } from './config/resilience-config.ts'
import type { KeptParts } from './kept-parts.ts'
import { routeRateLimits } from './rate-limit/policy.ts'
import { importance } from './resilience/importance.ts'
import { routeLimiter } from './resilience/metrics.ts'
import { makeLimiter, type UpstreamGuard } from './resilience/upstream-guard.ts'
import { redirectTo, respondWith } from './routing/answers.ts'
import { requestHeaders, responseHeaders } from './routing/header-changes.ts'
import { mirror } from './routing/mirror.ts'
import { rewrite } from './routing/rewrite.ts'
import { split } from './routing/split.ts'
import type { Surroundings } from './surroundings.ts'

/** What a route is compiled with. */
export interface RouteContext extends Surroundings {
  readonly config: GatewayConfig
  /** For state that a reload is to keep. */
  readonly parts: KeptParts
  /**
   * An upstream that the route leads to. To be asked here and nowhere else: a reload compiles the routes anew whose upstreams
   * changed.
   * @throws TypeError if there is none of that name
   */
  readonly upstreamNamed: (name: string) => Destination
}

/** An upstream, as routes use it. */
export interface Destination {
  readonly upstream: Pick<Upstream, 'handler'>
  /** Shared by all routes to that upstream. */
  readonly budget: RetryBudget
  /** What keeps it from being asked too much. */
  readonly guard: UpstreamGuard
}

/** A route's whole stack. */
export function routeHandler(route: RouteConfig, context: RouteContext): Handler {
  return stack(routePolicies(route, context), routeTarget(route, context))
}

/**
 * A route's policies, outermost first: this list is the order in which an exchange meets them. A policy that the route does
 * not use is not in it, and costs nothing.
 */
export function routePolicies(route: RouteConfig, context: RouteContext): (Policy | false | undefined)[] {
  const { config } = context
  const exchangeTimeout = route.timeout ?? config.timeouts.exchange
  const bodyLimit = route.limits?.body ?? config.limits.body
  return [
    ...outerPolicies(route.name, context, route.responseHeaders),
    importance(route.importance),
    context.load && loadShed(context.load),
    bodyLimit !== undefined && limits({ body: bodyLimit }),
    forwarding({
      ...config.forwarding,
      trustedProxies: context.trustedProxies,
      ownFields: [...(config.requestId ? [config.requestId.header] : []), ...ownFields(route)],
    }),
    // Behind forwarding: only from there on is it known whom the peer speaks for.
    routeRateLimits(route, config, context.rateLimits, context.metrics),
    route.requestHeaders && requestHeaders(route.requestHeaders),
    route.rewrite && rewrite(route.rewrite),
    !route.preserveHost && endpointHost(),
    route.mirror && mirror(route.mirror, mirrorTarget(route.mirror.upstream, context)),
    route.fallback && fallbackPolicy(route, route.fallback, context),
    (exchangeTimeout !== undefined || config.deadlines) &&
      timeout({ exchange: exchangeTimeout, asked: config.deadlines ? askedTimeout : undefined }),
    route.concurrency && concurrency({ limiter: limiterOf(route, route.concurrency, context) }),
  ]
}

/** What the client itself gives the exchange. */
function askedTimeout({ request }: Exchange): number | undefined {
  return parseRequestTimeout(request.headers)
}

/** Kept by a reload that leaves the setting as it is: those under way hold its slots. */
function limiterOf(
  route: RouteConfig,
  config: ConcurrencyConfig,
  { parts, clock, metrics }: RouteContext,
): Limiter {
  return parts.keep(['concurrency', config], () =>
    makeLimiter(routeLimiter(route.name), config, clock, metrics.resilience),
  )
}

function fallbackPolicy(route: RouteConfig, config: FallbackConfig, context: RouteContext): Policy {
  const { respond, upstream, statuses } = config
  const onFallback = context.metrics.resilience.onFallback(route.name)
  if (respond !== undefined) return fallback({ answer: respondWith(respond), statuses, onFallback })
  if (upstream === undefined) throw new TypeError(`route ${route.name}: its fallback leads nowhere`)
  return fallback({
    answer: towards(upstream, { ...route, retry: false }, context),
    forwards: true,
    statuses,
    onFallback,
  })
}

/** What stands between a route's own policies and one of its upstreams; from the breaker on, around each try. */
export function destinationPolicies(
  route: RouteConfig,
  context: RouteContext,
  { budget, guard }: Destination,
): (Policy | false | undefined)[] {
  const { config, metrics } = context
  const attempt = route.timeouts?.attempt
  return [
    retry({ ...(route.retry || ONE_TRY), budget, onRetry: metrics.onRetry(route.name) }),
    route.hedge &&
      hedge({ ...route.hedge, budget, key: () => '', onHedge: metrics.resilience.onHedge(route.name) }),
    ...guard.policies,
    attempt !== undefined && attemptTimeout({ attempt }),
    config.deadlines && passDeadline({ attempt }),
  ]
}

/** A stale keep-alive connection is no failed try: it is replaced all the same. */
const ONE_TRY = { attempts: 1, backoff: { base: 0, max: 0 } }

function towards(name: string, route: RouteConfig, context: RouteContext): Handler {
  const destination = context.upstreamNamed(name)
  return stack(destinationPolicies(route, context, destination), destination.upstream.handler)
}

function routeTarget(route: RouteConfig, context: RouteContext): Handler {
  const { upstream, redirect, respond } = route
  if (redirect !== undefined) return redirectTo(redirect)
  if (respond !== undefined) return respondWith(respond)
  if (upstream !== undefined) return towards(upstream, route, context)
  if (route.split === undefined) throw new TypeError(`route ${route.name} leads nowhere`)
  const targets = route.split.upstreams.map((each) => ({
    weight: each.weight,
    handler: towards(each.upstream, route, context),
  }))
  return split(targets, route.split.sticky)
}

/** A copy is worth no second try, and nobody waits for it longer than this. */
function mirrorTarget(name: string, context: RouteContext): Handler {
  return stack([timeout({ exchange: 30_000 })], context.upstreamNamed(name).upstream.handler)
}

/**
 * Fields that decide about the route, or are set on it: Connection must not have them removed. Not X-Real-IP: what a client
 * says there must not pass, whoever sets it then.
 */
function ownFields({ match, requestHeaders: changes }: RouteConfig): string[] {
  const changed = [changes?.set, changes?.add].flatMap((fields) => Object.keys(fields ?? {}))
  return [...matchedFields(match), ...changed].filter((name) => name !== 'x-real-ip')
}

function matchedFields({ headers = {}, all = [], any = [], not }: MatchConfig): string[] {
  const inner = [...all, ...any, ...(not === undefined ? [] : [not])]
  return [...Object.keys(headers), ...inner.flatMap(matchedFields)]
}

/** What every exchange passes, whether a route was found for it or not. */
export function outerPolicies(
  route: string,
  context: Surroundings & { readonly config: GatewayConfig },
  changes?: HeaderChangesConfig,
): (Policy | false | undefined)[] {
  const { config, clock, metrics, accessLog } = context
  return [
    observe({ route, metrics: metrics.route(route), log: accessLog }),
    config.requestId && requestId({ ...config.requestId, clock }),
    changes && responseHeaders(changes),
    problem(),
  ]
}

/** Has the upstream see its endpoint's own name as Host, in place of the one that the client used. */
function endpointHost(): Policy {
  return (next) =>
    function endpointHost(exchange) {
      exchange.preserveHost = false
      return next(exchange)
    }
}
