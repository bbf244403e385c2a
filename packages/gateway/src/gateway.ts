import {
  type AccessLog,
  type Clock,
  DEFAULT_SERVER_OPTIONS,
  type Handler,
  problemResponse,
  type ServerConnection,
  type ServerConnectionOptions,
  systemClock,
} from '@headgate/core'
import type { GatewayConfig } from './config/config.ts'
import { ipRanges } from './config/values/address.ts'
import { type Listener, type ListenOptions, listen } from './listen.ts'
import { type GatewayMetrics, standaloneMetrics } from './metrics.ts'
import { compile, type Snapshot } from './snapshot.ts'

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
}

/** How a gateway came to its end. */
export interface CloseReport {
  /** Connections that had to be cut off because their exchanges did not end in time. */
  readonly cut: number
}

/** An HTTP gateway in this thread. */
export class Gateway {
  /** Answers an exchange as the gateway would, without a socket. */
  readonly handler: Handler
  readonly snapshot: Snapshot
  readonly metrics: GatewayMetrics
  private readonly options: GatewayOptions
  private readonly clock: Clock
  private listeners: Listener[] = []
  private closing: Promise<CloseReport> | undefined

  constructor(config: GatewayConfig, options: GatewayOptions = {}) {
    this.options = options
    this.clock = options.clock ?? systemClock
    this.metrics = options.metrics ?? standaloneMetrics(config)
    this.snapshot = compile(config, {
      clock: this.clock,
      metrics: this.metrics,
      accessLog: options.accessLog,
      trustedProxies: ipRanges(config.trustedProxies),
    })
    this.handler = this.snapshot.handler
  }

  /** Binds all listeners and serves; answers where. Rejects, with nothing bound, if one cannot be bound. */
  async listen(): Promise<readonly Listener[]> {
    const { config } = this.snapshot
    try {
      for (const listener of config.listeners) {
        this.listeners.push(
          await listen(listener, {
            connection: connectionOptions(config, this.clock),
            owner: { handler: this.handler, refusal: this.refusal },
            reusePort: this.options.reusePort ?? false,
            ticketKeys: this.options.ticketKeys,
            onConnection: this.metrics.onConnection,
            refused: this.refused,
          }),
        )
      }
    } catch (error) {
      for (const listener of this.listeners) listener.stop()
      this.listeners = []
      throw error
    }
    return this.listeners
  }

  /**
   * Stops accepting, lets exchanges in flight finish, and closes everything.
   * @param timeout milliseconds for the exchanges; default: the configuration's `drain.timeout`
   */
  close(timeout: number = this.snapshot.config.drain.timeout): Promise<CloseReport> {
    this.closing ??= this.drain(timeout)
    return this.closing
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
    // What the kernel has accepted already is taken first: closing the listener would reset it.
    await new Promise(setImmediate)
    for (const listener of this.listeners) listener.stop()
    const grace = Math.min(LAST_REQUEST_GRACE, timeout)
    for (const connection of this.connections()) connection.drain(grace)
    await this.emptied(timeout)
    let cut = 0
    for (const connection of this.connections()) {
      connection.destroy()
      cut++
    }
    for (const upstream of this.snapshot.upstreams.values()) upstream.destroy()
    return { cut }
  }

  private *connections(): Iterable<ServerConnection> {
    for (const listener of this.listeners) yield* listener.connections
  }

  /** Resolves when no connection is left, or after `timeout`. */
  private emptied(timeout: number): Promise<void> {
    return new Promise((resolve) => {
      const deadline = this.clock.now() + timeout
      // Timers of the clock let the process end, and with it whoever awaits this.
      const alive = setInterval(() => {}, 2 ** 30)
      const timer = this.clock.timer(() => {
        const left = this.listeners.some(({ connections }) => connections.size > 0)
        if (left && this.clock.now() < deadline) return timer.arm(POLL)
        clearInterval(alive)
        resolve()
      })
      timer.arm(0)
    })
  }
}

/** How long an idle connection is kept while draining: a request may be on its way on it. Milliseconds. */
const LAST_REQUEST_GRACE = 1_000
const POLL = 20

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
