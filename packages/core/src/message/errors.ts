import { own } from './own-options.ts'

/**
 * Every way in which an exchange can fail: a closed union, so that a `switch` over it is checked.
 * `ERROR_FACTS` says what each one means to the peer that asked.
 */
export type ErrorCode =
  | 'malformed_request'
  | 'unsupported_version'
  | 'unsupported_method'
  | 'unsupported_transfer_coding'
  | 'unsupported_expectation'
  | 'request_head_too_large'
  | 'request_target_too_long'
  | 'request_body_too_large'
  | 'unsupported_media_type'
  | 'request_timeout'
  | 'downstream_closed'
  | 'downstream_too_slow'
  | 'client_certificate_refused'
  | 'misdirected'
  | 'route_not_found'
  | 'method_not_allowed'
  | 'deadline_exceeded'
  | 'loop_detected'
  | 'pool_queue_full'
  | 'pool_queue_timeout'
  | 'no_healthy_upstream'
  | 'too_many_connections'
  | 'shutting_down'
  | 'cancelled'
  | 'internal'
  | 'dns_failed'
  | 'connect_failed'
  | 'connect_timeout'
  | 'tls_failed'
  | 'pin_mismatch'
  | 'upgrade_unsupported'
  | 'upstream_closed'
  | 'upstream_timeout'
  | 'upstream_too_slow'
  | 'malformed_response'
  | 'response_head_too_large'
  | 'response_body_too_large'
  | 'decompression_failed'
  | 'too_many_redirects'
  | 'redirect_refused'
  | 'proxy_failed'
  | 'unexpected_status'
  | 'invalid_content'
  | 'auth_failed'
  | 'address_refused'
  | 'circuit_open'
  | 'rate_limited'
  | 'concurrency_limited'
  | 'overloaded'
  | 'invalid_request'
  | 'graphql_refused'
  | 'file_not_found'
  | 'file_unreadable'
  | 'handler_failed'
  | 'validation_failed'
  | 'unauthorized'
  | 'login_failed'
  | 'forbidden'

/** Whose doing it was: the peer that asked, the peer that was asked, or this process. */
export type ErrorSource = 'downstream' | 'upstream' | 'local'

/** Where the exchange stood, in the order in which an exchange passes through these. */
export type ErrorPhase =
  | 'request-head'
  | 'route'
  | 'request-body'
  | 'queue'
  | 'dns'
  | 'connect'
  | 'tls'
  | 'send'
  | 'response-head'
  | 'response-body'

/**
 * Whether doing it again can do harm. `unsent`: no byte left this process; `refused`: the peer said that it
 * did not process it; `idempotent`: bytes were sent, but the method may be repeated (RFC 9110 9.2.2);
 * `unknown`: repeating it might do it twice.
 */
export type ReplaySafety = 'unsent' | 'refused' | 'idempotent' | 'unknown'

/** What a code means to the peer that asked. */
export interface ErrorFacts {
  readonly status: number
  readonly title: string
  readonly source: ErrorSource
}

