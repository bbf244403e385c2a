import {
  type Clock,
  type MetricRegistry,
  proxyProtocol,
  RetryBudget,
  type Timer,
  type TlsOptions,
  Upstream,
  type UpstreamOptions,
} from '@headgate/core'
import { upstreamHttp2Limits } from '../features/http2.ts'
import { balancingOptions } from '../features/balancing.ts'
import { LARGEST_PEM, readPlainFile } from '../plain-file.ts'
import type { GatewayConfig } from '../config/schema/schema.ts'
import type { UpstreamConfig } from '../config/schema/upstream-schema.ts'
import { type Certificates, CERTIFICATES } from '../features/tls/certificates.ts'
import { ClientCertificate } from '../features/tls/client-certificate.ts'
import { handshakeMetrics } from '../features/tls/handshake-metrics.ts'
import { clientCertificateOf, type UpstreamTlsConfig } from '../features/tls/upstream-setting.ts'
import { resolveUpstreams } from '../config/upstreams.ts'
import type { EndpointLists } from '../discovery/endpoint-lists.ts'
import { makeUpstreamGuard, type UpstreamGuard } from './upstream-guard.ts'
import { type ListedEndpoint, listEndpoints } from '../discovery/listed-endpoint.ts'
import { checksPaused } from './health-checks.ts'
import type { Kept } from '../kept.ts'
import type { Shared, SharedKind } from '../shared.ts'
import { endpointsIdentity, type FileDigests, upstreamIdentity } from '../identity.ts'
import { paces } from '../features/timeouts.ts'
import { changeMetrics } from '../discovery/metrics.ts'
import { type LevelReadings, levelReadings } from './level-metrics.ts'

/** An upstream as a snapshot holds it. */
export interface CompiledUpstream {
  readonly identity: string
  /** Of the endpoints that are configured: they may change while all else goes on. */
  readonly endpoints: string
  /** Those that it had to have when this was compiled. */
  readonly listed: readonly ListedEndpoint[]
  readonly upstream: Upstream
  /** What its levels get, by priority and zone; undefined where all endpoints are on one. */
  readonly levels: LevelReadings | undefined
  /** Shared by all routes to it. */
  readonly budget: RetryBudget
  /** Breaker and concurrency limit, where it has them. */
  readonly guard: UpstreamGuard
  /** What its endpoints are shown; undefined where that is nothing. */
  readonly certificate: ClientCertificate | undefined
}

/** By what routes call them. */
export type CompiledUpstreams = ReadonlyMap<string, CompiledUpstream>

/** The kind of their states among what threads share. */
export const UPSTREAM: SharedKind<Upstream['state']> = { name: 'upstream' }

/** What upstreams share with those of other threads, by their identity: see `UpstreamOptions.state`. */
export type UpstreamStates = ReadonlyMap<string, Upstream['state']>

/**
 * All upstreams of a configuration. One that the previous snapshot has in the same form is taken over as it is, with its
 * pools, sockets, balancer and health; if only its endpoints are others, these are put in force later: see `putInForce`.
 * @param retire ends one that has left the configuration
 * @param lists in the thread that says which endpoints there are; the others go by the states
 */
export function compileUpstreams(
  config: GatewayConfig,
  clock: Clock,
  files: FileDigests,
  shared: Shared,
  kept: Kept,
  retire: (upstream: Upstream) => void,
  metrics: MetricRegistry,
  lists?: EndpointLists,
): CompiledUpstreams {
  const compiled = new Map<string, CompiledUpstream>()
  for (const [name, upstream] of resolveUpstreams(config)) {
    const identity = upstreamIdentity(name, upstream, config, files)
    const endpoints = endpointsIdentity(upstream)
    const state = lists === undefined ? shared.find(UPSTREAM, identity) : undefined
    // What depends on its endpoints alone, which may change while all else goes on.
    const { listed, levels } = kept.keep('endpoints', [identity, state?.id, endpoints], () => ({
      listed: lists?.of(name, upstream, config) ?? listEndpoints(upstream.endpoints, () => []),
      levels: levelReadings(metrics, name, upstream, config),
    }))
    const make = (): Pick<CompiledUpstream, 'upstream' | 'budget' | 'guard' | 'certificate'> => {
      const guard = makeUpstreamGuard(name, upstream, clock, metrics)
      const shown = upstream.tls && clientCertificateOf(upstream.tls)
      const certificate = shown && new ClientCertificate(shown, shared.find(CERTIFICATES, ''))
      const made = makeUpstream(name, upstream, config, {
        clock,
        state,
        endpoints: listed,
        gate: guard.gate,
        ...(upstream.tls && { tls: tlsOptions(upstream.tls, certificate) }),
        handshakes: mayHaveTls(upstream) ? handshakeMetrics(metrics, name) : undefined,
      })
      lists?.made(made, listed)
      if (Object.hasOwn(config.upstreams, name)) changeMetrics(metrics, name)
      if (upstream.health) checksPaused(metrics, name)
      return { upstream: made, budget: new RetryBudget(clock), guard, certificate }
    }
    // A thread that was not there while another configuration was in force has one of the same identity that shares its state
    // with nobody any more.
    const parts = kept.keep('upstream', [identity, state?.id], make, (gone) => retire(gone.upstream))
    compiled.set(name, { ...parts, identity, endpoints, listed, levels })
  }
  return compiled
}

