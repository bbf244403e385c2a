import * as attempt from './layers/attempt-layers.ts'
import * as delivery from './layers/delivery-layers.ts'
import * as guard from './layers/guard-layers.ts'
import type { GatewayLayer } from './layers/layer.ts'
import * as outer from './layers/outer-layers.ts'
import { type GatewayPlace, place } from './layers/place.ts'
import * as request from './layers/request-layers.ts'
import { targetLayer } from './layers/target-layer.ts'
import { upstreamLayers } from './layers/upstream-layers.ts'

/**
 * The order in which an exchange meets the policies of the gateway, outermost first: all of it, and written nowhere else. A
 * policy that a route does not use is not in its stack, and costs nothing.
 */
export const STACK: readonly (GatewayLayer | GatewayPlace)[] = [
  // Once an exchange.
  outer.observeLayer,
  outer.loggedFieldsLayer,
  outer.requestIdLayer,
  outer.responseHeadersLayer,
  outer.apiVersionsLayer,
  outer.lifecycleLayer,
  outer.problemLayer,
  outer.graphqlErrorsLayer,
  place('before-limits', 'exchange', 'sees requests as they came, before anything is refused'),
  guard.importanceLayer,
  guard.timesLayer,
  guard.loadSheddingLayer,
  guard.bodyLimitLayer,
  request.forwardingLayer,
  guard.countedGraphqlLayer,
  guard.rateLimitLayer,
  guard.graphqlLayer,
  place('before-changes', 'exchange', 'knows who the client is; the route has changed nothing yet'),
  request.requestHeadersLayer,
  request.keepAskedLayer,
  request.stripVersionLayer,
  request.rewriteLayer,
  request.tellPrefixLayer,
  request.preserveHostLayer,
  delivery.mirrorLayer,
  delivery.fallbackLayer,
  delivery.timeoutLayer,
  delivery.routeConcurrencyLayer,
  place('before-upstream', 'exchange', 'sees requests as the upstream gets them, once for all attempts'),
  targetLayer,
  // Once an attempt, by the upstream that was chosen; `retry` and `hedge` make the attempts.
  request.restorePrefixLayer,
  attempt.retryLayer,
  attempt.hedgeLayer,
  attempt.breakerLayer,
  attempt.upstreamConcurrencyLayer,
  attempt.attemptTimeoutLayer,
  attempt.deadlinesLayer,
  attempt.mirrorTimeoutLayer,
  place('each-attempt', 'attempt', 'sees each attempt, and its response or failure'),
  ...upstreamLayers,
]
