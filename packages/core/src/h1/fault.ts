import { type ErrorCode, type ErrorPhase, TrafficError } from '../message/errors.ts'

/** Why bytes are not a message: a value, since a parser meets them by the thousand and throwing is slow. */
export class WireFault {
  readonly code: ErrorCode
  readonly message: string

  constructor(code: ErrorCode, message: string) {
    this.code = code
    this.message = message
  }

  toError(phase: ErrorPhase): TrafficError {
    return new TrafficError(this.code, this.message, { phase })
  }
}

/** The code for what a peer sent wrongly: which peer it was decides. */
export type MalformedCode = 'malformed_request' | 'malformed_response'
