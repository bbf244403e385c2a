import { type Clock, type MetricRegistry, systemClock } from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { ipRanges } from '../settings/values/address.ts'
import type { EndpointLists } from '../discovery/endpoint-lists.ts'
import { fileDigests } from '../identity.ts'
import { allocateRateLimits } from '../rate-limit/memory.ts'
import { RateLimitStores } from '../rate-limit/stores.ts'
import { compile, type Snapshot } from '../snapshot.ts'
import { loadGeo } from '../routing/geo/geo-files.ts'
import { geoMetrics } from '../routing/geo/geo-metrics.ts'
import { splitStatesOf } from '../routing/split/splits.ts'
import { statesOf } from '../upstreams/upstreams.ts'
import type { SharedState } from './protocol.ts'

/**
 * A configuration as the supervisor has compiled it, before any worker is told: what fails here fails where nothing is at
 * stake. It serves no traffic, but its upstreams and limits share their state with those of the workers, so that they can be
 * looked at, checked and marked from here.
 */
export interface Blueprint extends SharedState {
  readonly config: GatewayConfig
  readonly snapshot: Snapshot
  readonly rateLimits: RateLimitStores
}

/**
 * @param metrics where it places the series of all threads; what is compiled here counts nothing
 * @param previous what did not change since is taken over
 * @throws Error if it cannot be compiled
 */
export function draw(
  config: GatewayConfig,
  metrics: MetricRegistry,
  previous?: Blueprint,
  clock: Clock = systemClock,
  lists?: EndpointLists,
): Blueprint {
  const files = fileDigests(config)
  const geo = loadGeo(config.geo, previous?.geo)
  if (config.geo !== undefined) geoMetrics(metrics, config.geo)
  const rateLimitMemory = allocateRateLimits(config, previous?.rateLimitMemory)
  const rateLimits = new RateLimitStores(config, clock, rateLimitMemory, previous?.rateLimits)
  const surroundings = {
    clock,
    metrics,
    accessLog: undefined,
    trustedProxies: ipRanges(config.trustedProxies),
    rateLimits,
  }
  const snapshot = compile(config, surroundings, {
    files,
    upstreamStates: new Map(),
    lists,
    previous: previous?.snapshot,
  })
  return {
    config,
    files,
    snapshot,
    rateLimits,
    rateLimitMemory,
    upstreamStates: statesOf(snapshot.upstreams),
    splitStates: splitStatesOf(snapshot.splits),
    geo,
  }
}
