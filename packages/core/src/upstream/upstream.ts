import type { OnReadOpts, Socket } from 'node:net'
import { ClientConnection } from '../h1/client-connection.ts'
import { type ClientConnectionOptions, DEFAULT_CLIENT_OPTIONS } from '../h1/connection-options.ts'
import { SocketReader } from '../h1/socket-reader.ts'
import type { Exchange } from '../message/exchange.ts'
import type { Handler } from '../message/handler.ts'
import type { HttpResponse } from '../message/response.ts'
import type { Authority } from '../message/target.ts'
import { type Clock, systemClock } from '../time/clock.ts'
import { type Balancer, WeightedRoundRobin } from './balance.ts'
import {
  admitTarget,
  type CancelScope,
  connect,
  type ConnectOptions,
  type ConnectTarget,
  guardedPlace,
  targetName,
} from './connect.ts'
import { Resolver } from './dns.ts'
import { endpointAuthority, endpointTarget } from './endpoint.ts'
import type { AddressGuard } from './guard.ts'
import { Pool, POOL_DEFAULTS, type PoolOptions, type PoolStats } from './pool.ts'
import type { PooledConnection } from './pool-entry.ts'
import { type ProxySetting, proxyFor } from './proxy.ts'
import { connectThrough, proxyTarget } from './proxy-tunnel.ts'
import type { TlsOptions } from './tls.ts'

export interface EndpointOptions {
  /** `http://host[:port]`, `https://host[:port]`, `unix:/path` or `https+unix:/path`. */
  readonly url: string
  /** Its share of the exchanges, a whole number; 1 by default, 0 for none. */
  readonly weight?: number
}

/**
 * Makes a connection that speaks HTTP. It calls `connectSocket`, with the buffer that it wants to be read into,
 * and takes the socket over.
 */
export type OpenConnection = (
  connectSocket: (onread?: OnReadOpts) => Promise<Socket>,
  /** What `connectSocket` would connect to, judged by the guard: for those that need no socket. */
  admitted: () => Promise<unknown>,
) => Promise<PooledConnection>

export interface UpstreamOptions {
  readonly name: string
  readonly endpoints: readonly EndpointOptions[]
  /** HTTP/1.1 by default. */
  readonly open?: OpenConnection
  /** Of the HTTP/1.1 connections; defaults: `DEFAULT_CLIENT_OPTIONS`. */
  readonly connection?: Partial<ClientConnectionOptions>
  /** Defaults: `POOL_DEFAULTS`. The limits are of each endpoint. */
  readonly pool?: Partial<PoolOptions>
  /** For name resolution, connection and TLS handshake together, in milliseconds; 5,000 by default. */
  readonly connectTimeout?: number
  /** For endpoints of https; verification against the public CAs by default. */
  readonly tls?: TlsOptions
  readonly clock?: Clock
  /** One of its own by default; share one where several upstreams name the same hosts. */
  readonly resolver?: Resolver
  /** Judges the addresses of the endpoints each time that a connection is opened; none by default. */
  readonly guard?: AddressGuard | undefined
  /** Through which the endpoints are reached; none by default, whatever the environment says. */
  readonly proxy?: ProxySetting | undefined
}

/** One address of an upstream, and the connections to it. */
export interface Endpoint {
  /** `host:port` or `unix:/path`. */
  readonly name: string
  readonly weight: number
  /** Its own name, for Host where the client's is not preserved. */
  readonly authority: Authority
  readonly pool: Pool
}

export interface EndpointStats extends PoolStats {
  readonly endpoint: string
}

/** A named group of endpoints that an exchange can be sent to. */
export class Upstream {
  readonly name: string
  readonly endpoints: readonly Endpoint[]
  private readonly balancer: Balancer<Endpoint>

  /** @throws TypeError if there is no endpoint with a weight, or one is not valid */
  constructor(options: UpstreamOptions) {
    this.name = options.name
    this.endpoints = options.endpoints.map((endpoint) => makeEndpoint(endpoint, options))
    this.balancer = new WeightedRoundRobin(this.endpoints.map((item) => ({ item, weight: item.weight })))
    if (this.endpoints.every(({ weight }) => weight === 0)) {
      throw new TypeError(`upstream ${options.name} needs at least one endpoint with a weight above 0`)
    }
  }

  /** Sends the exchange to an endpoint: on a further attempt to another than before, if there is one. */
  readonly handler: Handler = (exchange) => {
    // Given up while a policy was at it: an idle connection would be used up for nothing.
    if (exchange.cancellation !== undefined) return Promise.reject(exchange.cancellation)
    const avoid = exchange.attempts > 1 ? this.endpointNamed(exchange.endpoint) : undefined
    const endpoint = this.balancer.pick(avoid) as Endpoint // the constructor saw to it that there is one
    exchange.endpoint = endpoint.name
    if (!exchange.preserveHost) exchange.request.authority = endpoint.authority
    // Where no retry policy counts, there is one.
    if (exchange.attempts === 0) exchange.attempts = 1
    return sendThrough(endpoint.pool, exchange)
  }

  stats(): EndpointStats[] {
    return this.endpoints.map(({ name, pool }) => ({ endpoint: name, ...pool.stats() }))
  }

  /** Takes no more exchanges, and resolves when those it has are finished and all connections closed. */
  async drain(): Promise<void> {
    await Promise.all(this.endpoints.map(({ pool }) => pool.drain()))
  }

  /** Closes all connections now. */
  destroy(): void {
    for (const { pool } of this.endpoints) pool.destroy()
  }

  private endpointNamed(name: string): Endpoint | undefined {
    return this.endpoints.find((endpoint) => endpoint.name === name)
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

function makeEndpoint({ url, weight = 1 }: EndpointOptions, options: UpstreamOptions): Endpoint {
  const { clock = systemClock, connectTimeout: timeout = 5_000, guard } = options
  const resolver = options.resolver ?? new Resolver({ clock })
  const open = options.open ?? openHttp1({ ...DEFAULT_CLIENT_OPTIONS, clock, ...options.connection })
  const target = endpointTarget(url, options.tls)
  const name = targetName(target)
  const dial = dialler(target, options.proxy)
  const openInPool = (scope: CancelScope): Promise<PooledConnection> =>
    open(
      (onread) => dial({ clock, resolver, timeout, scope, guard, ...(onread && { onread }) }),
      () => admitTarget(target, { resolver, guard }),
    )
  return {
    name,
    weight,
    authority: endpointAuthority(target),
    pool: new Pool(name, clock, openInPool, { ...POOL_DEFAULTS, ...options.pool }),
  }
}

/** How a target is connected to: the proxy is chosen once. */
function dialler(
  target: ConnectTarget,
  setting: ProxySetting | undefined,
): (options: ConnectOptions) => Promise<Socket> {
  if (setting !== undefined && target.kind === 'tcp') {
    const proxy = proxyFor(guardedPlace(target), setting, process.env)
    if (proxy !== undefined) {
      const place = proxyTarget(proxy)
      return (options) => connectThrough(proxy, place, target, options)
    }
  }
  return (options) => connect(target, options)
}

function openHttp1(options: ClientConnectionOptions): OpenConnection {
  return async (connectSocket) => {
    const reader = new SocketReader()
    return new ClientConnection(await connectSocket(reader.options), reader, options)
  }
}
