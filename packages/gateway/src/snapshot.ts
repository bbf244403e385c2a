import { readFileSync } from 'node:fs'
import {
  type Clock,
  type Handler,
  RetryBudget,
  stack,
  type TlsOptions,
  TrafficError,
  Upstream,
} from '@headgate/core'
import type { GatewayConfig, UpstreamConfig, UpstreamTlsConfig } from './config/config.ts'
import { resolveUpstreams } from './config/upstreams.ts'
import { NO_ROUTE } from './metrics.ts'
import { outerPolicies, routeHandler } from './route.ts'
import { type Found, Router } from './routing/router.ts'
import type { Surroundings } from './surroundings.ts'

/** One configuration, compiled: immutable, and all that an exchange needs. */
export interface Snapshot {
  readonly config: GatewayConfig
  readonly handler: Handler
  readonly upstreams: ReadonlyMap<string, Upstream>
}

/** Compiles a configuration: every stack is composed here, none per request. */
export function compile(config: GatewayConfig, surroundings: Surroundings): Snapshot {
  const upstreams = new Map<string, Upstream>()
  const budgets = new Map<string, RetryBudget>()
  for (const [name, upstream] of resolveUpstreams(config)) {
    upstreams.set(name, makeUpstream(name, upstream, config, surroundings.clock))
    budgets.set(name, new RetryBudget(surroundings.clock))
  }
  const router = new Router(
    config.routes.map((route) => {
      const upstream = upstreams.get(route.upstream)
      const budget = budgets.get(route.upstream)
      if (upstream === undefined || budget === undefined) {
        throw new TypeError(`route ${route.name}: there is no upstream ${route.upstream}`)
      }
      return {
        name: route.name,
        hosts: route.match.host ?? [],
        paths: route.match.path,
        methods: route.match.methods ?? [],
        value: routeHandler(route, { ...surroundings, config, upstream, budget }),
      }
    }),
  )
  return { config, upstreams, handler: dispatch(router, config, surroundings) }
}

/** Routes an exchange, and answers what no route takes. */
function dispatch(router: Router<Handler>, config: GatewayConfig, surroundings: Surroundings): Handler {
  const refuse = stack(outerPolicies(NO_ROUTE, { ...surroundings, config }), async (exchange) => {
    const { path, method, authority } = exchange.request
    const found = router.find(authority.host, path, method)
    throw unrouted(found, method)
  })
  return (exchange) => {
    const { authority, path, method } = exchange.request
    const found = router.find(authority.host, path, method)
    if (found.kind !== 'found') return refuse(exchange)
    exchange.params = found.params
    return found.route(exchange)
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

function makeUpstream(name: string, upstream: UpstreamConfig, config: GatewayConfig, clock: Clock): Upstream {
  const { timeouts, limits, minimumByteRate } = config
  return new Upstream({
    name,
    clock,
    endpoints: upstream.endpoints,
    pool: upstream.pool,
    connectTimeout: upstream.timeouts?.connect ?? timeouts.connect,
    ...(upstream.tls && { tls: tlsOptions(upstream.tls) }),
    connection: {
      limits,
      responseHeadTimeout: timeouts.responseHead,
      // An upstream may be slow to speak, as long as it speaks: only idle time counts.
      pace: { idle: timeouts.bodyIdle, minimumRate: 0, grace: minimumByteRate.grace },
    },
  })
}

/** The configuration names a file, the engine wants what is in it. */
function tlsOptions({ verify, ca, servername }: UpstreamTlsConfig): TlsOptions {
  return {
    verify,
    ...(ca !== undefined && { ca: readFileSync(ca) }),
    ...(servername !== undefined && { servername }),
  }
}
