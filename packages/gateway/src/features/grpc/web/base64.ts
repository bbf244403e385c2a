import { type Body, RelayedBody, TrafficError } from '@headgate/core'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
/** What a character stands for that stands for nothing. */
const NONE = 0xff
const VALUES = new Uint8Array(256).fill(NONE)
for (let value = 0; value < ALPHABET.length; value++) VALUES[ALPHABET.charCodeAt(value)] = value
const PAD = 0x3d

/**
 * The bytes of base64 whose groups are whole; undefined for what is no base64. Each part that was encoded by itself may end in padding,
 * in the middle of the text too (PROTOCOL-WEB), where the decoder of Node stops. To have that decode part by part takes 40 ms for 64 KiB of
 * `AA==`, and a regular expression for the groups runs out of stack at some megabytes.
 */
export function decodedGroups(text: string): Buffer | undefined {
  if (text.length % 4 !== 0) return undefined
  const bytes = Buffer.allocUnsafe((text.length / 4) * 3)
  let length = 0
  for (let at = 0; at < text.length; at += 4) {
    const [third, fourth] = [text.charCodeAt(at + 2), text.charCodeAt(at + 3)]
    const padding = fourth !== PAD ? 0 : third !== PAD ? 1 : 2
    const first = valueOf(text.charCodeAt(at))
    const second = valueOf(text.charCodeAt(at + 1))
    const rest = padding === 2 ? 0 : valueOf(third)
    const last = padding > 0 ? 0 : valueOf(fourth)
    // All values have six bits.
    if ((first | second | rest | last) > 63) return undefined
    bytes[length++] = (first << 2) | (second >> 4)
    if (padding < 2) bytes[length++] = (second << 4) | (rest >> 2)
    if (padding === 0) bytes[length++] = (rest << 6) | last
  }
  return bytes.subarray(0, length)
}

function valueOf(character: number): number {
  return VALUES[character] ?? NONE
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
