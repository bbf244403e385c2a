import type { NamedSetting } from './features/layer.ts'
import { loggedFieldsLayer, observeLayer } from './features/access-log/layers.ts'
import { apiVersionsLayer, lifecycleLayer, stripVersionLayer } from './features/api-versions/layers.ts'
import { authenticationLayer } from './features/authentication/layer.ts'
import { callerFieldsLayer } from './features/authentication/caller-fields.ts'
import { authorizationLayer } from './features/authorization/layer.ts'
import { breakerLayer } from './features/breaker.ts'
import { cacheLayer } from './features/cache/layer.ts'
import { forwardClientCertificateLayer } from './features/client-certificates/layer.ts'
import { compressLayer } from './features/compress.ts'
import { routeConcurrencyLayer, upstreamConcurrencyLayer } from './features/concurrency.ts'
import { consumersLayer } from './features/consumers/layer.ts'
import { corsLayer } from './features/cors/cors.ts'
import { csrfLayer } from './features/csrf.ts'
import { errorPagesLayer } from './features/error-pages/error-pages.ts'
import { eventsLayer } from './features/event-stream/layer.ts'
import { fallbackLayer } from './features/fallback.ts'
import { forwardingLayer } from './features/forwarding.ts'
import { countedGraphqlLayer, graphqlErrorsLayer, graphqlLayer } from './features/graphql/policy.ts'
import { grpcLayer, grpcLimitsLayer } from './features/grpc/layers.ts'
import { grpcWebLayer } from './features/grpc/web/layer.ts'
import { requestHeadersLayer, responseHeadersLayer } from './features/header-changes/header-changes.ts'
import { hedgeLayer } from './features/hedge.ts'
import { hstsLayer } from './features/hsts.ts'
import { importanceLayer } from './features/importance.ts'
import { bodyLimitLayer } from './features/limits.ts'
import { loadSheddingLayer } from './features/load-shedding.ts'
import { mergeMatches } from './features/match/merge.ts'
import { mirrorLayer, mirrorTimeoutLayer } from './features/mirror.ts'
import { problemLayer } from './features/problem.ts'
import { rateLimitLayer } from './features/rate-limit/policy.ts'
import { redirectToHttpsLayer } from './features/redirect-to-https.ts'
import { requestIdLayer } from './features/request-id.ts'
import { responseCookiesLayer } from './features/response-cookies.ts'
import { retryLayer } from './features/retry.ts'
import {
  keepAskedLayer,
  preserveHostLayer,
  restorePrefixLayer,
  rewriteLayer,
  tellPrefixLayer,
} from './features/rewrite/layers.ts'
import { securityHeadersLayer } from './features/security-headers/layer.ts'
import { TARGET_SETTINGS, targetLayer } from './features/target.ts'
import { attemptTimeoutLayer, deadlinesLayer, timeoutLayer, timesLayer } from './features/timeouts.ts'
import { transformLayer, transformResponseLayer } from './features/transform/layers.ts'
import { upstreamLayers } from './features/upstream-steps.ts'
import { validateLayer } from './features/validation/layer.ts'
import { webSocketLayer } from './features/web-socket/layer.ts'
import { place } from './layers/place.ts'

/**
 * The order in which an exchange meets the policies of the gateway, outermost first: all of it, and written nowhere else. A
 * policy that a route does not use is not in its stack, and costs nothing.
 */
export const STACK = [
  // Once an exchange.
  observeLayer,
  loggedFieldsLayer,
  requestIdLayer,
  responseHeadersLayer,
  hstsLayer,
  securityHeadersLayer,
  responseCookiesLayer,
  corsLayer,
  grpcWebLayer,
  grpcLayer,
  apiVersionsLayer,
  lifecycleLayer,
  errorPagesLayer,
  problemLayer,
  graphqlErrorsLayer,
  place('before-limits', 'exchange', 'sees requests as they came, before anything is refused'),
  redirectToHttpsLayer,
  importanceLayer,
  timesLayer,
  loadSheddingLayer,
  bodyLimitLayer,
  grpcLimitsLayer,
  forwardingLayer,
  csrfLayer,
  callerFieldsLayer,
  authenticationLayer,
  countedGraphqlLayer,
  consumersLayer,
  rateLimitLayer,
  graphqlLayer,
  authorizationLayer,
  validateLayer,
  webSocketLayer,
  place('before-changes', 'exchange', 'knows who the client is; the route has changed nothing yet'),
  requestHeadersLayer,
  forwardClientCertificateLayer,
  keepAskedLayer,
  stripVersionLayer,
  rewriteLayer,
  tellPrefixLayer,
  preserveHostLayer,
  transformLayer,
  mirrorLayer,
  fallbackLayer,
  timeoutLayer,
  cacheLayer,
  compressLayer,
  transformResponseLayer,
  eventsLayer,
  routeConcurrencyLayer,
  place('before-upstream', 'exchange', 'sees requests as the upstream gets them, once for all attempts'),
  targetLayer,
  // Once an attempt, by the upstream that was chosen; `retry` and `hedge` make the attempts.
  restorePrefixLayer,
  retryLayer,
  hedgeLayer,
  breakerLayer,
  upstreamConcurrencyLayer,
  attemptTimeoutLayer,
  deadlinesLayer,
  mirrorTimeoutLayer,
  place('each-attempt', 'attempt', 'sees each attempt, and its response or failure'),
  ...upstreamLayers,
]

/** What is said of the settings of routes, by rows of the list under their own names: for whatever looks at all settings of a route. */
export const ROUTE_SETTINGS: readonly NamedSetting[] = [
  { name: 'match', merge: mergeMatches },
  ...TARGET_SETTINGS,
  ...STACK.flatMap((row) => ('place' in row ? [] : [row])),
]

/** Settings that are a mistake in a route that answers by itself. */
export const ONLY_TOWARDS_UPSTREAM: readonly string[] = ROUTE_SETTINGS.filter(
  ({ towardsUpstream }) => towardsUpstream === 'only',
).map(({ name }) => name)
