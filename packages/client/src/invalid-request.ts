import { TrafficError } from '@headgate/core'

/** What the caller asked for cannot be sent; nothing was. */
export function invalidRequest(message: string, cause?: unknown): TrafficError {
  return new TrafficError('invalid_request', message, { replaySafe: 'unsent', cause })
}
