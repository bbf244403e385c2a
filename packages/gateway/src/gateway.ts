import {
  type Clock,
  DiskPort,
  type Handler,
  LoadGauge,
  MetricRegistry,
  OpenStreams,
  own,
  problemResponse,
  systemClock,
  type Upstream,
} from '@headgate/core'
import type { GatewayConfig } from './config/schema/schema.ts'
import type { CloseReport, GatewayOptions } from './gateway-options.ts'
import { ipRanges } from './settings/values/address.ts'
import { EndpointLists } from './discovery/endpoint-lists.ts'
import { HealthChecks } from './upstreams/health-checks.ts'
import { fileDigests, FILES } from './identity.ts'
import { httpAnswer } from './features/tls/challenges.ts'
import { materialFor, TlsInForce } from './tls-in-force.ts'
import { listen, type Listener, type ListenOptions, type TlsMaterial } from './listen/listen.ts'
import { newLoopKey } from './features/forwarding.ts'
import { ListenerSet } from './listen/listener-set.ts'
import { Kept } from './kept.ts'
import { GatewayMetrics } from './metrics/gateway-metrics.ts'
import {
  followStates,
  putInForce,
  RetiredUpstreams,
  UPSTREAM,
  type UpstreamStates,
  useClientCertificates,
} from './upstreams/upstreams.ts'
import { type Readings, readingsOf } from './in-force.ts'
import { compile, type Snapshot } from './snapshot.ts'
import { Shared, type SharedData } from './shared.ts'
import { EndpointMetrics } from './upstreams/endpoint-metrics.ts'
import { GEO, type GeoFile, loadGeo } from './features/geo/geo-files.ts'
import { Authenticators } from './features/authentication/authenticators.ts'
import { cacheReadings } from './features/cache/figures.ts'
import { leaveFolder, takeFolder } from './features/cache/disk.ts'
import { type GatewayCache, openCache, SUPERVISOR_THREAD } from './features/cache/memory.ts'
import { PurgeFollower } from './features/cache/follower.ts'
import { Stores } from './features/stores/stores.ts'
import { Refusals } from './features/refusals.ts'
import { RateLimitStores } from './features/rate-limit/stores.ts'
import { connectionOptions } from './features/timeouts.ts'
import { LoadMonitor } from './features/load-shedding.ts'
import type { ListenerConfig } from './config/schema/gateway-sections.ts'
import { Shown } from './metrics/metric.ts'
import { Geo, geoMetrics } from './features/geo/geo.ts'

/** What a further configuration brings along. */
export interface GatewayUpdate {
  readonly config: GatewayConfig
  readonly shared?: SharedData | undefined
  /** Of the routes, in their order, where they are known already. */
  readonly identities?: readonly string[]
}

/** A configuration that is compiled, whose listeners are bound, and which is not in force. */
export interface PreparedUpdate {
  readonly listeners: readonly Listener[]
  /**
   * Puts it in force, at once.
   * @param upstreamStates where the endpoints of upstreams that stay have changed in another thread
   */
  commit(upstreamStates?: UpstreamStates): void
  /** Forgets it. */
  abort(): void
}

/** A configuration, ready to serve. */
interface Compiled {
  readonly snapshot: Snapshot
  readonly rateLimits: RateLimitStores
  readonly authenticators: Authenticators
  readonly stores: Stores
  readonly cache: GatewayCache | undefined
  readonly shared: Shared
  readonly readings: Readings
}

