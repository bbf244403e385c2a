import {
  type Clock,
  DEFAULT_SERVER_OPTIONS,
  type ExchangeTimes,
  type PaceLimits,
  type ServerConnectionOptions,
} from '@headgate/core'
import type { GatewayConfig } from './config/schema/schema.ts'
import type { RouteConfig } from './config/schema/route-schema.ts'
import { widestForm } from './routing/router/path-readings.ts'

/** What a route's exchanges are timed by, where it is anything else than what the whole gateway has. */
export function routeTimes(
  route: RouteConfig,
  { timeouts, minimumByteRate }: GatewayConfig,
): ExchangeTimes | undefined {
  const { responseHead, bodyIdle, streamIdle } = route.timeouts ?? {}
  if ((responseHead ?? bodyIdle ?? streamIdle ?? route.minimumByteRate) === undefined) return undefined
  const idle = bodyIdle ?? timeouts.bodyIdle
  const { downstream, upstream } = paces(idle, route.minimumByteRate ?? minimumByteRate)
  return {
    responseHead: responseHead ?? timeouts.responseHead,
    streamIdle: streamIdle ?? timeouts.streamIdle,
    downstream,
    upstream,
  }
}

/** How fast clients and endpoints must be. An endpoint may be slow to speak, as long as it speaks: only idle time counts. */
export function paces(
  idle: number,
  { rate, grace }: GatewayConfig['minimumByteRate'],
): { readonly downstream: PaceLimits; readonly upstream: PaceLimits } {
  return { downstream: { idle, minimumRate: rate, grace }, upstream: { idle, minimumRate: 0, grace } }
}

/** What connections of clients are made with. */
export function connectionOptions(config: GatewayConfig, clock: Clock): ServerConnectionOptions {
  const { timeouts, limits, minimumByteRate } = config
  return {
    ...DEFAULT_SERVER_OPTIONS,
    clock,
    limits,
    paths: widestForm(config.routes.map(({ paths }) => paths)),
    requestHeadTimeout: timeouts.requestHead,
    keepAliveTimeout: timeouts.keepAlive,
    halfClosedTimeout: timeouts.halfClosed,
    tunnelIdleTimeout: timeouts.streamIdle,
    pace: paces(timeouts.bodyIdle, minimumByteRate).downstream,
  }
}
