import { own } from '../../message/own-options.ts'
import type { Socket } from 'node:net'
import { DEFAULT_HTTP2_CLIENT_LIMITS, type Http2Limits } from '../../h2/connection-options.ts'
import { type ClientConnectionOptions, DEFAULT_CLIENT_OPTIONS } from '../../socket/connection-options.ts'
import { type Clock, systemClock } from '../../time/clock.ts'
import {
  admitTarget,
  connect,
  type ConnectOptions,
  type ConnectTarget,
  guardedPlace,
  targetName,
} from '../connect/connect.ts'
import { Resolver } from '../connect/dns.ts'
import { atAddress, atSocket, endpointAuthority, endpointTarget } from './endpoint-url.ts'
import { endpointProtocols, type EndpointProtocols, type HttpProtocol } from './endpoint-protocols.ts'
import type { EndpointParts } from './endpoint.ts'
import { checkedWeight } from './weight.ts'
import type { OpenConnection } from './open-connection.ts'
import { openHttp } from './open-http.ts'
import type { AddressGuard } from '../guard/guard.ts'
import type { Open } from '../pool/openings.ts'
import { Pool } from '../pool/pool.ts'
import type { ProxyHeaders } from '../pool/proxy-protocol.ts'
import { POOL_DEFAULTS, type PoolOptions } from '../pool/pool-options.ts'
import { connectToProxy } from '../proxy/forward-proxy.ts'
import { type Proxy, type ProxySetting, proxyFor } from '../proxy/proxy.ts'
import { connectThrough, proxyTarget } from '../proxy/proxy-tunnel.ts'
import type { TlsOptions } from '../connect/tls.ts'
import type { HandshakeListener } from '../connect/tls-failure.ts'

export interface EndpointOptions {
  /** `http://host[:port]`, `https://host[:port]`, `unix:/path` or `https+unix:/path`; `h2c://host[:port]` or `h2c+unix:/path` for HTTP/2 without TLS. */
  readonly url: string
  /** Its share of the exchanges, a whole number up to 1000; 1 by default, 0 for none. */
  readonly weight?: number
  /**
   * The IP address to connect to, in place of what the host of the URL resolves to. The endpoint is called by it; TLS and
   * Host go by the URL.
   */
  readonly address?: string | undefined
  /** The unix socket to connect to, in place of the host of the URL, by its absolute path; TLS and Host go by the URL. No proxy leads there. */
  readonly socketPath?: string | undefined
  /** 0, the default, is used first; others when too few of those below are usable. A whole number up to 99. */
  readonly priority?: number | undefined
  /** Where it is: see `EndpointSetOptions.zone`. */
  readonly zone?: string | undefined
}

/** The last priority of an endpoint. */
export const MAX_PRIORITY = 99

/** Who is told how connections come to be; it must not throw. */
export interface ConnectListener {
  begins(target: ConnectTarget): void
  succeeded(target: ConnectTarget, socket: Socket): void
  failed(target: ConnectTarget, error: unknown): void
}

/** How the endpoints of an upstream are connected to. */
export interface ConnectionOptions {
  /** Connections of `protocols` by default. */
  readonly open?: OpenConnection
  /** Versions of HTTP that may be spoken, the one that is liked best first; HTTP/1.1 alone by default. A URL of h2c says so itself. */
  readonly protocols?: readonly HttpProtocol[] | undefined
  /** Of the HTTP/2 connections; defaults: `DEFAULT_HTTP2_CLIENT_LIMITS`. */
  readonly http2?: Partial<Http2Limits> | undefined
  /** Of the connections, whatever they speak; defaults: `DEFAULT_CLIENT_OPTIONS`. */
  readonly connection?: Partial<ClientConnectionOptions>
  /** Defaults: `POOL_DEFAULTS`. The limits are of each endpoint. */
  readonly pool?: Partial<PoolOptions>
  /** For name resolution, connection and TLS handshake together, in milliseconds; 5,000 by default. */
  readonly connectTimeout?: number
  /** For endpoints of https; verification against the public CAs by default. */
  readonly tls?: TlsOptions
  /** Told of handshakes of TLS with the endpoints; nobody by default. */
  readonly handshakes?: HandshakeListener | undefined
  readonly clock?: Clock
  /** One of its own by default; share one where several upstreams name the same hosts. */
  readonly resolver?: Resolver
  /** The address of this machine to connect from; the system's choice by default. Only addresses of its family are connected to. */
  readonly localAddress?: string | undefined
  /** Judges the addresses of the endpoints each time that a connection is opened; none by default. */
  readonly guard?: AddressGuard | undefined
  /** Told of each connection that is opened; nobody by default. */
  readonly connects?: ConnectListener | undefined
  /**
   * What each connection begins with, before TLS (`proxyProtocol`): it tells of the client, and the connection serves that one alone. For
   * HTTP/1.1, and not through a proxy. Default: nothing.
   */
  readonly proxyHeaders?: ProxyHeaders | undefined
  /** Through which the endpoints are reached; none by default, whatever the environment says. */
  readonly proxy?: ProxySetting | undefined
}

/**
 * What an endpoint is made of, its pool among it. Nothing is connected yet.
 * @throws TypeError if its URL, address, weight or priority is not valid, or `proxyHeaders` does not go with the rest
 */
