import { TrafficError } from '../message/errors.ts'
import type { Exchange } from '../message/exchange.ts'
import type { Handler } from '../message/handler.ts'
import type { HttpResponse } from '../message/response.ts'
import { systemClock } from '../time/clock.ts'
import { type BalanceOptions, makeBalancer } from './balance/balance.ts'
import { StickySessions, type StickyOptions } from './balance/balance-sticky.ts'
import { EndpointFlags } from './endpoint/endpoint-flags.ts'
import { type ConnectionOptions, type EndpointOptions, endpointParts } from './endpoint/endpoint-open.ts'
import { EndpointSet, type EndpointSetOptions } from './endpoint/endpoint-set.ts'
import { Endpoint, type EndpointStatus } from './endpoint/endpoint-state.ts'
import { EndpointWatch } from './endpoint/endpoint-watch.ts'
import { HealthChecker, type HealthCheckOptions, type HealthListener } from './health/health.ts'
import { OutlierDetector, type OutlierOptions } from './health/outlier.ts'
import type { Pool, PoolStats } from './pool/pool.ts'
import type { PooledConnection } from './pool/pool-entry.ts'

export type { EndpointOptions, OpenConnection } from './endpoint/endpoint-open.ts'

export interface UpstreamOptions extends ConnectionOptions, EndpointSetOptions {
  readonly name: string
  readonly endpoints: readonly EndpointOptions[]
  /** Default: in turns, by weight. */
  readonly balance?: BalanceOptions | undefined
  /** Holds each client to one endpoint; not by default. */
  readonly sticky?: StickyOptions | undefined
  /** Leaves endpoints alone that fail; not by default, and never the only one. */
  readonly outliers?: OutlierOptions | undefined
  /** How endpoints are checked once `startChecks` is called; not by default. */
  readonly health?: HealthCheckOptions | undefined
  /**
   * Where marks, changed weights and health lie: the `state` of an upstream with the same endpoints in another thread, to
   * share it. Default: memory of its own.
   */
  readonly state?: SharedArrayBuffer | undefined
}

export interface EndpointStats extends PoolStats {
  readonly endpoint: string
  readonly status: EndpointStatus
  /** 1 if exchanges are sent to it, 0 if not. */
  readonly available: number
  /** Exchanges that it got because too few endpoints were usable, and so all were used. */
  readonly panics: number
  /** How often it was ejected. */
  readonly ejections: number
  /** Active checks that this thread made. */
  readonly checksPassed: number
  readonly checksFailed: number
}

/** A named group of endpoints that an exchange can be sent to. */
export class Upstream {
  readonly name: string
  readonly endpoints: readonly Endpoint[]
  /** To be given to the same upstream in other threads. */
  readonly state: SharedArrayBuffer
  private readonly set: EndpointSet
  private readonly sticky: StickySessions<Endpoint> | undefined
  private readonly detector: OutlierDetector | undefined
  private readonly checker: HealthChecker | undefined
  /** Milliseconds in which an endpoint may come back. */
  private readonly recovery: number

  /** @throws TypeError if there is no endpoint with a weight, or an option is not valid */
  constructor(options: UpstreamOptions) {
    const { clock = systemClock, balance = { method: 'round-robin' }, sticky, outliers, health } = options
    const count = options.endpoints.length
    this.name = options.name
    this.state = options.state ?? EndpointFlags.allocate(count)
    const flags = new EndpointFlags(this.state, count)
    this.endpoints = options.endpoints.map(
      (endpoint, index) => new Endpoint(endpointParts(endpoint, options), index, flags),
    )
    if (options.endpoints.every(({ weight }) => weight === 0)) {
      throw new TypeError(`upstream ${options.name} needs at least one endpoint with a weight above 0`)
    }
    this.set = new EndpointSet(this.endpoints, flags, makeBalancer<Endpoint>(balance, clock), clock, options)
    this.sticky = sticky && new StickySessions(this.endpoints, sticky)
    if (outliers !== undefined && count > 1) {
      this.detector = new OutlierDetector(this.endpoints, outliers, clock, () => this.set.update())
    }
    const timed = balance.method === 'peak-ewma'
    if (timed || this.detector !== undefined) {
      for (const each of this.endpoints) each.watch = new EndpointWatch(each, this.detector, timed, clock)
    }
    this.checker = health && new HealthChecker(this.endpoints, health, clock)
    this.recovery = health === undefined ? 1_000 : (health.interval ?? 5_000)
  }

