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
  times,
  type Upstream,
} from '@headgate/core'
import type { GatewayConfig, RouteConfig } from './config/types/config.ts'
import type { MatchConfig } from './config/types/match-config.ts'
import type { HeaderChangesConfig, MirrorConfig } from './config/types/traffic-config.ts'
import type { ConcurrencyConfig, FallbackConfig } from './config/types/resilience-config.ts'
import type { KeptParts } from './kept-parts.ts'
import { loggedFields } from './access-log/logged-fields.ts'
import { routeTimes } from './times.ts'
import { limitsAskForOperation, routeRateLimits } from './rate-limit/policy.ts'
import { importance } from './resilience/importance.ts'
import { routeLimiter } from './resilience/metrics.ts'
import { makeLimiter, type UpstreamGuard } from './resilience/upstream-guard.ts'
import { loopMark } from './loop-mark.ts'
import { redirectTo, respondWith } from './routing/transform/answers.ts'
import { apiVersion, versionTarget } from './routing/api-version/api-version.ts'
import { lifecycle } from './routing/api-version/lifecycle.ts'
import { stripVersion } from './routing/api-version/version-path.ts'
import { requestHeaders, responseHeaders } from './routing/transform/header-changes.ts'
import { isGraphqlRoute } from './routing/graphql/conditions.ts'
import { graphqlErrors } from './routing/graphql/error-response.ts'
import { operationLog } from './routing/graphql/log-members.ts'
import { graphqlPolicy } from './routing/graphql/policy.ts'
import { mirror } from './routing/traffic/mirror.ts'
import { keepAsked, restorePrefix, tellPrefix } from './routing/transform/restore-prefix.ts'
import { rewrite } from './routing/transform/rewrite.ts'
import { split } from './routing/split/split.ts'
import { SplitWeights } from './routing/split/split-weights.ts'
import type { Surroundings } from './surroundings.ts'

/** What a route is compiled with. */
export interface RouteContext extends Surroundings {
  readonly config: GatewayConfig
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
  const ownTimes = routeTimes(route, config)
  const graphql = graphqlPolicy(route, context.metrics.graphql)
  const isJudgedFirst = graphql !== undefined && limitsAskForOperation(route, config)
  return [
    ...outerPolicies(route.name, loggedContext(route, context), route.responseHeaders, endOf(route, context)),
    graphql && graphqlErrors(),
    importance(route.importance),
    ownTimes && times(ownTimes),
    context.load && loadShed(context.load),
    bodyLimit !== undefined && limits({ body: bodyLimit }),
    forwarding({
      ...config.forwarding,
      trustedProxies: context.trustedProxies,
      loopMark: context.loopKey && loopMark(context.loopKey, route.name),
      ownFields: [...(config.requestId ? [config.requestId.header] : []), ...ownFields(route)],
    }),
    // Behind forwarding: only from there on is it known whom the peer speaks for.
    isJudgedFirst && graphql,
    routeRateLimits(route, config, context.rateLimits, context.metrics, context.geo),
    // Who is over the limit costs no reading.
    !isJudgedFirst && graphql,
    route.requestHeaders && requestHeaders(route.requestHeaders, context.geo),
    cutsPath(route) && keepAsked(),
    route.apiVersions?.stripPath && stripVersion(route.apiVersions.path ?? '', route.match.path),
    route.rewrite && rewrite(route.rewrite, context.geo, route.paths),
    cutsPath(route) && config.forwarding.xForwarded && tellPrefix(),
    !route.preserveHost && endpointHost(),
    route.mirror && mirrorPolicy(route, route.mirror, context),
    route.fallback && fallbackPolicy(route, route.fallback, context),
    (exchangeTimeout !== undefined || config.deadlines) &&
      timeout({ exchange: exchangeTimeout, asked: config.deadlines ? askedTimeout : undefined }),
    route.concurrency && concurrency({ limiter: limiterOf(route, route.concurrency, context) }),
  ]
}

/** Lines of the access log tell of operations where they are read. */
function loggedContext(route: RouteConfig, context: RouteContext): RouteContext {
  return isGraphqlRoute(route) ? { ...context, accessLog: operationLog(context.accessLog) } : context
}

/** What stands outside of the errors, so that these, too, tell when a version ends. */
function endOf(
  { name, match, apiVersions, lifecycle: end }: RouteConfig,
  { metrics }: RouteContext,
): Policy | undefined {
  if (apiVersions !== undefined)
    return apiVersion(apiVersions, match.path, metrics.traffic.onApiVersion(name))
  return end && lifecycle(end)
}

