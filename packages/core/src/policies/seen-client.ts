import { type BlockList, isIP } from 'node:net'
import { parseForwarded, parseForwardedNode, parseXForwardedFor } from '../fields/forwarded.ts'
import type { Exchange, Peer } from '../message/exchange.ts'
import type { HeaderList } from '../message/headers.ts'
import type { Scheme } from '../message/request.ts'
import { listMembers } from '../message/tokens.ts'

type IsTrusted = (address: string) => boolean

/** What a trusted peer says of who came before it; undefined where it says nothing. */
export interface ClientClaims {
  /** X-Forwarded-For. */
  readonly for: string | undefined
  /** X-Forwarded-Proto. */
  readonly proto: string | undefined
  /** Forwarded (RFC 7239). */
  readonly forwarded: string | undefined
}

/**
 * Finds out who the client of an exchange is, and notes it there: to be called once, where it comes in, before anything asks. Without
 * it, the client is the peer.
 * @param trustedProxies addresses of peers whose X-Forwarded-* and Forwarded are believed
 * @returns undefined where none is trusted
 */
export function clientSeer(
  trustedProxies: BlockList | undefined,
): ((exchange: Exchange) => void) | undefined {
  const trust = trustIn(trustedProxies)
  if (trust === undefined) return undefined
  return (exchange) => {
    const { peer, request } = exchange
    if (!trust.isTrustedPeer(peer)) return
    const claims = claimsIn(request.headers)
    exchange.clientAddress = addressBehind(claims, peer.address, trust.isTrusted)
    exchange.clientScheme = claimedScheme(claims, trust.isTrusted) ?? request.scheme
  }
}

/** Who is believed. */
interface Trust {
  readonly isTrusted: IsTrusted
  /** Looked up once for each connection. */
  readonly isTrustedPeer: (peer: Peer) => boolean
}

/** One for all routes, and for the door: `rules` makes a text of each rule whenever it is asked for. */
const trusts = new WeakMap<BlockList, Trust>()

/** Undefined where nobody is. */
export function trustIn(trusted: BlockList | undefined): Trust | undefined {
  const before = trusted && trusts.get(trusted)
  if (before !== undefined) return before
  if (trusted === undefined || trusted.rules.length === 0) return undefined
  const isTrusted: IsTrusted = (address) => trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  const known = new WeakMap<Peer, boolean>()
  const isTrustedPeer = (peer: Peer): boolean => {
    let verdict = known.get(peer)
    if (verdict === undefined) {
      verdict = peer.address !== '' && isTrusted(peer.address)
      known.set(peer, verdict)
    }
    return verdict
  }
  const trust = { isTrusted, isTrustedPeer }
  trusts.set(trusted, trust)
  return trust
}

function claimsIn(headers: HeaderList): ClientClaims {
  return {
    for: headers.get('x-forwarded-for'),
    proto: headers.get('x-forwarded-proto'),
    forwarded: headers.get('forwarded'),
  }
}

/**
 * The address nearest to us that no trusted proxy vouches for: read from the right, as only the right end is ours. Forwarded
 * counts where there is no X-Forwarded-For, as for the scheme.
 */
export function addressBehind(claims: ClientClaims, peer: string, isTrusted: IsTrusted): string {
  const addresses = claims.for === undefined ? addressesIn(claims.forwarded) : parseXForwardedFor(claims.for)
  let client = peer
  for (let index = addresses.length - 1; index >= 0; index--) {
    const address = addresses[index]
    if (address === undefined) break
    client = address
    if (!isTrusted(address)) break
  }
  return client
}

function addressesIn(forwarded: string | undefined): (string | undefined)[] {
  const elements = forwarded === undefined ? undefined : parseForwarded(forwarded)
  return (elements ?? []).map((each) => each.for && parseForwardedNode(each.for)?.address)
}

/**
 * How the client connected, as trusted proxies say: X-Forwarded-Proto, and Forwarded where there is none. As for its address,
 * the right end is ours, and only what trusted proxies have added is believed.
 * @returns undefined if they do not say
 */
export function claimedScheme(claims: ClientClaims, isTrusted: IsTrusted): Scheme | undefined {
  const { proto, forwarded } = claims
  if (proto !== undefined) return schemeOf(proto) ?? fromList(proto, claims.for, isTrusted)
  return forwarded === undefined ? undefined : fromForwarded(forwarded, isTrusted)
}

/** Of several, that which stands for the client if each proxy has added an address and a scheme; else the nearest proxy's. */
function fromList(proto: string, list: string | undefined, isTrusted: IsTrusted): Scheme | undefined {
  const schemes = listMembers(proto)
  const addresses = list === undefined ? [] : parseXForwardedFor(list)
  let index = schemes.length - 1
  if (addresses.length === schemes.length) {
    for (; index > 0; index--) {
      const address = addresses[index]
      if (address === undefined || !isTrusted(address)) break
    }
  }
  return schemeOf(schemes[index] ?? '')
}

function fromForwarded(forwarded: string, isTrusted: IsTrusted): Scheme | undefined {
  const elements = parseForwarded(forwarded) ?? []
  for (let index = elements.length - 1; index >= 0; index--) {
    const element = elements[index]
    const address = element?.for === undefined ? undefined : parseForwardedNode(element.for)?.address
    if (index === 0 || address === undefined || !isTrusted(address)) return schemeOf(element?.proto ?? '')
  }
  return undefined
}

/** Some proxies name the protocol of a WebSocket. */
function schemeOf(text: string): Scheme | undefined {
  switch (text.trim().toLowerCase()) {
    case 'http':
    case 'ws':
      return 'http'
    case 'https':
    case 'wss':
      return 'https'
    default:
      return undefined
  }
}
