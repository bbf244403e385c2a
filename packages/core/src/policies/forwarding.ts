import { own } from '../message/own-options.ts'
import type { BlockList } from 'node:net'
import { connectionNames, type FieldFilter, linePasses } from '../fields/hop-by-hop.ts'
import { hopsLeft } from '../fields/max-forwards.ts'
import { TrafficError } from '../message/errors.ts'
import type { Policy } from '../message/handler.ts'
import { HeaderLine } from '../message/header-line.ts'
import { HeaderList } from '../message/headers.ts'
import type { HttpRequest, HttpVersion } from '../message/request.ts'
import { HttpResponse } from '../message/response.ts'
import { linesFor, NO_CLAIMS, readClaims } from './forwarded-lines.ts'
import { clientSeer, trustIn } from './seen-client.ts'

/** Options of `forwarding`. */
export interface ForwardingOptions {
  /** Whether X-Forwarded-For, -Proto, -Host and -Port are sent. Default true. */
  readonly xForwarded?: boolean
  /** Whether Forwarded (RFC 7239) is sent. Default true. */
  readonly forwarded?: boolean
  /** The name under which this proxy enters Via (RFC 9110 7.6.3); false leaves the field alone. Default `headgate`. */
  readonly via?: string | false
  /**
   * What this proxy enters into CDN-Loop (RFC 8586) to know its own requests again: one that brings it has been here before, and
   * is refused with `loop_detected`. Nobody else must be able to guess it. Default: none, and no loop is looked for.
   */
  readonly loopMark?: string | undefined
  /** Addresses of peers whose X-Forwarded-* and Forwarded are believed. Default none. */
  readonly trustedProxies?: BlockList | undefined
  /** Whether it is known already for whom trusted proxies speak, by `clientSeer`. Default false: it is found out here. */
  readonly clientIsKnown?: boolean
  /**
   * Fields of the request that policies before this one have set, as the id's, in lower case: Connection cannot have them
   * removed, and what others may take for them (`x_id` for `x-id`) does not pass. Default none; `x-request-id` is always so.
   */
  readonly ownFields?: readonly string[]
}

/**
 * What a proxy does to the fields of a message that passes (RFC 9110 7.6): hop-by-hop fields end here, in both directions,
 * with all that Connection names; what the peer claims about those before it is believed only if the peer is trusted; and
 * then, after all removals, so that nobody can have it stripped, what we say ourselves is added.
 */
export function forwarding(given: ForwardingOptions = {}): Policy {
  const options = own(given)
  const { xForwarded = true, forwarded = true, via = 'headgate', loopMark, clientIsKnown = false } = options
  const loopLine = new HeaderLine('cdn-loop', `headgate;id=${loopMark}`)
  const ownFields = new Set(options.ownFields)
  const trust = trustIn(options.trustedProxies)
  const seeClient = clientIsKnown ? undefined : clientSeer(options.trustedProxies)
  const untrustedFilter: FieldFilter = {
    dropXForwarded: true,
    dropXClaims: true,
    dropForwarded: true,
    ownFields,
    named: undefined,
  }
  const trustedFilter: FieldFilter = {
    dropXForwarded: xForwarded,
    dropXClaims: false,
    dropForwarded: forwarded,
    ownFields,
    named: undefined,
  }
  const viaOf = viaLines(via)
  const returned = (response: HttpResponse): HttpResponse => {
    filterFinal(response)
    if (via !== false) response.headers.addLine(viaOf[response.version])
    return response
  }
  return (next) =>
    function forwarding(exchange) {
      const { request, peer } = exchange
      const { headers, method } = request
      if (method === 'OPTIONS' || method === 'TRACE') {
        const answer = countHop(request)
        if (answer !== undefined) return answer
      }
      if (loopMark !== undefined && headers.get('cdn-loop')?.includes(loopMark)) return Promise.reject(loop())
      const trusted = trust?.isTrustedPeer(peer) === true
      const claims = trusted ? readClaims(headers) : NO_CLAIMS
      seeClient?.(exchange)
      filterFields(headers, trusted ? trustedFilter : untrustedFilter)
      // After all removals, so that nobody can have it stripped.
      const lines = linesFor(exchange, claims)
      if (xForwarded) for (const line of lines.xForwarded) headers.addLine(line)
      if (forwarded) headers.addLine(lines.forwarded)
      if (via !== false) headers.addLine(viaOf[request.version])
      if (loopMark !== undefined) headers.addLine(loopLine)
      exchange.beforeInform = filterResponse

      // No async function, and no closure for each exchange: this policy is in every stack (0.2 µs).
      return next(exchange).then(returned)
    }
}

function viaLines(via: string | false): Readonly<Record<HttpVersion, HeaderLine>> {
  const line = (version: HttpVersion): HeaderLine => new HeaderLine('via', `${version} ${via}`)
  return { '1.0': line('1.0'), '1.1': line('1.1'), '2': line('2') }
}

function loop(): TrafficError {
  const reason = 'the request has come through this route before: its upstream leads back here'
  return new TrafficError('loop_detected', reason, { phase: 'route' })
}

const RESPONSE_FILTER: FieldFilter = {
  dropXForwarded: false,
  dropXClaims: false,
  dropForwarded: false,
  ownFields: new Set(),
  named: undefined,
}

function filterResponse(headers: HeaderList): void {
  filterFields(headers, RESPONSE_FILTER)
}

/** 426 and 101 name protocols, and the switch to them passes through us (RFC 9110 15.5.22, 15.2.2). */
function filterFinal({ status, headers }: HttpResponse): void {
  const offered = status === 426 || status === 101 ? headers.get('upgrade') : undefined
  filterResponse(headers)
  if (offered !== undefined) headers.add('upgrade', offered)
}

/** TRACE and OPTIONS may say how far they go (RFC 9110 7.6.2); where they end here, we answer in the origin's place. */
function countHop({ method, headers }: HttpRequest): Promise<HttpResponse> | undefined {
  const hops = hopsLeft(headers.get('max-forwards'))
  if (hops === undefined) return undefined
  if (hops > 0) {
    headers.set('max-forwards', String(hops - 1))
    return undefined
  }
  if (method === 'OPTIONS') return Promise.resolve(new HttpResponse(204, new HeaderList()))
  const reason = 'TRACE ends here by its Max-Forwards, and shows nothing'
  return Promise.reject(new TrafficError('unsupported_method', reason))
}

function filterFields(headers: HeaderList, filter: FieldFilter): void {
  const named = connectionNames(headers.get('connection'), filter.ownFields)
  headers.retainLines(linePasses, named === undefined ? filter : { ...filter, named })
}
