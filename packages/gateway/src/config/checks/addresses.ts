import { BlockList, isIP } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'
import { upstreamPlaces } from '../upstreams.ts'
import type { GatewayConfig } from '../schema/schema.ts'
import type { ListenerConfig } from '../schema/gateway-sections.ts'
import { findEach, type Finding } from '../../settings/problems/problem.ts'
import { type Address, isEveryAddress, parseAddress } from '../../settings/values/address.ts'

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
  if (isEveryAddress(address.host)) return isOfThisMachine(host)
  // The unspecified address and "localhost" lead to the loopback interface.
  return (
    isLoopback(address.host) &&
    (isEveryAddress(host) || host === 'localhost' || (address.host === 'localhost' && isLoopback(host)))
  )
}

function isOfThisMachine(host: string): boolean {
  if (isLoopback(host) || isEveryAddress(host) || host === hostname().toLowerCase()) return true
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  return addresses.some(({ address }) => address === host)
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost')) return true
  const version = isIP(host)
  // "::ffff:7f00:1" is 127.0.0.1, and BlockList knows it.
  return version !== 0 && LOOPBACK.check(host, version === 6 ? 'ipv6' : 'ipv4')
}

function shown({ address }: ListenerConfig): string {
  if (address.kind === 'unix') return `unix:${address.path}`
  return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`
}

interface Taken {
  readonly by: string
  /** Earlier ones are named before later ones. */
  readonly order: number
}

/** The addresses that are taken so far, each found without looking at the others. */
class TakenAddresses {
  readonly #paths = new Map<string, Taken>()
  readonly #ports = new Map<
    number,
    { first: Taken; everywhere?: Taken; readonly hosts: Map<string, Taken> }
  >()
  #count = 0

  /** Takes it, and returns who had it before: both cannot be bound at the same time, or would share connections. */
  take(address: Address, by: string): string | undefined {
    const taken = { by, order: this.#count++ }
    if (address.kind === 'unix') {
      const other = this.#paths.get(address.path)
      if (other === undefined) this.#paths.set(address.path, taken)
      return other?.by
    }
    const { host, port } = address
    // The system chooses one that is free.
    if (port === 0) return undefined
    const isEverywhere = isEveryAddress(host)
    const known = this.#ports.get(port)
    if (known === undefined) {
      const hosts = new Map([[host, taken]])
      this.#ports.set(port, { first: taken, hosts, ...(isEverywhere && { everywhere: taken }) })
      return undefined
    }
    const same = known.hosts.get(host)
    const other = isEverywhere ? known.first : earlier(same, known.everywhere)
    if (same === undefined) known.hosts.set(host, taken)
    if (isEverywhere) known.everywhere ??= taken
    return other?.by
  }
}

function earlier(one: Taken | undefined, other: Taken | undefined): Taken | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return one.order < other.order ? one : other
}

/** Listeners that want an address of another one, or that of the admin endpoints. */
export function addressConflicts(written: unknown, admin: unknown): Finding[] {
  const listeners = written === undefined ? [{ address: '127.0.0.1:8080' }] : written
  if (!Array.isArray(listeners)) return []
  const taken = new TakenAddresses()
  const adminAddress = admin === false ? undefined : toAddress(addressOf(admin) ?? '127.0.0.1:9901')
  if (adminAddress !== undefined) taken.take(adminAddress, 'the admin endpoints')
  return findEach(listeners, (listener: unknown, index): Finding[] => {
    const address = toAddress(addressOf(listener))
    if (address === undefined) return []
    const other = taken.take(address, `listeners[${index}]`)
    if (other === undefined) return []
    if (written === undefined) {
      return [
        {
          path: ['admin', 'address'],
          problem: 'is the address of the default listener too',
          hint: 'write "listeners" to move that',
        },
      ]
    }
    return [{ path: ['listeners', index, 'address'], problem: `is taken by ${other} already` }]
  })
}

function addressOf(section: unknown): unknown {
  return typeof section === 'object' && section !== null && Object.hasOwn(section, 'address')
    ? (section as { address: unknown }).address
    : undefined
}

function toAddress(written: unknown): Address | undefined {
  const address = typeof written === 'string' ? parseAddress(written) : undefined
  return address?.ok === true ? address.value : undefined
}
