import { type Clock, type MetricRegistry, systemClock } from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { ipRanges } from '../settings/values/address.ts'
import type { EndpointLists } from '../discovery/endpoint-lists.ts'
import { type FileDigests, fileDigests, FILES } from '../identity.ts'
import { Kept } from '../kept.ts'
import { Shared } from '../shared.ts'
import { compile, type Snapshot } from '../snapshot.ts'
import { statesOf, UPSTREAM } from '../upstreams/upstreams.ts'
import { type GatewayCache, openCache, SUPERVISOR_THREAD } from '../features/cache/memory.ts'
import { Stores } from '../features/stores/stores.ts'
import { Authenticators } from '../features/authentication/authenticators.ts'
import { RateLimitStores } from '../features/rate-limit/stores.ts'
import { AUTHORITIES, loadAuthorities } from '../features/client-certificates/authorities.ts'
import { type Certificates, CERTIFICATES, loadCertificates } from '../features/tls/certificates.ts'
import { GEO, loadGeo } from '../features/geo/geo-files.ts'
import { geoMetrics } from '../features/geo/geo.ts'

/**
 * A configuration as the supervisor has compiled it, before any worker is told: what fails here fails where nothing is at
 * stake. It serves no traffic, but its upstreams and limits share their state with those of the workers, so that they can be
 * looked at, checked and marked from here.
 */
export interface Blueprint {
  readonly config: GatewayConfig
  readonly snapshot: Snapshot
  readonly rateLimits: RateLimitStores
  readonly stores: Stores
  /** Undefined where no route has one. */
  readonly cache: GatewayCache | undefined
  /** What is in the files that it names. */
  readonly files: FileDigests
  /** With all workers. */
  readonly shared: Shared
}

/**
 * @param metrics where it places the series of all threads; what is compiled here counts nothing
 * @param managed certificates that are in no file of it
 * @param previous what did not change since is taken over
 * @throws Error if it cannot be compiled
 */
export function draw(
  config: GatewayConfig,
  metrics: MetricRegistry,
  previous?: Blueprint,
  clock: Clock = systemClock,
  lists?: EndpointLists,
  managed: Certificates = new Map(),
): Blueprint {
  const files = fileDigests(config)
  if (config.geo !== undefined) geoMetrics(metrics, config.geo)
  const kept = new Kept(previous?.snapshot.kept)
  const shared = new Shared(previous?.shared.data)
  shared.set(FILES, '', files)
  const written = loadCertificates(config, previous?.shared.find(CERTIFICATES, ''))
  shared.set(CERTIFICATES, '', new Map([...written, ...managed]))
  shared.set(AUTHORITIES, '', loadAuthorities(config, previous?.shared.find(AUTHORITIES, '')))
  shared.set(GEO, '', loadGeo(config.geo, previous?.shared.find(GEO, '')))
  const rateLimits = new RateLimitStores(config, clock, kept, shared)
  const stores = new Stores(config, { clock, metrics, kept, files })
  const cache = openCache(config, { shared, kept, stores, clock, port: undefined }, SUPERVISOR_THREAD)
  const surroundings = {
    clock,
    metrics,
    accessLog: undefined,
    trustedProxies: ipRanges(config.trustedProxies),
    rateLimits,
    authenticators: new Authenticators(config, clock, kept, { rateLimits }),
    cache,
  }
  const snapshot = compile(config, surroundings, {
    files,
    shared,
    kept,
    // Here they have no exchanges.
    retire: (upstream) => upstream.destroy(),
    lists,
    previous: previous?.snapshot,
  })
  for (const [identity, state] of statesOf(snapshot.upstreams)) shared.set(UPSTREAM, identity, state)
  return { config, files, snapshot, rateLimits, stores, cache, shared }
}
