import { TrafficError } from './errors.ts'
import type { Exchange } from './exchange.ts'
import { isIdempotent } from './request.ts'

/** What can become of an exchange once its request is on its way. */
export type UpstreamErrorCode =
  | 'malformed_response'
  | 'response_head_too_large'
  | 'upstream_timeout'
  | 'upstream_too_slow'
  | 'upstream_closed'

/** What a connection knows of the exchange that failed on it. */
export interface UpstreamErrorFacts {
  readonly exchange: Exchange | undefined
  /** Bytes of the request that were handed to the socket. */
  readonly bytesSent: number
  readonly inBody: boolean
  /** Whether the connection had served another exchange before, and brought nothing for this one. */
  readonly stale: boolean
  readonly cause: Error | undefined
  /** Where it is known for sure that the upstream has not handled the request. */
  readonly replaySafe?: 'unsent' | 'refused' | undefined
}

/** A failure of the upstream, with the facts that decide whether the exchange may be tried again. */
export function upstreamError(
  code: UpstreamErrorCode,
  reason: string,
  facts: UpstreamErrorFacts,
): TrafficError {
  const { exchange } = facts
  const alert = code === 'upstream_closed' ? alertIn(facts.cause) : ''
  const error = new TrafficError(code, `${reason}${explained(alert)} (${exchange?.endpoint || 'upstream'})`, {
    phase: facts.inBody ? 'response-body' : 'response-head',
    bytesSent: facts.bytesSent,
    replaySafe: facts.replaySafe ?? (isIdempotent(exchange?.request.method ?? '') ? 'idempotent' : 'unknown'),
    cause: facts.cause,
  })
  if (/CERTIFICATE|UNKNOWN_CA/.test(alert)) error.lasting = true
  // The upstream closed an idle connection just as it was used again (RFC 9112 9.3.1): no fault of the exchange.
  error.staleConnection = code === 'upstream_closed' && facts.stale
  // Whoever was too slow once is not helped by doing it again, while it may still be at it.
  error.onlyElsewhere = code === 'upstream_timeout' || code === 'upstream_too_slow'
  return error
}

/** With TLS 1.3 a peer that does not take our certificate says so when for us the handshake is over (RFC 8446 section 4.4.3). */
function alertIn(cause: Error | undefined): string {
  const code = cause !== undefined && 'code' in cause ? String(cause.code) : ''
  return /^ERR_SSL_.*ALERT/.test(code) ? code : ''
}

function explained(alert: string): string {
  if (alert === '') return ''
  return alert.endsWith('CERTIFICATE_REQUIRED')
    ? `: it asks for a client certificate; give tls.cert and tls.key`
    : `: it refused our TLS, with ${alert}; look at tls.cert`
}