/** An HTTP gateway in this thread. */
export class Gateway {
  readonly metrics: MetricRegistry
  readonly tls: TlsInForce
  private readonly counts: GatewayMetrics
  private readonly endpoints: EndpointMetrics
  private readonly shown = new Shown()
  private readonly options: GatewayOptions
  private readonly clock: Clock
  private readonly listeners: ListenerSet
  private current: Compiled
  /** Upstreams that have left the configuration, until their last exchange is finished. */
  private readonly retired: RetiredUpstreams
  /** Undefined where another thread checks for all. */
  private readonly checks: HealthChecks | undefined
  /** Undefined where another thread follows for all. */
  private readonly purges: PurgeFollower | undefined
  private readonly loadMonitor = new LoadMonitor()
  private readonly geo = new Geo()
  private readonly loopKey: Uint8Array
  private readonly refusals: Refusals | undefined
  private readonly openStreams: OpenStreams
  /** Undefined where another thread says which endpoints there are. */
  private readonly lists: EndpointLists | undefined
  private material: TlsMaterial
  /** Undefined where this thread has the index of the cache on disk. */
  private readonly diskPort: DiskPort | undefined
  private closing: Promise<CloseReport> | undefined

  constructor(config: GatewayConfig, given: GatewayOptions = {}) {
    const options = own(given)
    this.options = options
    this.loopKey = options.loopKey ?? newLoopKey()
    this.clock = options.clock ?? systemClock
    this.openStreams = new OpenStreams(this.clock)
    this.refusals = options.onRefusal && new Refusals(this.clock, options.onRefusal)
    this.metrics = options.metrics ?? new MetricRegistry()
    this.counts = new GatewayMetrics(this.metrics)
    this.endpoints = new EndpointMetrics(this.metrics)
    const geo = options.shared && new Shared(options.shared).find(GEO, '')
    this.material = materialFor(config, options.shared)
    this.tls = new TlsInForce(config, this.clock, options.shared)
    this.geo.use(options.geo ?? geo ?? loadGeo(config.geo))
    this.lists = options.shared === undefined ? this.makeLists() : undefined
    this.diskPort = options.diskPort && new DiskPort(options.diskPort)
    this.current = this.compile({ config, shared: options.shared })
    takeFolder(this.current.cache?.disk)
    this.connectStores()
    this.lists?.settle(config)
    this.retired = new RetiredUpstreams(this.clock)
    this.checks = options.shared === undefined ? new HealthChecks() : undefined
    this.checks?.follow(this.snapshot.upstreams)
    this.purges = options.shared === undefined ? new PurgeFollower(this.clock) : undefined
    this.purges?.follow(this.current.cache)
    this.listeners = new ListenerSet(this.clock, (...asked) => this.open(...asked))
  }

  /** Answers an exchange as the gateway would, without a socket. */
  readonly handler: Handler = (exchange) => this.current.snapshot.handler(exchange)

  /** That of listeners without TLS: what authorities look for comes before all routes. */
  private readonly clearHandler: Handler = (exchange) => {
    const answer = httpAnswer(this.tls.challenges, exchange.request)
    return answer === undefined ? this.handler(exchange) : Promise.resolve(answer)
  }

  get snapshot(): Snapshot {
    return this.current.snapshot
  }

  /** For resets. */
  get rateLimits(): RateLimitStores {
    return this.current.rateLimits
  }

  /** Undefined where no route has one. */
  get cache(): GatewayCache | undefined {
    return this.current.cache
  }

  /** Has the endpoints that another thread says there are. */
  useEndpoints(states: UpstreamStates): void {
    followStates(this.snapshot.upstreams, (identity) => states.get(identity))
  }

  /**
   * Takes these certificates and authorities in place of those of the same setting, from the next connections on.
   * @param gone certificates that are served no more
   */
  useMaterial({ certificates, authorities }: TlsMaterial, gone: readonly string[] = []): void {
    const served = new Map([...this.material.certificates, ...certificates])
    for (const identity of gone) served.delete(identity)
    this.material = {
      certificates: served,
      authorities: new Map([...this.material.authorities, ...authorities]),
    }
    this.listeners.useMaterial(this.material)
    useClientCertificates(this.snapshot.upstreams, certificates)
  }

  /** In force. */
  get tlsMaterial(): TlsMaterial {
    return this.material
  }

  /** Puts other databases of addresses in force, at once. */
  useGeo(files: readonly GeoFile[]): void {
    this.geo.use(files)
  }

