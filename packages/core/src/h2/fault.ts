import type { Http2Code } from './error-codes.ts'

/** Why what a peer sent breaks the protocol: a value, since a parser meets them by the thousand and throwing is slow. */
export class Http2Fault {
  readonly code: Http2Code
  /** The stream that ends by it, with RST_STREAM (RFC 9113 5.4.2); 0 where the whole connection does, with GOAWAY (5.4.1). */
  readonly streamId: number
  /** What was wrong, with the section that says so. Never a field's value. */
  readonly message: string

  constructor(code: Http2Code, streamId: number, message: string) {
    this.code = code
    this.streamId = streamId
    this.message = message
  }

  get scope(): 'connection' | 'stream' {
    return this.streamId === 0 ? 'connection' : 'stream'
  }
}

/** A fault after which nothing that the connection brings can be trusted. */
export function connectionFault(code: Http2Code, message: string): Http2Fault {
  return new Http2Fault(code, 0, message)
}