/** The one table that turns a code into the status and title that a downstream peer sees. */
export const ERROR_FACTS: Readonly<Record<ErrorCode, ErrorFacts>> = {
  malformed_request: { status: 400, title: 'Malformed request', source: 'downstream' },
  unsupported_version: { status: 505, title: 'HTTP version not supported', source: 'downstream' },
  unsupported_method: { status: 501, title: 'Method not implemented', source: 'downstream' },
  unsupported_transfer_coding: {
    status: 501,
    title: 'Transfer coding not implemented',
    source: 'downstream',
  },
  unsupported_expectation: { status: 417, title: 'Expectation failed', source: 'downstream' },
  request_head_too_large: { status: 431, title: 'Request header fields too large', source: 'downstream' },
  request_target_too_long: { status: 414, title: 'Request target too long', source: 'downstream' },
  request_body_too_large: { status: 413, title: 'Request body too large', source: 'downstream' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type', source: 'downstream' },
  request_timeout: { status: 408, title: 'Request timeout', source: 'downstream' },
  /** Never seen by the peer, which has left; 499 is what access logs call it since nginx. */
  downstream_closed: { status: 499, title: 'Client closed the connection', source: 'downstream' },
  downstream_too_slow: { status: 499, title: 'Client reads too slowly', source: 'downstream' },
  /** Never seen by the peer, whose handshake ends; 495 is what access logs call it since nginx. */
  client_certificate_refused: { status: 495, title: 'Client certificate refused', source: 'downstream' },
  misdirected: { status: 421, title: 'Misdirected request', source: 'downstream' },
  route_not_found: { status: 404, title: 'No route', source: 'local' },
  file_not_found: { status: 404, title: 'No such file', source: 'local' },
  file_unreadable: { status: 500, title: 'File not readable', source: 'local' },
  handler_failed: { status: 500, title: 'Handler failed', source: 'local' },
  method_not_allowed: { status: 405, title: 'Method not allowed', source: 'local' },
  deadline_exceeded: { status: 504, title: 'Deadline exceeded', source: 'local' },
  loop_detected: { status: 508, title: 'Loop detected', source: 'local' },
  pool_queue_full: { status: 503, title: 'Upstream queue full', source: 'local' },
  pool_queue_timeout: { status: 503, title: 'Upstream queue timeout', source: 'local' },
  no_healthy_upstream: { status: 503, title: 'No healthy upstream', source: 'local' },
  too_many_connections: { status: 503, title: 'Too many connections', source: 'local' },
  shutting_down: { status: 503, title: 'Shutting down', source: 'local' },
  cancelled: { status: 499, title: 'Cancelled', source: 'local' },
  internal: { status: 500, title: 'Internal error', source: 'local' },
  dns_failed: { status: 502, title: 'Upstream name not resolved', source: 'upstream' },
  connect_failed: { status: 502, title: 'Upstream refused the connection', source: 'upstream' },
  connect_timeout: { status: 504, title: 'Upstream connect timeout', source: 'upstream' },
  tls_failed: { status: 502, title: 'Upstream TLS failed', source: 'upstream' },
  pin_mismatch: { status: 502, title: 'Upstream key not pinned', source: 'local' },
  upgrade_unsupported: { status: 502, title: 'Upstream takes no WebSockets', source: 'local' },
  upstream_closed: { status: 502, title: 'Upstream closed the connection', source: 'upstream' },
  upstream_timeout: { status: 504, title: 'Upstream response timeout', source: 'upstream' },
  upstream_too_slow: { status: 504, title: 'Upstream too slow', source: 'upstream' },
  malformed_response: { status: 502, title: 'Malformed upstream response', source: 'upstream' },
  response_head_too_large: { status: 502, title: 'Upstream response head too large', source: 'upstream' },
  response_body_too_large: { status: 502, title: 'Upstream response body too large', source: 'upstream' },
  decompression_failed: { status: 502, title: 'Upstream response not decodable', source: 'upstream' },
  too_many_redirects: { status: 502, title: 'Too many redirects', source: 'upstream' },
  redirect_refused: { status: 502, title: 'Redirect refused', source: 'upstream' },
  proxy_failed: { status: 502, title: 'Proxy failed', source: 'upstream' },
  unexpected_status: { status: 502, title: 'Unexpected upstream status', source: 'upstream' },
  invalid_content: { status: 502, title: 'Upstream content not valid', source: 'upstream' },
  auth_failed: { status: 502, title: 'Credentials not obtained', source: 'local' },
  unauthorized: { status: 401, title: 'Unauthorized', source: 'downstream' },
  login_failed: { status: 400, title: 'Login failed', source: 'downstream' },
  forbidden: { status: 403, title: 'Forbidden', source: 'local' },
  address_refused: { status: 403, title: 'Address refused', source: 'local' },
  circuit_open: { status: 503, title: 'Circuit open', source: 'local' },
  rate_limited: { status: 429, title: 'Rate limited', source: 'local' },
  concurrency_limited: { status: 503, title: 'Concurrency limit reached', source: 'local' },
  overloaded: { status: 503, title: 'Overloaded', source: 'local' },
  graphql_refused: { status: 400, title: 'GraphQL request refused', source: 'downstream' },
  validation_failed: { status: 400, title: 'Request not valid', source: 'downstream' },
  invalid_request: { status: 400, title: 'Invalid request', source: 'local' },
}

/** What is known of a failure beside its code; all optional. */
export interface ErrorDetails {
  readonly phase?: ErrorPhase
  readonly replaySafe?: ReplaySafety
  /** Bytes of the request that had left this process. */
  readonly bytesSent?: number
  /** The error underneath: for the log, never for the peer. */
  readonly cause?: unknown
}

/**
 * Why an exchange failed, as facts. The message is for the log and for the developer who calls: what
 * happened, where, and what to do next; a downstream peer is shown only the code's title and, for its own
 * mistakes, the message.
 */
export class TrafficError extends Error {
  override readonly name = 'TrafficError'
  readonly code: ErrorCode
  readonly source: ErrorSource
  declare readonly phase: ErrorPhase | undefined
  declare readonly bytesSent: number
  /** How many attempts were made when it was given up; set by whoever gives up. */
  declare attempts: number
  replaySafe: ReplaySafety
  /** A reused connection was closed by the upstream before any byte of a response: a fresh one will do (RFC 9112 9.3.1). */
  declare staleConnection: boolean
  /** Another try may help at another endpoint, and only makes it worse at the same. */
  declare onlyElsewhere: boolean
  /** Another try only meets it again, at whichever endpoint. */
  declare lasting: boolean
  /** Milliseconds after which trying again may help; shown as Retry-After. */
  declare retryAfter: number | undefined
  /** More fields for the response that stands for it, names in lower case: as RateLimit for `rate_limited`. */
  declare fields: readonly (readonly [name: string, value: string])[] | undefined
  /** More members of its problem details (RFC 9457 3.2). */
  declare members: Readonly<Record<string, unknown>> | undefined
  /** For `method_not_allowed`: what the route allows (RFC 9110 15.5.6). */
  declare allow: readonly string[] | undefined

  static {
    // What is not known of an error stands here, so that logs show only what is.
    const unset = {
      phase: undefined,
      bytesSent: 0,
      attempts: 0,
      staleConnection: false,
      onlyElsewhere: false,
      lasting: false,
    }
    for (const [name, value] of Object.entries({
      ...unset,
      retryAfter: undefined,
      fields: undefined,
      members: undefined,
      allow: undefined,
    }))
      Object.defineProperty(this.prototype, name, { value, writable: true, configurable: true })
  }

  constructor(code: ErrorCode, message: string, given: ErrorDetails = {}) {
    const details = own(given)
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.source = ERROR_FACTS[code].source
    if (details.phase !== undefined) this.phase = details.phase
    if (details.bytesSent !== undefined) this.bytesSent = details.bytesSent
    this.replaySafe = details.replaySafe ?? 'unknown'
  }

  /** The status that stands for this failure (RFC 9110 section 15). */
  get status(): number {
    return ERROR_FACTS[this.code].status
  }

  get title(): string {
    return ERROR_FACTS[this.code].title
  }

  /** Takes what was thrown, by our code or a user's policy, as a TrafficError. */
  static from(thrown: unknown): TrafficError {
    if (thrown instanceof TrafficError) return thrown
    return new TrafficError('internal', messageOf(thrown), { cause: thrown })
  }
}

/**
 * A message cannot be sent as it is, since a policy put something into it that would break its framing. Found before any byte of
 * it leaves.
 * @param what is wrong with it
 * @param remedy what to do instead
 */
export function unsendable(what: string, remedy?: string): TrafficError {
  const message = `${what}: a policy put it there${remedy === undefined ? '' : `; ${remedy}`}`
  return new TrafficError('internal', message, { phase: 'send', replaySafe: 'unsent' })
}

/** Whatever was thrown, also what has no text. */
function messageOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown)
  } catch {
    return `${typeof thrown} without a text was thrown`
  }
}