/** Whether the path that the upstream sees is the client's without a part. A path that is made anew is not. */
function cutsPath({ apiVersions, rewrite }: RouteConfig): boolean {
  return (
    (rewrite?.stripPrefix !== undefined || apiVersions?.stripPath === true) && rewrite?.path === undefined
  )
}

/** What the client itself gives the exchange. */
function askedTimeout({ request }: Exchange): number | undefined {
  return parseRequestTimeout(request.headers)
}

/** Kept by a reload that leaves the setting as it is: those under way hold its slots. */
function limiterOf(route: RouteConfig, config: ConcurrencyConfig, { parts, clock }: RouteContext): Limiter {
  return parts.keep(['concurrency', config], () => makeLimiter(routeLimiter(route.name), config, clock))
}

function mirrorPolicy({ name }: RouteConfig, config: MirrorConfig, context: RouteContext): Policy {
  const target = mirrorTarget(config.upstream, context)
  return mirror(config, target, context.metrics.traffic.onMirror(name))
}

function fallbackPolicy(route: RouteConfig, config: FallbackConfig, context: RouteContext): Policy {
  const { respond, upstream, statuses } = config
  const onFallback = context.metrics.resilience.onFallback(route.name)
  if (respond !== undefined)
    return fallback({ answer: respondWith(respond, context.geo), statuses, onFallback })
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
  const ownCookie = context.config.upstreams[name]?.sticky?.cookie
  const restores = cutsPath(route) && route.rewrite?.restorePrefix !== false
  return stack(
    [restores && restorePrefix(ownCookie), ...destinationPolicies(route, context, destination)],
    destination.upstream.handler,
  )
}

function routeTarget(route: RouteConfig, context: RouteContext): Handler {
  if (route.apiVersions === undefined) return ownTarget(route, context)
  const versions = Object.entries(route.apiVersions.versions)
  const targets = versions.flatMap(([name, { upstream }]): [string, Handler][] =>
    upstream === undefined ? [] : [[name, towards(upstream, route, context)]],
  )
  const needsOwn = targets.length < versions.length
  return versionTarget(new Map(targets), needsOwn ? ownTarget(route, context) : undefined)
}

function ownTarget(route: RouteConfig, context: RouteContext): Handler {
  const { upstream, redirect, respond } = route
  if (redirect !== undefined) return redirectTo(redirect, context.geo)
  if (respond !== undefined) return respondWith(respond, context.geo)
  if (upstream !== undefined) return towards(upstream, route, context)
  if (route.split === undefined) throw new TypeError(`route ${route.name} leads nowhere`)
  const { upstreams, sticky } = route.split
  const targets = upstreams.map(({ upstream: name }) => {
    const handler = towards(name, route, context)
    const onSplit = context.metrics.traffic.onSplit(route.name, name)
    return counted(handler, onSplit)
  })
  return split(targets, context.weights ?? new SplitWeights(upstreams), sticky)
}

function counted(handler: Handler, onExchange: () => void): Handler {
  return (exchange) => {
    onExchange()
    return handler(exchange)
  }
}

/** A copy is worth no second try, and nobody waits for it longer than this. */
function mirrorTarget(name: string, context: RouteContext): Handler {
  return stack([timeout({ exchange: 30_000 })], context.upstreamNamed(name).upstream.handler)
}

/**
 * Fields that decide about the route, or are set on it: Connection must not have them removed. Not X-Real-IP: what a client
 * says there must not pass, whoever sets it then.
 */
function ownFields({ match, apiVersions, requestHeaders: changes }: RouteConfig): string[] {
  const changed = [changes?.set, changes?.add].flatMap((fields) => Object.keys(fields ?? {}))
  const version = apiVersions?.header === undefined ? [] : [apiVersions.header]
  return [...matchedFields(match), ...version, ...changed].filter((name) => name !== 'x-real-ip')
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
  version?: Policy,
): (Policy | false | undefined)[] {
  const { config, clock, metrics, accessLog } = context
  return [
    observe({ route, metrics: metrics.route(route), log: accessLog }),
    accessLog &&
      config.accessLog &&
      config.accessLog.headers.length > 0 &&
      loggedFields(config.accessLog.headers),
    config.requestId && requestId({ ...config.requestId, clock }),
    changes && responseHeaders(changes, context.geo),
    version,
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
