import {
  forwarding,
  type Handler,
  limits,
  observe,
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
import type { Surroundings } from './surroundings.ts'

/** What a route is compiled with. */
export interface RouteContext extends Surroundings {
  readonly config: GatewayConfig
  readonly upstream: Upstream
  /** Shared by all routes to that upstream. */
  readonly budget: RetryBudget
}

/**
 * A route's whole stack, outermost policy first: this list is the order in which an exchange meets them. A policy that the
 * route does not use is not in it, and costs nothing.
 */
export function routeHandler(route: RouteConfig, context: RouteContext): Handler {
  const { config, upstream } = context
  const exchangeTimeout = route.timeout ?? config.timeouts.exchange
  const bodyLimit = route.limits?.body ?? config.limits.body
  return stack(
    [
      ...outerPolicies(route.name, context),
      bodyLimit !== undefined && limits({ body: bodyLimit }),
      forwarding({
        ...config.forwarding,
        trustedProxies: context.trustedProxies,
        ownFields: config.requestId ? [config.requestId.header] : [],
      }),
      !route.preserveHost && endpointHost(),
      exchangeTimeout !== undefined && timeout({ exchange: exchangeTimeout }),
      route.retry &&
        retry({ ...route.retry, budget: context.budget, onRetry: context.metrics.onRetry(route.name) }),
    ],
    upstream.handler,
  )
}

/** What every exchange passes, whether a route was found for it or not. */
export function outerPolicies(
  route: string,
  context: Surroundings & { readonly config: GatewayConfig },
): (Policy | false)[] {
  const { config, clock, metrics, accessLog } = context
  return [
    observe({ route, metrics: metrics.route(route), log: accessLog }),
    config.requestId && requestId({ ...config.requestId, clock }),
    problem(),
  ]
}

/** Has the upstream see its endpoint's own name as Host, in place of the one that the client used. */
function endpointHost(): Policy {
  return (next) => (exchange) => {
    exchange.preserveHost = false
    return next(exchange)
  }
}