/** For the threads that are to share them. */
export function statesOf(upstreams: CompiledUpstreams): UpstreamStates {
  return new Map(Array.from(upstreams.values(), ({ identity, upstream }) => [identity, upstream.state]))
}

/**
 * Has the upstreams that stay have the endpoints that they are to have from now on, in the thread that says so. Returns the
 * states of those that changed.
 */
export function putInForce(
  before: CompiledUpstreams,
  after: CompiledUpstreams,
  lists: EndpointLists,
): UpstreamStates {
  const changed = new Map<string, Upstream['state']>()
  for (const [name, { identity, endpoints, upstream, listed }] of after) {
    const known = before.get(name)
    if (known?.upstream !== upstream || known.endpoints === endpoints) continue
    lists.put(upstream, listed)
    changed.set(identity, upstream.state)
  }
  return changed
}

/**
 * The same in the other threads.
 * @param stateOf the newest that is known of an upstream, by its identity
 */
export function followStates(
  upstreams: CompiledUpstreams,
  stateOf: (identity: string) => Upstream['state'] | undefined,
): void {
  for (const { identity, upstream } of upstreams.values()) {
    const state = stateOf(identity)
    if (state !== undefined) upstream.follow(state)
  }
}

/** What is no matter of the configuration alone. */
type UpstreamParts = Pick<UpstreamOptions, 'clock' | 'state' | 'endpoints' | 'gate' | 'tls' | 'handshakes'>

function makeUpstream(
  name: string,
  upstream: UpstreamConfig,
  config: GatewayConfig,
  parts: UpstreamParts,
): Upstream {
  const { timeouts, limits, minimumByteRate } = config
  return new Upstream({
    ...parts,
    name,
    pool: upstream.pool,
    ...balancingOptions(upstream, config.zone),
    connectTimeout: upstream.timeouts?.connect ?? timeouts.connect,
    protocols: upstream.protocols,
    ...(upstream.proxyProtocol && { proxyHeaders: proxyProtocol(upstream.proxyProtocol) }),
    http2: upstream.http2 && upstreamHttp2Limits(upstream.http2),
    connection: {
      limits,
      responseHeadTimeout: timeouts.responseHead,
      tunnelIdleTimeout: timeouts.streamIdle,
      pace: paces(timeouts.bodyIdle, minimumByteRate).upstream,
    },
  })
}

/** The configuration names files, the engine wants what is in them. */
function tlsOptions(
  { ca, servername, verify, pins, minVersion, maxVersion }: UpstreamTlsConfig,
  certificate: ClientCertificate | undefined,
): TlsOptions {
  return {
    verify,
    pins,
    servername,
    minVersion,
    maxVersion,
    ...(ca !== undefined && { ca: readPlainFile(ca, LARGEST_PEM) }),
    ...(certificate && { cert: certificate.cert, key: certificate.key }),
  }
}

function mayHaveTls({ endpoints }: UpstreamConfig): boolean {
  return endpoints.some(({ url, scheme }) => url?.startsWith('https') ?? scheme === 'https')
}

/** Shows endpoints these certificates from now on, in place of those of the same setting; connections with another one take no more. */
export function useClientCertificates(upstreams: CompiledUpstreams, renewed: Certificates): void {
  for (const { certificate, upstream } of upstreams.values())
    if (certificate?.use(renewed) === true) upstream.renewConnections()
}

/** How often they are looked at, and for how long they must be found with nothing to do. Milliseconds. */
const INTERVAL = 1_000
const QUIET = 60_000

/**
 * Upstreams that have left the configuration. Exchanges of before still use them; they are remembered, so that their
 * connections are counted, until they have had nothing to do for longer than a retry waits.
 */
export class RetiredUpstreams {
  private readonly quietSince = new Map<Upstream, number | undefined>()
  private readonly clock: Clock
  private readonly timer: Timer

  constructor(clock: Clock) {
    this.clock = clock
    this.timer = clock.timer(() => this.look())
  }

  get upstreams(): Iterable<Upstream> {
    return this.quietSince.keys()
  }

  retire(upstream: Upstream): void {
    upstream.retire()
    this.quietSince.set(upstream, undefined)
    this.timer.arm(INTERVAL)
  }

  stop(): void {
    this.timer.disarm()
  }

  private look(): void {
    const now = this.clock.now()
    for (const [upstream, since] of this.quietSince) {
      const isBusy = upstream.stats().some(({ active, idle, pending }) => active + idle + pending > 0)
      if (isBusy) this.quietSince.set(upstream, undefined)
      else if (since === undefined) this.quietSince.set(upstream, now)
      else if (now - since >= QUIET) this.quietSince.delete(upstream)
    }
    if (this.quietSince.size > 0) this.timer.arm(INTERVAL)
  }
}
