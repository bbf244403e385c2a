import { BlockList, isIP } from 'node:net'
import { serializeForwardedNode } from '../fields/forwarded.ts'
import { connectionNames, passesOn } from '../fields/hop-by-hop.ts'
import type { Exchange } from '../message/exchange.ts'
import type { Policy } from '../message/handler.ts'
import type { HeaderList } from '../message/headers.ts'

/** Options of `forwarding`. */
export interface ForwardingOptions {
  /** Whether X-Forwarded-For, -Proto, -Host and -Port are sent. Default true. */
  readonly xForwarded?: boolean
  /** Whether Forwarded (RFC 7239) is sent. Default true. */
  readonly forwarded?: boolean
  /** The name under which this proxy enters Via (RFC 9110 7.6.3); false leaves the field alone. Default `headgate`. */
  readonly via?: string | false
  /** Addresses of peers whose X-Forwarded-* and Forwarded are believed. Default none. */
  readonly trustedProxies?: BlockList
}

/**
 * What a proxy does to the fields of a message that passes (RFC 9110 7.6): hop-by-hop fields end here, in both directions,
 * with all that Connection names; what the peer claims of those before it is believed only if the peer is trusted; and then,
 * after all removals, so that nobody can have it stripped, what we say ourselves is added.
 */
export function forwarding(options: ForwardingOptions = {}): Policy {
  const { xForwarded = true, forwarded = true, via = 'headgate', trustedProxies = new BlockList() } = options
  const isTrusted = (address: string): boolean => contains(trustedProxies, address)
  return (next) =>
    async function forwarding(exchange) {
      const { request, peer } = exchange
      const { headers } = request
      stripHopByHop(headers)
      const trusted = peer.address !== '' && isTrusted(peer.address)
      if (trusted) exchange.clientAddress = clientBehind(headers.get('x-forwarded-for'), peer.address, isTrusted)
      if (xForwarded) addXForwarded(exchange, trusted)
      else if (!trusted) headers.retain(isNotXForwarded)
      if (forwarded) addForwarded(exchange, trusted)
      else if (!trusted) headers.delete('forwarded')
      if (via !== false) headers.append('via', `${request.version} ${via}`)

      const response = await next(exchange)
      stripHopByHop(response.headers)
      if (via !== false) response.headers.append('via', `1.1 ${via}`)
      return response
    }
}

function stripHopByHop(headers: HeaderList): void {
  headers.retain(passesOn, connectionNames(headers.get('connection')))
}

function isNotXForwarded(name: string): boolean {
  return !name.startsWith('x-forwarded-')
}

/** The address nearest to us that no trusted proxy vouches for: read from the right, as only the right end is ours. */
function clientBehind(list: string | undefined, peer: string, isTrusted: (address: string) => boolean): string {
  const addresses = list?.split(',') ?? []
  let client = peer
  for (let index = addresses.length - 1; index >= 0; index--) {
    const address = addresses[index]?.trim().replace(/^\[|\](:\d+)?$/g, '') ?? ''
    if (isIP(address) === 0) break
    client = address
    if (!isTrusted(address)) break
  }
  return client
}

function contains(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

function addXForwarded(exchange: Exchange, trusted: boolean): void {
  const { request, peer } = exchange
  const { headers, authority } = request
  const before = trusted ? headers.get('x-forwarded-for') : undefined
  const told = trusted ? headers.get('x-forwarded-proto') : undefined
  const toldHost = trusted ? headers.get('x-forwarded-host') : undefined
  const toldPort = trusted ? headers.get('x-forwarded-port') : undefined
  headers.retain(isNotXForwarded)
  if (peer.address !== '') headers.append('x-forwarded-for', before === undefined ? peer.address : `${before}, ${peer.address}`)
  headers.append('x-forwarded-proto', told ?? request.scheme)
  headers.append('x-forwarded-host', toldHost ?? authority.text)
  headers.append('x-forwarded-port', toldPort ?? String(authority.port ?? (request.scheme === 'https' ? 443 : 80)))
}

function addForwarded(exchange: Exchange, trusted: boolean): void {
  const { request, peer } = exchange
  const { headers } = request
  const before = trusted ? headers.get('forwarded') : undefined
  headers.delete('forwarded')
  const node = peer.address === '' ? 'unknown' : serializeForwardedNode(peer.address)
  const host = /^[\w.-]+$/.test(request.authority.text) ? request.authority.text : `"${request.authority.text}"`
  const element = `for=${node};host=${host};proto=${request.scheme}`
  headers.append('forwarded', before === undefined ? element : `${before}, ${element}`)
}
