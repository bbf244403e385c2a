import { type Body, RelayedBody, TrafficError } from '@headgate/core'

/** Characters that stand for themselves, and those with which a group may end. */
const GROUPS = /^(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)*$/

/**
 * The bytes of base64 whose groups are whole. Each part that was encoded by itself may end in padding, in the middle of the text too
 * (PROTOCOL-WEB), so it is decoded part by part. Undefined for what is no base64.
 */
export function decodedGroups(text: string): Buffer | undefined {
  if (!GROUPS.test(text)) return undefined
  const parts = text.match(/[^=]+=*/g) ?? []
  return parts.length === 1
    ? Buffer.from(text, 'base64')
    : Buffer.concat(parts.map((part) => Buffer.from(part, 'base64')))
}

/** The content of a request of gRPC-Web in text, decoded as it passes. */
export class DecodedText extends RelayedBody {
  override readonly length: undefined = undefined
  private readonly refused: (error: TrafficError) => void
  /** Of the last group, what has come. */
  private begun = ''

  /** @param refused told of what is no base64 before the reader is */
  constructor(inner: Body, refused: (error: TrafficError) => void) {
    super(inner)
    this.refused = refused
  }

  override write(chunk: Uint8Array): boolean {
    const text = this.begun + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1')
    const whole = text.length - (text.length % 4)
    this.begun = text.slice(whole)
    const bytes = decodedGroups(text.slice(0, whole))
    if (bytes === undefined) return this.refuse()
    return bytes.length === 0 ? true : super.write(bytes)
  }

  override end(): void {
    if (this.begun === '') super.end()
    else this.refuse()
  }

  private refuse(): false {
    const { sink } = this
    const error = noBase64()
    this.sink = undefined
    this.inner.cancel(error)
    this.refused(error)
    sink?.fail(error)
    return false
  }
}

function noBase64(): TrafficError {
  return new TrafficError('malformed_request', 'the content of a gRPC-Web request in text is not base64', {
    phase: 'request-body',
  })
}
