import { type BlockList, isIP } from 'node:net'
import { parseXForwardedFor, serializeForwardedNode } from '../fields/forwarded.ts'
import { connectionNames, type FieldFilter, passesOn } from '../fields/hop-by-hop.ts'
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
  readonly trustedProxies?: BlockList | undefined
}

/**
 * What a proxy does to the fields of a message that passes (RFC 9110 7.6): hop-by-hop fields end here, in both directions,
 * with all that Connection names; what the peer claims about those before it is believed only if the peer is trusted; and
 * then, after all removals, so that nobody can have it stripped, what we say ourselves is added.
 */
export function forwarding(options: ForwardingOptions = {}): Policy {
  const { xForwarded = true, forwarded = true, via = 'headgate', trustedProxies } = options
  const trustsAny = trustedProxies !== undefined && trustedProxies.rules.length > 0
  const isTrusted = (address: string): boolean => trustsAny && contains(trustedProxies, address)
  const untrustedFilter: FieldFilter = { dropXForwarded: true, dropForwarded: true, named: undefined }
  const trustedFilter: FieldFilter = {
    dropXForwarded: xForwarded,
    dropForwarded: forwarded,
    named: undefined,
  }
  return (next) =>
    async function forwarding(exchange) {
      const { request, peer } = exchange
      const { headers } = request
      const trusted = peer.address !== '' && isTrusted(peer.address)
      const claims = trusted ? readClaims(headers) : NO_CLAIMS
      if (trusted) exchange.clientAddress = clientBehind(claims.for, peer.address, isTrusted)
      filterFields(headers, trusted ? trustedFilter : untrustedFilter)
      if (xForwarded) addXForwarded(exchange, claims)
      if (forwarded) addForwarded(exchange, claims)
      if (via !== false) headers.add('via', `${request.version} ${via}`)

      const response = await next(exchange)
      filterFields(response.headers, RESPONSE_FILTER)
      if (via !== false) response.headers.add('via', `1.1 ${via}`)
      return response
    }
}

const RESPONSE_FILTER: FieldFilter = { dropXForwarded: false, dropForwarded: false, named: undefined }

function filterFields(headers: HeaderList, filter: FieldFilter): void {
  const named = connectionNames(headers.get('connection'))
  headers.retain(passesOn, named === undefined ? filter : { ...filter, named })
}

/** What the peer says of those before it. */
interface Claims {
  readonly for: string | undefined
  readonly proto: string | undefined
  readonly host: string | undefined
  readonly port: string | undefined
  readonly forwarded: string | undefined
}

const NO_CLAIMS: Claims = {
  for: undefined,
  proto: undefined,
  host: undefined,
  port: undefined,
  forwarded: undefined,
}

function readClaims(headers: HeaderList): Claims {
  return {
    for: headers.get('x-forwarded-for'),
    proto: headers.get('x-forwarded-proto'),
    host: headers.get('x-forwarded-host'),
    port: headers.get('x-forwarded-port'),
    forwarded: headers.get('forwarded'),
  }
}

/** The address nearest to us that no trusted proxy vouches for: read from the right, as only the right end is ours. */
function clientBehind(
  list: string | undefined,
  peer: string,
  isTrusted: (address: string) => boolean,
): string {
  const addresses = list === undefined ? [] : parseXForwardedFor(list)
  let client = peer
  for (let index = addresses.length - 1; index >= 0; index--) {
    const address = addresses[index]
    if (address === undefined) break
    client = address
    if (!isTrusted(address)) break
  }
  return client
}

function contains(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

function addXForwarded(exchange: Exchange, claims: Claims): void {
  const { request, peer } = exchange
  const { headers, authority, scheme } = request
  const { for: before } = claims
  if (peer.address !== '')
    headers.add('x-forwarded-for', before === undefined ? peer.address : `${before}, ${peer.address}`)
  headers.add('x-forwarded-proto', claims.proto ?? scheme)
  headers.add('x-forwarded-host', claims.host ?? authority.text)
  headers.add('x-forwarded-port', claims.port ?? String(authority.port ?? (scheme === 'https' ? 443 : 80)))
}

function addForwarded(exchange: Exchange, claims: Claims): void {
  const { request, peer } = exchange
  const { authority, scheme } = request
  const node = nodeOf(peer.address)
  // A port or an IPv6 address is no token, so it is quoted (RFC 7239 section 4).
  const quote = authority.text.includes(':') ? '"' : ''
  const host = authority.text === '' ? '' : `;host=${quote}${authority.text}${quote}`
  const element = `for=${node}${host};proto=${scheme}`
  request.headers.add(
    'forwarded',
    claims.forwarded === undefined ? element : `${claims.forwarded}, ${element}`,
  )
}

function nodeOf(address: string): string {
  if (address === '') return 'unknown'
  return address.includes(':') ? serializeForwardedNode(address) : address
}
