import {
  buildLayers,
  type BuiltLayer,
  composeLayers,
  type Exchange,
  type Handler,
  type HttpResponse,
  type Metric,
  type Policy,
} from '@headgate/core'
import { type ExchangeWay, type NamedSetting, USUAL_WAYS } from './features/layer.ts'
import type { GatewayConfig } from './config/schema/schema.ts'
import type { RouteConfig } from './config/schema/route-schema.ts'
import { Kept } from './kept.ts'
import {
  type AttemptLayer,
  type AttemptSetting,
  type ExchangeContext,
  type ExchangeLayer,
  type ExchangeSetting,
  type GatewayLayer,
  type RouteContext,
  type StackOptions,
  withPolicies,
} from './layers/layer.ts'
import { NO_ROUTE } from './metrics/route-metrics.ts'
import { ROUTE_SETTINGS, STACK } from './stack.ts'
import type { Surroundings } from './surroundings.ts'

/** A route's whole stack, down to its upstreams. */
export function routeHandler(route: RouteConfig, config: GatewayConfig, context: RouteContext): Handler {
  return exchangeStack({ way: 'route', config, route }, context, leadsNowhere)
}

/**
 * What every exchange passes that no route takes.
 * @param refuse rejects with the reason
 */
export function unroutedHandler(
  way: Exclude<ExchangeWay, 'route'>,
  config: GatewayConfig,
  surroundings: Surroundings & StackOptions,
  refuse: Handler,
): Handler {
  const context = { ...surroundings, kept: new Kept(), upstreamNamed: noUpstream }
  return exchangeStack({ way, config, route: noRoute(config) }, context, refuse)
}

/** What stands for the route where there is none. */
function noRoute({ shared, paths }: GatewayConfig): RouteConfig {
  return {
    name: NO_ROUTE,
    match: { path: [] },
    priority: 0,
    paths,
    preserveHost: true,
    retry: false,
    importance: 'normal',
    ...shared?.unrouted,
  }
}

function exchangeStack(setting: ExchangeSetting, context: RouteContext, end: Handler): Handler {
  const { config, route, way } = setting
  const rows = rowsOf(context).filter(
    (layer): layer is ExchangeLayer => layer.once === 'exchange' && (layer.ways ?? ['route']).includes(way),
  )
  const leadTo: ExchangeContext['leadTo'] = (why, upstream) =>
    attemptStack({ way: why, config, route, upstream }, context)
  const built = buildLayers(rows, setting, { ...context, leadTo })
  return compose(built, setting, context, end)
}

function attemptStack(setting: AttemptSetting, context: RouteContext): Handler {
  const rows = rowsOf(context).filter(
    (layer): layer is AttemptLayer =>
      layer.once === 'attempt' && (layer.ways ?? USUAL_WAYS).includes(setting.way),
  )
  const destination = context.upstreamNamed(setting.upstream)
  const built = buildLayers(rows, setting, { ...context, destination })
  return compose(built, setting, context, leadsNowhere)
}

function rowsOf({ policies = [], leavesOut }: RouteContext): readonly GatewayLayer[] {
  const rows = withPolicies(STACK, policies)
  return leavesOut === undefined ? rows : rows.filter((layer) => !leavesOut(layer))
}

/** Counters of routes, by the layer of the list that has them shown. */
const SHOWN_WITH = new Map(
  ROUTE_SETTINGS.map((row): [NamedSetting, readonly Metric<'counter', 'route'>[]] => [
    row,
    ROUTE_SETTINGS.flatMap(({ counter }) => (counter?.shownWith.includes(row.name) ? [counter.metric] : [])),
  ]),
)

function compose(
  built: readonly BuiltLayer<GatewayLayer>[],
  setting: ExchangeSetting | AttemptSetting,
  { observer, metrics }: RouteContext,
  end: Handler,
): Handler {
  for (const { layer } of built)
    for (const metric of SHOWN_WITH.get(layer) ?? []) metrics.get(metric, { route: setting.route.name })
  observer?.composed?.({ setting, layers: built.map(({ layer }) => layer) })
  const entered = observer?.entered
  if (entered === undefined) return composeLayers(built, end)
  const observed = built.map(({ layer, policy }) => {
    const seen: Policy = (next) => {
      const handler = policy(next)
      return (exchange: Exchange): Promise<HttpResponse> => {
        entered(layer, setting, exchange)
        return handler(exchange)
      }
    }
    return { layer, policy: seen }
  })
  return composeLayers(observed, end)
}

/** The innermost layer has no use for what stands behind it. */
const leadsNowhere: Handler = () => Promise.reject(new TypeError('nothing stands behind the last layer'))

function noUpstream(name: string): never {
  throw new TypeError(`no route leads to the upstream ${name}`)
}
