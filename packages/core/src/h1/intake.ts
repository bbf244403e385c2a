import { EMPTY_BODY } from '../message/body.ts'
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
import { WireFault } from './fault.ts'
import { type Framing, isPersistent, listHas, NO_BODY, requestFraming } from './framing.ts'
import type { HeadLimits } from '../message/head-limits.ts'
import { ControlFields } from './head.ts'
import { parseRequestHead, type RequestHead } from './request-head.ts'
import type { FoundHead } from './head-buffer.ts'
import { protocolsToPass } from './upgrade.ts'

/** A request that was accepted at the door, and what its connection must know of it. */
export interface Intake {
  /** Its body is still to be set, by the framing. */
  readonly request: HttpRequest
  readonly framing: Framing
  /** Whether the peer lets the connection live on. */
  readonly persistent: boolean
  /** Whether the peer waits for 100 before it sends the body (RFC 9110 10.1.1). */
  readonly expectsContinue: boolean
}

/**
 * Turns a head into a request with canonical host and path, or says why not: the one door through which every request
 * of the wire comes in.
 */
export function takeIn(
  found: FoundHead,
  { limits, paths = STRICT_PATHS }: { readonly limits: HeadLimits; readonly paths?: PathForm },
  scheme: Scheme,
): Intake | WireFault {
  const head = parseRequestHead(found, limits)
  if (head instanceof WireFault) return head
  const control = new ControlFields(head.headers, head.version)
  const framing = requestFraming(control)
  if (framing instanceof WireFault) return framing
  if (head.method === 'CONNECT')
    return new WireFault('unsupported_method', 'CONNECT: this is no forward proxy')
  if (head.method === 'TRACE' && framing !== NO_BODY)
    return new WireFault('malformed_request', 'content in a TRACE request (RFC 9110 9.3.8)')
  if (control.expect !== undefined && control.expect.toLowerCase() !== '100-continue') {
    return new WireFault(
      'unsupported_expectation',
      'an expectation other than 100-continue (RFC 9110 10.1.1)',
    )
  }
  const target = parseTarget(head, control, scheme, paths)
  if (target instanceof InvalidTarget) return new WireFault('malformed_request', target.reason)
  const { method, version, headers } = head
  const expectsContinue = control.expect !== undefined && version === '1.1' && framing !== NO_BODY
  // Where it means nothing it is not passed on either (RFC 9110 10.1.1).
  if (control.expect !== undefined && !expectsContinue) headers.delete('expect')
  return {
    request: new HttpRequest({
      authority: target.authority,
      path: target.path,
      query: target.query,
      method,
      version,
      headers,
      scheme,
      body: EMPTY_BODY,
      upgrade: wantedUpgrade(head, control),
    }),
    framing,
    persistent: isPersistent(version, headers),
    expectsContinue,
  }
}

/** The four forms of a target (RFC 9112 3.2), of which authority-form is only CONNECT's. */
function parseTarget(
  head: RequestHead,
  control: ControlFields,
  scheme: Scheme,
  paths: PathForm,
): RequestTarget | InvalidTarget {
  const { target } = head
  if (control.host === undefined && head.version === '1.1')
    return new InvalidTarget('Host is missing (RFC 9112 3.2)')
  const defaultPort = scheme === 'https' ? 443 : 80
  const host = control.host ? canonicalAuthority(control.host, defaultPort) : NO_AUTHORITY
  if (host instanceof InvalidTarget) return new InvalidTarget(`Host: ${host.reason}`)
  if (target === '*') {
    if (head.method === 'OPTIONS') return { authority: host, path: '*', query: '' }
    return new InvalidTarget('the target "*" belongs to OPTIONS only (RFC 9112 3.2.4)')
  }
  if (target.charCodeAt(0) === SLASH) return originForm(target, host, paths)

  const absolute = /^(https?):\/\/([^/?#@]+)([/?].*)?$/i.exec(target)
  if (absolute === null)
    return new InvalidTarget('the target is neither a path nor an http URL (RFC 9112 3.2)')
  if (scheme === 'http' && absolute[1]?.length === 'https'.length)
    return new InvalidTarget('an https URL is asked for without TLS (RFC 9110 7.4)')
  // The URL's authority counts and Host is ignored (RFC 9112 3.2.2): what is forwarded is made from it.
  const authority = canonicalAuthority(absolute[2] ?? '', defaultPort)
  if (authority instanceof InvalidTarget) return authority
  const rest = absolute[3] ?? ''
  // No path at all is the whole server to OPTIONS, and the root to every other method (RFC 9112 3.2.4).
  if (rest === '' && head.method === 'OPTIONS') return { authority, path: '*', query: '' }
  return originForm(rest.startsWith('/') ? rest : `/${rest}`, authority, paths)
}

const SLASH = 0x2f
const NO_AUTHORITY: Authority = { host: '', port: undefined, text: '' }

/** The protocols to switch to, if any, as a list in the peer's order of preference (RFC 9110 7.8). */
function wantedUpgrade(head: RequestHead, control: ControlFields): string | undefined {
  if (control.upgrade === undefined || head.version !== '1.1') return undefined
  // With an expectation, 100 would have to come before 101 (RFC 9110 7.8): the wish to switch may be ignored instead.
  if (control.expect !== undefined) return undefined
  if (!listHas(head.headers.get('connection'), 'upgrade')) return undefined
  return protocolsToPass(control.upgrade)
}
