import { parseForwarded, serializeForwarded, serializeForwardedNode } from '../fields/forwarded.ts'
import type { Exchange, Peer } from '../message/exchange.ts'
import { HeaderLine } from '../message/header-line.ts'
import type { HeaderList } from '../message/headers.ts'
import type { Scheme } from '../message/request.ts'
import type { Authority } from '../message/target.ts'
import { listMembers } from '../message/tokens.ts'
import type { ClientClaims } from './seen-client.ts'

/** What the peer says of those before it. */
export interface Claims extends ClientClaims {
  readonly host: string | undefined
  readonly port: string | undefined
}

export const NO_CLAIMS: Claims = {
  for: undefined,
  proto: undefined,
  host: undefined,
  port: undefined,
  forwarded: undefined,
}

export function readClaims(headers: HeaderList): Claims {
  return {
    for: headers.get('x-forwarded-for'),
    proto: headers.get('x-forwarded-proto'),
    host: headers.get('x-forwarded-host'),
    port: headers.get('x-forwarded-port'),
    forwarded: headers.get('forwarded'),
  }
}

/** What the upstream is told of a peer, and what that depends on. */
export interface ForwardedLines {
  /** X-Forwarded-For, -Proto, -Host and -Port. */
  readonly xForwarded: readonly HeaderLine[]
  readonly forwarded: HeaderLine
  readonly authority: Authority
  readonly scheme: Scheme
  readonly clientScheme: Scheme
}

/**
 * Of peers that claim nothing, by what they asked for last: it is the same for most that a connection asks. To make and check these
 * lines for each request took a twentieth of what a request over HTTP/2 takes.
 */
const known = new WeakMap<Peer, ForwardedLines>()

export function linesFor(exchange: Exchange, claims: Claims): ForwardedLines {
  if (claims !== NO_CLAIMS) return makeLines(exchange, claims)
  const { peer, request, clientScheme } = exchange
  const before = known.get(peer)
  if (
    before !== undefined &&
    before.authority === request.authority &&
    before.scheme === request.scheme &&
    before.clientScheme === clientScheme
  )
    return before
  const lines = makeLines(exchange, NO_CLAIMS)
  known.set(peer, lines)
  return lines
}

function makeLines(exchange: Exchange, claims: Claims): ForwardedLines {
  const { clientScheme } = exchange
  const { authority, scheme } = exchange.request
  const xForwarded = xForwardedLines(exchange, claims)
  const forwarded = new HeaderLine('forwarded', forwardedValue(exchange, claims))
  return { xForwarded, forwarded, authority, scheme, clientScheme }
}

function xForwardedLines({ request, peer, clientScheme }: Exchange, claims: Claims): HeaderLine[] {
  const { authority } = request
  const lines: HeaderLine[] = []
  const before = membersOf(claims.for)
  if (peer.address !== '') {
    const addresses = before === '' ? peer.address : `${before}, ${peer.address}`
    lines.push(new HeaderLine('x-forwarded-for', addresses))
  }
  const port = String(authority.port ?? (clientScheme === 'https' ? 443 : 80))
  lines.push(
    new HeaderLine('x-forwarded-proto', membersOf(claims.proto) || clientScheme),
    new HeaderLine('x-forwarded-host', membersOf(claims.host) || authority.text),
    new HeaderLine('x-forwarded-port', membersOf(claims.port) || port),
  )
  return lines
}

/** Without empty members: a list that ends in a comma, or is nothing else, would have another reader miscount. */
function membersOf(claim: string | undefined): string {
  return claim === undefined ? '' : listMembers(claim).join(', ')
}

function forwardedValue({ request, peer }: Exchange, claims: Claims): string {
  const { authority, scheme } = request
  const node = nodeOf(peer.address)
  // A port or an IPv6 address is no token, so it is quoted (RFC 7239 section 4).
  const quote = authority.text.includes(':') ? '"' : ''
  const host = authority.text === '' ? '' : `;host=${quote}${authority.text}${quote}`
  const element = `for=${node}${host};proto=${scheme}`
  const before = wellFormed(claims.forwarded)
  return before === undefined ? element : `${before}, ${element}`
}

/** What is not valid is not passed on: a quote that does not end in it would take ours in. */
function wellFormed(forwarded: string | undefined): string | undefined {
  const elements = forwarded === undefined ? undefined : parseForwarded(forwarded)
  return elements === undefined || elements.length === 0 ? undefined : serializeForwarded(elements)
}

function nodeOf(address: string): string {
  if (address === '') return 'unknown'
  return address.includes(':') ? serializeForwardedNode(address) : address
}