  /** Sends the exchange to an endpoint: on a further attempt to another than before, if there is one. */
  readonly handler: Handler = (exchange) => {
    // Given up while a policy was at it: an idle connection would be used up for nothing.
    if (exchange.cancellation !== undefined) return Promise.reject(exchange.cancellation)
    const { sticky } = this
    const avoid = exchange.attempts > 1 ? this.endpointNamed(exchange.endpoint) : undefined
    const held = sticky?.endpointOf(exchange)
    const endpoint = this.set.pick(exchange, avoid, held)
    if (endpoint === undefined) return Promise.reject(this.noneLeft())
    exchange.endpoint = endpoint.name
    if (!exchange.preserveHost) exchange.request.authority = endpoint.authority
    // Where no retry policy counts, there is one.
    if (exchange.attempts === 0) exchange.attempts = 1
    const sent = sendThrough(endpoint.pool, exchange)
    const answer = endpoint.watch === undefined ? sent : endpoint.watch.watch(sent, exchange)
    return sticky === undefined || held === endpoint ? answer : sticky.remember(answer, endpoint, exchange)
  }

  stats(): EndpointStats[] {
    const checks = this.checker?.stats()
    return this.endpoints.map((endpoint, index) => ({
      endpoint: endpoint.name,
      status: endpoint.status,
      available: this.set.uses(endpoint) ? 1 : 0,
      panics: endpoint.panics,
      ejections: endpoint.record?.ejections ?? 0,
      checksPassed: checks?.[index]?.passed ?? 0,
      checksFailed: checks?.[index]?.failed ?? 0,
      ...endpoint.pool.stats(),
    }))
  }

  /** An endpoint, to be marked or weighed; undefined if there is none of that name. */
  endpointNamed(name: string): Endpoint | undefined {
    for (const endpoint of this.endpoints) if (endpoint.name === name) return endpoint
    return undefined
  }

  /** Checks the endpoints from now on, if `health` says how. In one of the threads that share the state is enough. */
  startChecks(changed?: HealthListener): void {
    this.checker?.start(changed)
  }

  /** Endpoints stay as they were found last. */
  stopChecks(): void {
    this.checker?.stop()
  }

  /**
   * For one that has a successor: no new exchange will come, but those that were on their way are served, retries included.
   * Its connections end with them.
   */
  retire(): void {
    this.stopTimers()
    for (const { pool } of this.endpoints) pool.retire()
  }

  /** Takes no more exchanges, and resolves when those it has are finished and all connections closed. */
  async drain(): Promise<void> {
    this.stopTimers()
    await Promise.all(this.endpoints.map(({ pool }) => pool.drain()))
  }

  /** Closes all connections now. */
  destroy(): void {
    this.stopTimers()
    for (const { pool } of this.endpoints) pool.destroy()
  }

  private stopTimers(): void {
    this.checker?.stop()
    this.detector?.stop()
    this.set.stop()
  }

  private noneLeft(): TrafficError {
    const counts = new Map<string, number>()
    for (const { status } of this.endpoints) counts.set(status, (counts.get(status) ?? 0) + 1)
    const states = [...counts].map(([status, count]) => `${count} ${status}`).join(', ')
    const message = `upstream ${this.name} has no endpoint to send to (${states})`
    const error = new TrafficError('no_healthy_upstream', message, { phase: 'queue', replaySafe: 'unsent' })
    error.retryAfter = this.recovery
    return error
  }
}

/** Synchronous up to the send where a connection is idle. */
function sendThrough(pool: Pool, exchange: Exchange): Promise<HttpResponse> {
  const connection = pool.acquire(exchange)
  if (connection instanceof Promise) return connection.then((opened) => sendLater(pool, opened, exchange))
  return connection.send(exchange)
}

/** On a connection that was waited for: in between, exchange or connection may have come to an end. */
function sendLater(pool: Pool, connection: PooledConnection, exchange: Exchange): Promise<HttpResponse> {
  if (connection.closed) return sendThrough(pool, exchange)
  if (exchange.cancellation === undefined) return connection.send(exchange)
  connection.owner?.released(connection)
  return Promise.reject(exchange.cancellation)
}
