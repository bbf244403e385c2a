import { EMPTY_BODY } from '../message/body.ts'
import { TrafficError } from '../message/errors.ts'
import { HeaderLine } from '../message/header-line.ts'
import { HeaderList } from '../message/headers.ts'
import type { HeadLimits } from '../message/head-limits.ts'
import { HttpRequest, type Scheme } from '../message/request.ts'
import {
  type Authority,
  canonicalAuthority,
  InvalidTarget,
  originForm,
  type PathForm,
  type RequestTarget,
  STRICT_PATHS,
} from '../message/target.ts'
import { isToken } from '../message/tokens.ts'
import { FieldKind } from './field-kinds.ts'
import type { FieldSection } from './field-section.ts'
import { takeField } from './message-fields.ts'
import { requestMalformation } from './message-rules.ts'

/** A request that was accepted at the door, and what its stream must know of it. */
export interface RequestIntake {
  /** Its body is still to be set. */
  readonly request: HttpRequest
  /** Whether the peer waits for 100 before it sends the body (RFC 9110 10.1.1). */
  readonly expectsContinue: boolean
}

export interface IntakeOptions {
  readonly limits: HeadLimits
  readonly paths?: PathForm
}

/**
 * Why a section is no request by the rules of HTTP/2: its stream is reset (RFC 9113 8.1.1). What a section is that passed a limit is
 * not known.
 */
export function whyNoRequest(section: FieldSection): string | undefined {
  if (section.tooLarge) return undefined
  const malformed = requestMalformation(section)
  if (malformed !== undefined) return malformed
  return isToken(section.method?.value ?? '') ? undefined : ':method is no token (RFC 9110 9.1)'
}

/**
 * Turns a section into a request with canonical host and path, by the functions that HTTP/1.1 calls, or says why it is refused: the one
 * door through which requests of HTTP/2 come in. The caller has asked `whyNoRequest`.
 * @param endStream whether there is no content
 */
export function takeInRequest(
  section: FieldSection,
  endStream: boolean,
  options: IntakeOptions,
  scheme: Scheme,
): RequestIntake | TrafficError {
  const method = section.method?.value ?? ''
  const refused = whyRefused(section, method, endStream, options.limits)
  if (refused !== undefined) return refused
  const target = targetOf(section, method, scheme, options.paths ?? STRICT_PATHS)
  if (target instanceof InvalidTarget) return refusal('malformed_request', target.reason)
  const isTunnel = section.protocol !== undefined
  const headers = headersOf(section, target.authority)
  // HTTP/2 needs none, and whoever asks an origin over HTTP/1.1 makes its own (RFC 8441 5).
  if (isTunnel) headers.delete('sec-websocket-key')
  const expect = headers.get('expect')
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') {
    return refusal('unsupported_expectation', 'an expectation other than 100-continue (RFC 9110 10.1.1)')
  }
  const hasContent = !endStream && !isTunnel
  const expectsContinue = expect !== undefined && hasContent
  // Where it means nothing it is not passed on either (RFC 9110 10.1.1).
  if (expect !== undefined && !hasContent) headers.delete('expect')
  const { authority, path, query } = target
  const request = new HttpRequest({
    authority,
    path,
    query,
    // What HTTP/1.1 asks by Upgrade: all that decides by a request sees one and the same (RFC 8441 5).
    method: isTunnel ? 'GET' : method,
    version: '2',
    headers,
    scheme,
    body: EMPTY_BODY,
    upgrade: isTunnel ? 'websocket' : undefined,
  })
  return { request, expectsContinue }
}

