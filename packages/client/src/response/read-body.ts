import { type Body, type BodySink, TrafficError, type WholeBody } from '@headgate/core'

/**
 * Reads a body whole.
 * @param limit the most bytes to hold
 * @throws TrafficError what broke the body, or `response_body_too_large`
 */
export function readBytes(body: Body, limit: number): Promise<Buffer> {
  const { whole } = body
  if (whole !== undefined) {
    return whole.length > limit ? Promise.reject(tooLarge(limit)) : Promise.resolve(asBuffer(whole.bytes))
  }
  return new Promise((resolve, reject) => {
    body.flowTo(new Collector(body, limit, resolve, reject))
  })
}

/** The same as text in UTF-8, without a byte order mark (WHATWG Encoding 6: "UTF-8 decode"). */
export function readText(body: Body, limit: number): Promise<string> {
  return readBytes(body, limit).then(decode)
}

/** The text of content that is here. */
export function textOf(whole: WholeBody): string {
  // Most JSON is ASCII, and then the text that the head came with will do: no bytes are made of it.
  const text = whole.latin1
  return BEYOND_ASCII.test(text) ? decode(asBuffer(whole.bytes)) : text
}

const BEYOND_ASCII = /[\x80-\xff]/

function decode(bytes: Buffer): string {
  const marked = bytes.length > 2 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  return bytes.toString('utf8', marked ? 3 : 0)
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

class Collector implements BodySink {
  private readonly body: Body
  private readonly limit: number
  private readonly resolve: (bytes: Buffer) => void
  private readonly reject: (error: TrafficError) => void
  private chunks: Uint8Array[] = []
  private size = 0

  constructor(
    body: Body,
    limit: number,
    resolve: (bytes: Buffer) => void,
    reject: (error: TrafficError) => void,
  ) {
    this.body = body
    this.limit = limit
    this.resolve = resolve
    this.reject = reject
  }

  write(chunk: Uint8Array): boolean {
    this.size += chunk.byteLength
    if (this.size <= this.limit) {
      this.chunks.push(chunk)
      return true
    }
    const error = tooLarge(this.limit)
    this.chunks = []
    this.body.cancel(error)
    this.reject(error)
    return false
  }

  end(): void {
    this.resolve(Buffer.concat(this.chunks))
  }

  fail(error: TrafficError): void {
    this.chunks = []
    this.reject(error)
  }
}

function tooLarge(limit: number): TrafficError {
  const message = `the response body is larger than ${limit} bytes: read it as a stream (response.body), or raise the option maxBufferedBody`
  return new TrafficError('response_body_too_large', message, { phase: 'response-body' })
}
