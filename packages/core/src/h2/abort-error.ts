import { TrafficError } from '../message/errors.ts'
import { type UpstreamErrorCode, upstreamError, type UpstreamErrorFacts } from '../message/upstream-error.ts'
import type { StreamAbort } from './stream-receiver.ts'

export interface AbortFacts extends Omit<UpstreamErrorFacts, 'replaySafe'> {
  /** Where the peer asks for HTTP/1.1: whether it gets that from now on. */
  readonly takesHttp1: boolean
}

/**
 * What the end of a stream means to its exchange, with the facts that decide whether it may be tried again: what GOAWAY leaves out, and
 * what REFUSED_STREAM ends, was not handled (RFC 9113 6.8, 8.7); what never left was not even sent.
 * @param hasAnswered whether a response has begun: who has answered has handled the request, whatever it says of it later
 * @param given the code, where whoever ended the stream knows it
 */
export function abortError(
  abort: StreamAbort,
  hasAnswered: boolean,
  given: UpstreamErrorCode | undefined,
  facts: AbortFacts,
): TrafficError {
  if (abort.code === 'HTTP_1_1_REQUIRED' && !hasAnswered) return http1Required(facts)
  const isRefused =
    !hasAnswered && (abort.by === 'refused' || (abort.by === 'peer' && abort.code === 'REFUSED_STREAM'))
  const isLost = abort.by === 'connection' && abort.code === 'CANCEL'
  const replaySafe = isRefused ? 'refused' : isLost && facts.bytesSent === 0 ? 'unsent' : undefined
  const what =
    abort.by === 'connection' && abort.code !== 'CANCEL' ? `HTTP/2 failed: ${abort.message}` : abort.message
  return upstreamError(given ?? codeOf(abort), what, { ...facts, replaySafe })
}

/** It was not handled, and will not be over HTTP/2 (RFC 9113 7): tried again where HTTP/1.1 may be spoken, or elsewhere. */
function http1Required(facts: AbortFacts): TrafficError {
  const advice = facts.takesHttp1
    ? 'it is sent that from now on'
    : 'HTTP/1.1 is not allowed there; use https and allow both protocols, h2 and http/1.1, or http/1.1 alone'
  const message = `the upstream asks for HTTP/1.1 in place of HTTP/2 (HTTP_1_1_REQUIRED): ${advice}`
  const error = upstreamError('upstream_closed', message, { ...facts, replaySafe: 'refused' })
  error.onlyElsewhere = !facts.takesHttp1
  return error
}

function codeOf({ by, code }: StreamAbort): UpstreamErrorCode {
  if (by === 'fault') return 'malformed_response'
  if (by === 'slow') return 'upstream_too_slow'
  if (by !== 'connection' || code === 'CANCEL') return 'upstream_closed'
  return code === 'SETTINGS_TIMEOUT' ? 'upstream_timeout' : 'malformed_response'
}

/** Told to whoever makes the content of a request whose stream is over. */
export function noMoreTaken(): TrafficError {
  return new TrafficError('cancelled', 'the upstream takes no more of the request body')
}