function whyRefused(
  section: FieldSection,
  method: string,
  endStream: boolean,
  limits: HeadLimits,
): TrafficError | undefined {
  if (section.tooLarge) {
    const what = `more than ${limits.head} bytes, ${limits.fields} fields, or too many parts of Cookie`
    return refusal('request_head_too_large', `the request's fields are ${what} (RFC 9113 10.5.1)`)
  }
  if (method === 'CONNECT' && section.protocol?.value.toLowerCase() !== 'websocket') {
    const what = section.protocol === undefined ? 'this is no forward proxy' : 'its :protocol is no websocket'
    return refusal('unsupported_method', `CONNECT: ${what}`)
  }
  if (method === 'TRACE' && !endStream)
    return refusal('malformed_request', 'content in a TRACE request (RFC 9110 9.3.8)')
  const given = section.scheme?.value.toLowerCase()
  // Proxies that end TLS, or begin it, send that of their own client: which of both it is, is not looked at (RFC 9113 8.3.1).
  if (given !== 'http' && given !== 'https')
    return refusal('malformed_request', ':scheme is neither http nor https')
  const length = section.path?.value.length ?? 0
  return length > limits.target
    ? refusal('request_target_too_long', `the request target is longer than ${limits.target} bytes`)
    : undefined
}

function targetOf(
  section: FieldSection,
  method: string,
  scheme: Scheme,
  paths: PathForm,
): RequestTarget | InvalidTarget {
  const authority = authorityOf(section, scheme)
  if (authority instanceof InvalidTarget) return authority
  const path = section.path?.value ?? ''
  if (path !== '*') return originForm(path, authority, paths)
  if (method === 'OPTIONS') return { authority, path: '*', query: '' }
  return new InvalidTarget('the path "*" belongs to OPTIONS only (RFC 9113 8.3.1)')
}

/** Host may repeat what `:authority` says, or stand in for it, and say nothing else (RFC 9113 8.3.1). */
function authorityOf(section: FieldSection, scheme: Scheme): Authority | InvalidTarget {
  const port = scheme === 'https' ? 443 : 80
  let host: string | undefined
  const { list } = section
  for (let index = 0; index < list.length; index++) {
    const { kind, value } = list.at(index)
    if (kind !== FieldKind.host) continue
    if (host !== undefined) return new InvalidTarget('Host is there twice (RFC 9110 7.2)')
    host = value
  }
  const given = section.authority?.value ?? host
  if (given === undefined) return new InvalidTarget(':authority and Host are missing (RFC 9113 8.3.1)')
  const authority = canonicalAuthority(given, port)
  if (authority instanceof InvalidTarget) return new InvalidTarget(`:authority: ${authority.reason}`)
  if (host === undefined || host === given) return authority
  const other = canonicalAuthority(host, port)
  if (!(other instanceof InvalidTarget) && other.text === authority.text) return authority
  return new InvalidTarget('Host names another place than :authority (RFC 9113 8.3.1)')
}

/** Lines that are added to most requests on their way: Host, the id, Via, and what Forwarded and X-Forwarded say. */
const ADDED_LINES = 8

/** As HTTP/1.1 brings them: Host first, and Cookie in one line (RFC 9113 8.2.3). */
function headersOf({ list }: FieldSection, authority: Authority): HeaderList {
  const headers = new HeaderList(undefined, list.length + ADDED_LINES)
  headers.addLine(hostLineOf(authority))
  let cookie: string | undefined
  for (let index = 0; index < list.length; index++) {
    const field = list.at(index)
    const { kind, value } = field
    if (kind === FieldKind.cookie) cookie = cookie === undefined ? value : `${cookie}; ${value}`
    else if (kind !== FieldKind.host) takeField(headers, field)
  }
  if (cookie !== undefined) headers.add('cookie', cookie)
  return headers
}

/** The last one: most requests of a read ask the same host. */
let hostLine = new HeaderLine('host', '')

function hostLineOf({ text }: Authority): HeaderLine {
  if (hostLine.value !== text) hostLine = new HeaderLine('host', text)
  return hostLine
}

function refusal(code: TrafficError['code'], message: string): TrafficError {
  return new TrafficError(code, message, { phase: 'request-head' })
}
