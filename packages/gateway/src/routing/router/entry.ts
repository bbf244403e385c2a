import type { RouteConfig } from '../../config/schema/route-schema.ts'
import { conditionsOf } from '../conditions/conditions.ts'
import { type GeoLookup, knowNothing } from '../geo/geo-place.ts'
import type { RouteEntry } from './router.ts'

/** A route of the configuration as the router takes it. */
export function routeEntry<Value>(
  { name, match, priority }: RouteConfig,
  value: Value,
  geo: GeoLookup = knowNothing,
): RouteEntry<Value> {
  const { host = [], path, methods = [] } = match
  return { name, hosts: host, paths: path, methods, priority, conditions: conditionsOf(match, geo), value }
}
