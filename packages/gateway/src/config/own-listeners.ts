import { BlockList, isIP } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'
import { upstreamPlaces } from './resolve/upstreams.ts'
import type { GatewayConfig } from './schema/schema.ts'
import type { ListenerConfig } from './schema/listener-schema.ts'

/** Endpoints that are listeners of the same configuration: a request sent there comes back. */
export interface OwnEndpoint {
  readonly path: readonly (string | number)[]
  readonly url: string
  /** The address of the listener, as it is bound. */
  readonly listener: string
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** Finds them by what is written: an endpoint by a name that leads here in the end is found when a request comes back. */
export function ownEndpoints(config: GatewayConfig): OwnEndpoint[] {
  const own = (path: readonly (string | number)[], url: string | undefined): OwnEndpoint[] => {
    const listener = url === undefined ? undefined : config.listeners.find((each) => leadsTo(url, each))
    return url === undefined || listener === undefined ? [] : [{ path, url, listener: shown(listener) }]
  }
  const named = Object.entries(config.upstreams).flatMap(([name, { endpoints }]) =>
    endpoints.flatMap(({ url }, index) => own(['upstreams', name, 'endpoints', index], url)),
  )
  const inline = config.routes.flatMap((route, index) =>
    upstreamPlaces(route).flatMap(({ path, upstream }) => own(['routes', index, ...path], upstream)),
  )
  return [...named, ...inline]
}

function leadsTo(url: string, { address }: ListenerConfig): boolean {
  const socket = /^(?:https\+)?unix:(.*)$/s.exec(url)?.[1]
  if (address.kind === 'unix') return socket === address.path
  if (socket !== undefined || !URL.canParse(url)) return false
  const { hostname: written, port, protocol } = new URL(url)
  if (Number(port || (protocol === 'https:' ? 443 : 80)) !== address.port || address.port === 0) return false
  const host = written.replace(/^\[(.*)\]$/, '$1')
  if (host === address.host.toLowerCase()) return true
  const isEverywhere = address.host === '::' || address.host === '0.0.0.0'
  if (isEverywhere) return isOfThisMachine(host)
  // The unspecified address and "localhost" lead to the loopback interface.
  return (
    isLoopback(address.host) &&
    (isUnspecified(host) || host === 'localhost' || (address.host === 'localhost' && isLoopback(host)))
  )
}

function isOfThisMachine(host: string): boolean {
  if (isLoopback(host) || isUnspecified(host) || host === hostname().toLowerCase()) return true
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  return addresses.some(({ address }) => address === host)
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost')) return true
  const version = isIP(host)
  // "::ffff:7f00:1" is 127.0.0.1, and BlockList knows it.
  return version !== 0 && LOOPBACK.check(host, version === 6 ? 'ipv6' : 'ipv4')
}

function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

function shown({ address }: ListenerConfig): string {
  if (address.kind === 'unix') return `unix:${address.path}`
  return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`
}
