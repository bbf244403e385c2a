import type { OnReadOpts, Socket } from 'node:net'
import { ClientConnection } from '../../h1/client-connection.ts'
import { type ClientConnectionOptions, DEFAULT_CLIENT_OPTIONS } from '../../h1/connection-options.ts'
import { SocketReader } from '../../h1/socket-reader.ts'
import { type Clock, systemClock } from '../../time/clock.ts'
import {
  admitTarget,
  type CancelScope,
  connect,
  type ConnectOptions,
  type ConnectTarget,
  guardedPlace,
  targetName,
} from '../connect/connect.ts'
import { Resolver } from '../connect/dns.ts'
import { endpointAuthority, endpointTarget } from './endpoint.ts'
import { checkedWeight, type EndpointParts } from './endpoint-state.ts'
import type { AddressGuard } from '../guard/guard.ts'
import { Pool, POOL_DEFAULTS, type PoolOptions } from '../pool/pool.ts'
import type { PooledConnection } from '../pool/pool-entry.ts'
import { type ProxySetting, proxyFor } from '../proxy/proxy.ts'
import { connectThrough, proxyTarget } from '../proxy/proxy-tunnel.ts'
import type { TlsOptions } from '../connect/tls.ts'

export interface EndpointOptions {
  /** `http://host[:port]`, `https://host[:port]`, `unix:/path` or `https+unix:/path`. */
  readonly url: string
  /** Its share of the exchanges, a whole number up to 1000; 1 by default, 0 for none. */
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

/** How the endpoints of an upstream are connected to. */
export interface ConnectionOptions {
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

/**
 * What an endpoint is made of, its pool among it. Nothing is connected yet.
 * @throws TypeError if its URL or weight is not valid
 */
export function endpointParts(
  { url, weight = 1 }: EndpointOptions,
  options: ConnectionOptions,
): EndpointParts {
  const { clock = systemClock, connectTimeout: timeout = 5_000, guard } = options
  const resolver = options.resolver ?? new Resolver({ clock })
  const connectHttp = options.open ?? openHttp1({ ...DEFAULT_CLIENT_OPTIONS, clock, ...options.connection })
  const target = endpointTarget(url, options.tls)
  const name = targetName(target)
  const dial = dialler(target, options.proxy)
  const open = (scope: CancelScope): Promise<PooledConnection> =>
    connectHttp(
      (onread) => dial({ clock, resolver, timeout, scope, guard, ...(onread && { onread }) }),
      () => admitTarget(target, { resolver, guard }),
    )
  return {
    name,
    weight: checkedWeight(weight),
    authority: endpointAuthority(target),
    open,
    pool: new Pool(name, clock, open, { ...POOL_DEFAULTS, ...options.pool }),
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