export function endpointParts(endpoint: EndpointOptions, given: ConnectionOptions): EndpointParts {
  const options = own(given)
  const { clock = systemClock, connectTimeout: timeout = 5_000, guard, localAddress } = options
  const resolver = options.resolver ?? new Resolver({ clock })
  const named = endpointTarget(own(endpoint).url, options.tls, options.handshakes)
  const target = placeOf(named, own(endpoint))
  const name = targetName(target)
  const proxy = proxyOf(target, options.proxy)
  const protocols = endpointProtocols(own(endpoint).url, options.protocols)
  const forward = isForward(proxy, target, guard) && !protocols.priorKnowledge ? proxy : undefined
  const http = { ...DEFAULT_CLIENT_OPTIONS, clock, ...options.connection }
  const http2 = { ...DEFAULT_HTTP2_CLIENT_LIMITS, ...options.http2 }
  const dial = toldDial(dialler(target, proxy, forward !== undefined), target, options.connects)
  const opener = (spoken: EndpointProtocols, preface?: Buffer): Open => {
    const connectHttp = options.open ?? openHttp({ name, http, http2, protocols: spoken, forward, timeout })
    const admitted = () => admitTarget(target, { resolver, guard })
    const base = { clock, resolver, timeout, guard, localAddress, preface, protocols: spoken.alpn }
    return (scope) =>
      connectHttp(
        (onread, facts) => dial({ ...base, scope, facts, ...(onread && { onread }) }),
        admitted,
        scope,
      )
  }
  const { proxyHeaders } = options
  const open = opener(protocols, proxyHeaders?.ofNobody)
  const pool = { ...POOL_DEFAULTS, ...options.pool }
  const mayBeHttp2 = options.open === undefined && maySpeakHttp2(target, protocols)
  const upgrades = mayBeHttp2 && protocols.alpn.includes('http/1.1') && target.tls !== undefined
  const all = { name, ...standing(endpoint), authority: endpointAuthority(named), open }
  if (proxyHeaders !== undefined) {
    if (mayBeHttp2 || proxy !== undefined) throw new TypeError(`${name}: ${NO_HEADERS}`)
    return {
      ...all,
      pool: proxyHeaders.makePool(name, clock, (header) => opener(protocols, header), pool),
    }
  }
  return {
    ...all,
    pool: new Pool(
      name,
      clock,
      open,
      pool,
      // Else a crowd that waits for the first connection would open one for each.
      mayBeHttp2 ? http2.streams : 1,
      upgrades ? new Pool(name, clock, opener(HTTP1_ALONE), pool) : undefined,
    ),
  }
}

const NO_HEADERS =
  'a header of the PROXY protocol tells of one client, and goes neither with HTTP/2, whose connections serve many, nor through a proxy'

const HTTP1_ALONE: EndpointProtocols = { alpn: ['http/1.1'], priorKnowledge: false }

function maySpeakHttp2({ tls }: ConnectTarget, { alpn, priorKnowledge }: EndpointProtocols): boolean {
  return tls === undefined ? priorKnowledge : alpn.includes('h2')
}

/** Where the connection leads, whatever the URL says. */
function placeOf(named: ConnectTarget, { address, socketPath }: EndpointOptions): ConnectTarget {
  if (socketPath !== undefined) return atSocket(named, socketPath)
  return address === undefined ? named : atAddress(named, address)
}

/**
 * What may change of an endpoint while it serves.
 * @throws TypeError if its weight or priority is not valid
 */
export function standing(endpoint: EndpointOptions): Pick<EndpointParts, 'weight' | 'priority' | 'zone'> {
  const { weight = 1, priority = 0, zone } = own(endpoint)
  return { weight: checkedWeight(weight), priority: checkedPriority(priority), zone }
}

function checkedPriority(priority: number): number {
  if (Number.isInteger(priority) && priority >= 0 && priority <= MAX_PRIORITY) return priority
  throw new TypeError(`${priority} is not a priority: it must be a whole number from 0 to ${MAX_PRIORITY}`)
}

/** The proxy of a target, chosen once; undefined if it is reached directly. */
function proxyOf(target: ConnectTarget, setting: ProxySetting | undefined): Proxy | undefined {
  if (setting === undefined || target.kind !== 'tcp') return undefined
  return proxyFor(guardedPlace(target), setting, process.env)
}

/** Whether a proxy is asked for URLs, not for a tunnel. It resolves their names itself, where no guard can see: then never. */
function isForward(
  proxy: Proxy | undefined,
  target: ConnectTarget,
  guard: AddressGuard | undefined,
): boolean {
  return proxy?.http === 'absolute-form' && target.tls === undefined && guard === undefined
}

type Dial = (options: ConnectOptions) => Promise<Socket>

function dialler(target: ConnectTarget, proxy: Proxy | undefined, forward: boolean): Dial {
  if (proxy === undefined || target.kind !== 'tcp') return (options) => connect(target, options)
  const place = proxyTarget(proxy)
  if (forward) return (options) => connectToProxy(place, options)
  return (options) => connectThrough(proxy, place, target, options)
}

function toldDial(dial: Dial, target: ConnectTarget, listener: ConnectListener | undefined): Dial {
  if (listener === undefined) return dial
  return async (options) => {
    listener.begins(target)
    try {
      const socket = await dial(options)
      listener.succeeded(target, socket)
      return socket
    } catch (error) {
      listener.failed(target, error)
      throw error
    }
  }
}
