import {
  type AccessLog,
  type Clock,
  DEFAULT_SERVER_OPTIONS,
  type Handler,
  LoadGauge,
  problemResponse,
  type ServerConnectionOptions,
  systemClock,
  type Upstream,
} from '@headgate/core'
import type { GatewayConfig, ListenerConfig } from './config/config.ts'
import { ipRanges } from './config/values/address.ts'
import { HealthChecks } from './health-checks.ts'
import { type FileDigests, fileDigests } from './identity.ts'
import { type Listener, type ListenOptions, listen } from './listen.ts'
import { ListenerSet } from './listener-set.ts'
import { type GatewayMetrics, standaloneMetrics } from './metrics.ts'
import type { RateLimitMemory } from './rate-limit/memory.ts'
import { RateLimitStores } from './rate-limit/stores.ts'
import { RetiredUpstreams } from './retired-upstreams.ts'
import { LoadMonitor } from './resilience/load-monitor.ts'
import { compile, type Snapshot } from './snapshot.ts'
import type { UpstreamStates } from './upstreams.ts'

/** What an embedder, or a worker thread, may give a gateway. */
export interface GatewayOptions {
  readonly clock?: Clock
  /** Where to count. Default: memory of its own. */
  readonly metrics?: GatewayMetrics
  /** Where access-log lines go. Default: nowhere. */
  readonly accessLog?: AccessLog
  /** Whether other threads bind the same ports. Default false. */
  readonly reusePort?: boolean
  /** TLS session ticket keys, 48 octets, shared by all threads. */
  readonly ticketKeys?: Buffer
  /** What all threads share of the rate limits. Default: memory of its own. */
  readonly rateLimitMemory?: RateLimitMemory
  /** What all threads share of the upstreams. Default: memory of their own. */
  readonly upstreamStates?: UpstreamStates
}

/** How a gateway came to its end. */
export interface CloseReport {
  /** Connections that had to be cut off because their exchanges did not end in time. */
  readonly cut: number
}

/** What a further configuration brings along. */
export interface GatewayUpdate {
  readonly config: GatewayConfig
  /** Default: as they are now. */
  readonly files?: FileDigests
  readonly upstreamStates?: UpstreamStates
  readonly rateLimitMemory?: RateLimitMemory
  /** Of the routes, in their order, where they are known already. */
  readonly identities?: readonly string[]
}

/** A configuration that is compiled, whose listeners are bound, and which is not in force. */
export interface PreparedUpdate {
  readonly listeners: readonly Listener[]
  /** Puts it in force, at once. */
  commit(): void
  /** Forgets it. */
  abort(): void
}

/** An HTTP gateway in this thread. */
export class Gateway {
  readonly metrics: GatewayMetrics
  private readonly options: GatewayOptions
  private readonly clock: Clock
  private readonly listeners: ListenerSet
  private current: { readonly snapshot: Snapshot; readonly rateLimits: RateLimitStores }
  /** Upstreams that have left the configuration, until their last exchange is finished. */
  private readonly retired: RetiredUpstreams
  /** Undefined where another thread checks for all. */
  private readonly checks: HealthChecks | undefined
  private readonly loadMonitor = new LoadMonitor()
  private closing: Promise<CloseReport> | undefined

  constructor(config: GatewayConfig, options: GatewayOptions = {}) {
    this.options = options
    this.clock = options.clock ?? systemClock
    this.metrics = options.metrics ?? standaloneMetrics(config)
    this.current = this.compile({ config, ...options })
    this.retired = new RetiredUpstreams(this.clock)
    this.checks = options.upstreamStates === undefined ? new HealthChecks() : undefined
    this.checks?.follow(this.snapshot.upstreams)
    this.listeners = new ListenerSet(this.clock, (listener) => this.open(listener))
  }

  /** Answers an exchange as the gateway would, without a socket. */
  readonly handler: Handler = (exchange) => this.current.snapshot.handler(exchange)

  get snapshot(): Snapshot {
    return this.current.snapshot
  }

  /** For resets. */
  get rateLimits(): RateLimitStores {
    return this.current.rateLimits
  }

  /** The upstreams in force, and those that still have something to finish. */
  *upstreams(): IterableIterator<Upstream> {
    for (const { upstream } of this.snapshot.upstreams.values()) yield upstream
    yield* this.retired.upstreams
  }

  /** Binds all listeners and serves; answers where. Rejects, with nothing bound, if one cannot be bound. */
  async listen(): Promise<readonly Listener[]> {
    const { config } = this.snapshot
    const prepared = await this.listeners.prepare(config.listeners, connectionOptions(config, this.clock))
    prepared.commit(0)
    return prepared.listeners
  }

  /**
   * Gets ready for a further configuration, while the present one serves. Rejects, with nothing changed, if it cannot be
   * compiled or a listener cannot be bound. The metrics must have grown for it before.
   */
  async prepare(update: GatewayUpdate): Promise<PreparedUpdate> {
    const { config } = update
    const prepared = await this.listeners.prepare(config.listeners, connectionOptions(config, this.clock))
    try {
      const next = this.compile(update, this.current)
      return {
        listeners: prepared.listeners,
        commit: () => {
          const before = this.current.snapshot
          this.current = next
          this.checks?.follow(next.snapshot.upstreams)
          prepared.commit(config.drain.timeout)
          this.retired.retire(before.upstreams, next.snapshot.upstreams)
        },
        abort: () => prepared.abort(),
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

  private compile(update: GatewayUpdate, previous?: Gateway['current']): Gateway['current'] {
    const { config, files, upstreamStates = new Map(), rateLimitMemory, identities } = update
    const rateLimits = new RateLimitStores(config, this.clock, rateLimitMemory, previous?.rateLimits)
    const { loadShedding } = config
    if (loadShedding !== undefined) this.loadMonitor.start()
    const surroundings = {
      clock: this.clock,
      metrics: this.metrics,
      accessLog: this.options.accessLog,
      trustedProxies: ipRanges(config.trustedProxies),
      rateLimits,
      load: loadShedding && new LoadGauge({ limits: loadShedding, measure: this.loadMonitor.measure }),
    }
    const snapshot = compile(config, surroundings, {
      files: files ?? fileDigests(config),
      upstreamStates,
      previous: previous?.snapshot,
      identities,
    })
    return { snapshot, rateLimits }
  }

  private open(listener: ListenerConfig): Promise<Listener> {
    return listen(listener, {
      connection: connectionOptions(this.snapshot.config, this.clock),
      owner: { handler: this.handler, refusal: this.refusal },
      reusePort: this.options.reusePort ?? false,
      ticketKeys: this.options.ticketKeys,
      onConnection: this.metrics.onConnection,
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
    this.metrics.onError(error)
    this.options.accessLog?.refused?.(error, peer, bytesSent)
  }

  private async drain(timeout: number): Promise<CloseReport> {
    const cut = await this.listeners.close(timeout)
    for (const upstream of this.upstreams()) upstream.destroy()
    this.retired.stop()
    this.loadMonitor.stop()
    return { cut }
  }
}

function connectionOptions(config: GatewayConfig, clock: Clock): ServerConnectionOptions {
  const { timeouts, limits, minimumByteRate } = config
  return {
    ...DEFAULT_SERVER_OPTIONS,
    clock,
    limits,
    requestHeadTimeout: timeouts.requestHead,
    keepAliveTimeout: timeouts.keepAlive,
    pace: { idle: timeouts.bodyIdle, minimumRate: minimumByteRate.rate, grace: minimumByteRate.grace },
  }
}
