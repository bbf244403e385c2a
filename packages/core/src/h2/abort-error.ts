import { TrafficError } from '../message/errors.ts'
import { type UpstreamErrorCode, upstreamError, type UpstreamErrorFacts } from '../message/upstream-error.ts'
import type { StreamAbort } from './stream-receiver.ts'

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
  facts: Omit<UpstreamErrorFacts, 'replaySafe'>,
): TrafficError {
  const isRefused =
    abort.by === 'refused' || (abort.by === 'peer' && abort.code === 'REFUSED_STREAM' && !hasAnswered)
  const isLost = abort.by === 'connection' && abort.code === 'CANCEL'
  const replaySafe = isRefused ? 'refused' : isLost && facts.bytesSent === 0 ? 'unsent' : undefined
  const what =
    abort.by === 'connection' && abort.code !== 'CANCEL' ? `HTTP/2 failed: ${abort.message}` : abort.message
  return upstreamError(given ?? codeOf(abort), what, { ...facts, replaySafe })
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