  /** The upstreams in force, and those that still have something to finish. */
  *upstreams(): IterableIterator<Upstream> {
    for (const { upstream } of this.snapshot.upstreams.values()) yield upstream
    yield* this.retired.upstreams
  }

  /** Brings what is in force, and knows of itself how it is, into the metrics: to be called now and then. */
  sample(): void {
    const stats = new Map(Array.from(this.upstreams(), (each) => [each, each.stats()]))
    for (const [each, its] of stats) this.endpoints.record(each.name, its, each)
    // Where there are others, the one that is asked for the metrics shows it.
    const cache = this.options.shared === undefined ? this.current.cache : undefined
    this.shown.show([...this.current.readings(stats), ...cacheReadings(this.metrics, cache)])
  }

  /** Binds all listeners and serves; resolves with where. Rejects, with nothing bound, if one cannot be bound. */
  async listen(): Promise<readonly Listener[]> {
    const { config } = this.snapshot
    await this.lists?.discovery.ready(config)
    const connection = connectionOptions(config, this.clock)
    const prepared = await this.listeners.prepare(config.listeners, connection, this.material)
    prepared.commit(0)
    return prepared.listeners
  }

  /**
   * Gets ready for a further configuration, while the present one serves. Rejects, with nothing changed, if it cannot be
   * compiled or a listener cannot be bound. What it counts is counted once this thread has learned where.
   */
  async prepare(update: GatewayUpdate): Promise<PreparedUpdate> {
    const { config } = update
    await this.lists?.discovery.ready(config)
    const material = materialFor(config, update.shared, this.material)
    const connection = connectionOptions(config, this.clock)
    const prepared = await this.listeners.prepare(config.listeners, connection, material)
    try {
      const next = this.compile(update, this.current)
      return {
        listeners: prepared.listeners,
        commit: (upstreamStates = new Map()) => {
          const before = this.current.snapshot
          // What leaves with it is known to be shown from now on, and so shows 0 with the next sample.
          this.sample()
          this.current = next
          this.takeOver(before, next, upstreamStates)
          this.checks?.follow(next.snapshot.upstreams)
          this.tls.follow(config)
          this.material = material
          useClientCertificates(next.snapshot.upstreams, material.certificates)
          this.purges?.follow(next.cache)
          prepared.commit(config.drain.timeout)
          next.snapshot.kept.settle()
          takeFolder(next.cache?.disk)
          this.connectStores()
        },
        abort: () => {
          prepared.abort()
          this.lists?.settle(this.snapshot.config)
        },
      }
    } catch (error) {
      prepared.abort()
      throw error
    }
  }

  /**
   * Stops accepting, lets exchanges in flight finish, and closes everything.
   * @param timeout milliseconds for the exchanges; default: the configuration's `drain.timeout`
   */
  close(timeout: number = this.snapshot.config.drain.timeout): Promise<CloseReport> {
    this.closing ??= this.drain(timeout)
    return this.closing
  }

  /** What changes in upstreams that stay. */
  private takeOver(before: Snapshot, { snapshot, shared }: Compiled, states: UpstreamStates): void {
    const { lists } = this
    if (lists !== undefined) {
      putInForce(before.upstreams, snapshot.upstreams, lists)
      lists.settle(snapshot.config)
      return
    }
    // What comes with the commit is newer than what it was prepared with.
    followStates(snapshot.upstreams, (identity) => states.get(identity) ?? shared.find(UPSTREAM, identity))
    const geo = shared.find(GEO, '')
    if (geo !== undefined) this.geo.use(geo)
    this.tls.takeOver(shared)
  }

  private makeLists(): EndpointLists {
    const { clock, metrics } = this
    const lists = new EndpointLists({
      clock,
      metrics,
      report: () => {},
      changed: () => {
        const { config, upstreams } = this.snapshot
        // Nobody else looks at what those share that have left.
        for (const upstream of lists.refresh(config, upstreams).values()) upstream.reclaim()
        this.endpoints.layOut(upstreams)
      },
    })
    return lists
  }

