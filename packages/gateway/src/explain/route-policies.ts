import { systemClock } from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { routeHandler } from '../route.ts'
import { knowNothing } from '../features/geo/geo-place.ts'
import { dryRunContext } from './dry-run.ts'
import { type NamedPolicy, StackRecord } from './explained-policies.ts'

type PoliciesByRoute = ReadonlyMap<string, readonly NamedPolicy[]>

/** Found once for each configuration: every route is composed for it. */
const known = new WeakMap<GatewayConfig, PoliciesByRoute>()

/** The policies of each route, by its name, as an exchange meets them: see `StackRecord.named`. */
export function routePolicies(config: GatewayConfig): PoliciesByRoute {
  const before = known.get(config)
  if (before !== undefined) return before
  const context = dryRunContext(config, systemClock, knowNothing, () => neverSent)
  const policies = new Map(
    config.routes.map((route) => {
      const observer = new StackRecord()
      routeHandler(route, config, { ...context, observer })
      return [route.name, observer.named]
    }),
  )
  known.set(config, policies)
  return policies
}

function neverSent(): never {
  throw new TypeError('nothing is sent to find out the policies of a route')
}
