import {
  type Body,
  type BodySink,
  type BodySource,
  type HeaderList,
  StreamBody,
  TrafficError,
} from '@headgate/core'

/** Bytes of an error's body that are kept: more than any error message has. */
const KEPT = 64 * 1024

/** The first 64 KiB of a body, read at once whether anybody wants them or not: what lies beyond is let go, and its connection with it. */
export function keptPart(content: Body): Body {
  return new KeptPart(content).body
}

class KeptPart implements BodySink, BodySource {
  readonly body: StreamBody
  private readonly content: Body
  private size = 0

  constructor(content: Body) {
    this.content = content
    this.body = new StreamBody(content.length, this)
    content.flowTo(this)
  }

  write(chunk: Uint8Array): boolean {
    this.size += chunk.byteLength
    if (this.size <= KEPT) {
      this.body.push(chunk)
      return true
    }
    const message = `the body of this error is larger than ${KEPT} bytes, which is all that an error keeps; with throwOnStatus: false the response can be read whole`
    const error = new TrafficError('response_body_too_large', message, { phase: 'response-body' })
    this.body.push(chunk.subarray(0, chunk.byteLength - (this.size - KEPT)))
    this.content.cancel(error)
    this.body.fail(error)
    return false
  }

  end(trailers?: HeaderList): void {
    this.body.end(trailers)
  }

  fail(error: TrafficError): void {
    this.body.fail(error)
  }

  /** It flows anyway. */
  resumeBody(): void {}

  cancelBody(error: TrafficError): void {
    this.content.cancel(error)
  }
}