  private compile(update: GatewayUpdate, previous?: Compiled): Compiled {
    const { config, identities } = update
    const kept = new Kept(previous?.snapshot.kept)
    const shared = new Shared(update.shared ?? previous?.shared.data)
    if (update.shared === undefined) shared.set(FILES, '', fileDigests(config))
    const rateLimits = new RateLimitStores(config, this.clock, kept, update.shared && shared)
    const { clock, metrics, diskPort: port } = this
    const files = shared.get(FILES, '', () => fileDigests(config))
    const stores = new Stores(config, { clock, metrics, kept, files })
    const { cacheThread = SUPERVISOR_THREAD } = this.options
    const cache = openCache(config, { shared, kept, stores, clock, port }, cacheThread)
    const { geo, loadShedding } = config
    if (geo !== undefined) this.geo.onLookup = geoMetrics(this.metrics, geo)
    if (loadShedding !== undefined) this.loadMonitor.start()
    const authenticators = new Authenticators(config, clock, kept, { rateLimits })
    const surroundings = {
      ...this.options.stack,
      clock: this.clock,
      metrics: this.metrics,
      accessLog: this.options.accessLog,
      trustedProxies: ipRanges(config.trustedProxies),
      loopKey: this.loopKey,
      refusals: this.refusals,
      onLog: this.options.onLog,
      rateLimits,
      authenticators,
      cache,
      openStreams: this.openStreams,
      geo: geo && this.geo.lookup,
      load: loadShedding && new LoadGauge({ limits: loadShedding, measure: this.loadMonitor.measure }),
    }
    const snapshot = compile(config, surroundings, {
      files: shared.get(FILES, '', () => fileDigests(config)),
      shared,
      kept,
      retire: (upstream) => this.retired.retire(upstream),
      lists: this.lists,
      previous: previous?.snapshot,
      identities,
    })
    this.endpoints.layOut(snapshot.upstreams)
    return {
      snapshot,
      rateLimits,
      authenticators,
      stores,
      cache,
      shared,
      readings: readingsOf(this.metrics, snapshot),
    }
  }

  /** Before the first request has to wait for it: to load the package alone takes a third of a second. */
  private connectStores(): void {
    this.current.cache?.tier?.link.connect()
  }

  private open(listener: ListenerConfig, material: TlsMaterial): Promise<Listener> {
    return listen(listener, {
      connection: connectionOptions(this.snapshot.config, this.clock),
      // Authorities begin on port 80.
      owner: {
        handler: listener.tls === undefined ? this.clearHandler : this.handler,
        refusal: this.refusal,
      },
      reusePort: this.options.reusePort ?? false,
      ticketKeys: () => this.tls.ticketKeys,
      material,
      challenges: () => this.tls.challenges,
      onConnection: this.counts.onConnection,
      refused: this.refused,
    })
  }

  private readonly refusal: ListenOptions['owner']['refusal'] = (error, exchange, peer) => {
    const response = problemResponse(error, exchange)
    // An exchange is counted when it has ended.
    if (exchange === undefined) this.refused(error, peer, response.body.length ?? 0)
    return response
  }

  private readonly refused: ListenOptions['refused'] = (error, peer, bytesSent) => {
    this.counts.onError(error)
    this.options.accessLog?.refused?.(error, peer, bytesSent)
  }

  private async drain(timeout: number): Promise<CloseReport> {
    this.openStreams.drain(timeout)
    const cut = await this.listeners.close(timeout)
    for (const upstream of this.upstreams()) upstream.destroy()
    this.retired.stop()
    this.loadMonitor.stop()
    this.lists?.stop()
    this.purges?.stop()
    this.tls.stop()
    this.current.stores.close()
    this.current.authenticators.close()
    await leaveFolder(this.current.cache?.disk)
    return { cut }
  }
}
