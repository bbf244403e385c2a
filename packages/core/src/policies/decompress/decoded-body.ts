import type { Body, BodySink } from '../../message/body.ts'
import { TrafficError } from '../../message/errors.ts'
import type { HeaderList } from '../../message/headers.ts'
import { type Coding, type Decoder, isPadding, makeDecoder, TRAILING } from './content-coding.ts'
import { ZstdFrames } from './zstd-frames.ts'

/** How much may come out of a decoder. */
export interface DecodeLimits {
  /** Bytes of decoded content. */
  readonly maxSize: number
  /** Decoded bytes for each encoded one, once there are more than `RATIO_FLOOR` of them. */
  readonly maxRatio: number
}

/** Below this size any ratio is harmless: a page of blanks is not an attack. */
export const RATIO_FLOOR: number = 1024 * 1024

/** Why that much may not come out of this much; undefined if it may. */
export function objectionTo(decoded: number, encoded: number, limits: DecodeLimits): string | undefined {
  if (decoded > limits.maxSize)
    return `it decodes to more than the limit of ${limits.maxSize} bytes (maxSize)`
  if (decoded <= RATIO_FLOOR || decoded <= encoded * limits.maxRatio) return undefined
  return `it decodes to more than ${limits.maxRatio} times its size (maxRatio), as a decompression bomb does`
}

/** Bytes of zeros behind gzip: more than the largest blocks of tapes. */
const MAX_PADDING = 1024 * 1024

function zerosAtEnd(chunk: Uint8Array): number {
  let count = 0
  while (chunk[chunk.length - 1 - count] === 0) count++
  return count
}

/** A failure to decode. */
export function undecodable(coding: string, reason: string, cause?: unknown): TrafficError {
  const message = `the response is said to be encoded with ${coding}, but ${reason}`
  return new TrafficError('decompression_failed', message, { phase: 'response-body', cause })
}

/** A body decoded while it arrives, no faster than it is taken. */
export class DecodedBody implements Body, BodySink {
  readonly length: undefined = undefined
  readonly whole: undefined = undefined
  private readonly inner: Body
  private readonly coding: Coding
  private readonly limits: DecodeLimits
  private sink: BodySink | undefined
  private decoder: Decoder | undefined
  private readonly frames: ZstdFrames | undefined
  private trailers: HeaderList | undefined
  private encoded = 0
  /** Bytes that the decoder was given. */
  private given = 0
  private decoded = 0
  private complete = false
  /** What was decoded has come to its end: only padding may follow. */
  private finished = false
  /** Zeros at the end of what has come so far. */
  private zeros = 0

  constructor(inner: Body, coding: Coding, limits: DecodeLimits) {
    this.inner = inner
    this.coding = coding
    this.frames = coding === 'zstd' ? new ZstdFrames() : undefined
    this.limits = limits
  }

  flowTo(sink: BodySink): void {
    this.sink = sink
    this.inner.flowTo(this)
  }

  /** Whoever takes what is decoded has room. */
  resume(): void {
    if (this.decoder === undefined || this.finished) this.inner.resume()
    else this.decoder.resume()
  }

  cancel(error: TrafficError): void {
    this.stop()
    this.inner.cancel(error)
  }

  write(chunk: Uint8Array): boolean {
    if (chunk.length === 0) return true
    this.encoded += chunk.length
    if (this.finished) return this.skip(chunk)
    this.zeros = isPadding(chunk) ? this.zeros + chunk.length : zerosAtEnd(chunk)
    if (this.frames === undefined) return this.give(chunk)
    // The decoder goes on with a further frame only if that comes in a write of its own.
    const parts = this.frames.split(chunk)
    if (this.frames.tooMany(this.encoded)) {
      this.broken(
        'it is cut into frames so small that they are dearer than what they hold, as an attack does',
      )
      return true
    }
    let room = true
    for (const part of parts) room = this.give(part)
    return room
  }

  private give(chunk: Uint8Array): boolean {
    this.decoder ??= this.begin(chunk[0] as number) // it is not empty
    this.given += chunk.length
    return this.decoder.write(chunk)
  }

  end(trailers?: HeaderList): void {
    this.complete = true
    this.trailers = trailers
    if (this.frames?.breaksOff === true) return this.broken('it is not valid: a frame of it breaks off')
    const rest = this.frames?.rest()
    if (rest !== undefined && rest.length > 0) this.give(rest)
    // Content of no bytes is encoded as it is, whatever the field says.
    if (this.decoder === undefined || this.finished) this.stop()?.end(trailers)
    else this.decoder.end()
  }

  fail(error: TrafficError): void {
    this.stop()?.fail(error)
  }

  private begin(first: number): Decoder {
    const decoder = makeDecoder(this.coding, first)
    decoder.on('data', (chunk: Buffer) => this.took(chunk, decoder))
    decoder.on('drain', () => this.inner.resume())
    decoder.on('end', () => this.ended(decoder))
    decoder.on('error', (error) => this.broken(`it is not valid: ${error.message}`, error))
    return decoder
  }

  private took(chunk: Buffer, decoder: Decoder): void {
    this.decoded += chunk.length
    const objection = objectionTo(this.decoded, this.encoded, this.limits)
    if (objection !== undefined) this.broken(objection)
    else if (this.sink?.write(chunk) === false) decoder.pause()
  }

  private ended(decoder: Decoder): void {
    const rest = this.given - decoder.bytesWritten
    const padded = this.coding === 'gzip' && rest <= Math.min(this.zeros, MAX_PADDING)
    if ((rest > 0 || !this.complete) && !padded) return this.broken(`it is not valid: ${TRAILING}`)
    if (this.complete) return this.stop()?.end(this.trailers)
    this.finished = true
    this.zeros = rest
    this.inner.resume()
  }

  private skip(chunk: Uint8Array): boolean {
    this.zeros += chunk.length
    if (!isPadding(chunk) || this.zeros > MAX_PADDING) this.broken(`it is not valid: ${TRAILING}`)
    return true
  }

  private broken(reason: string, cause?: Error): void {
    const sink = this.stop()
    if (sink === undefined) return
    const error = undecodable(this.coding, reason, cause)
    this.inner.cancel(error)
    sink.fail(error)
  }

  /** Lets go of decoder and sink; returns the sink, for the last call to it. */
  private stop(): BodySink | undefined {
    const { sink } = this
    this.sink = undefined
    this.decoder?.destroy()
    return sink
  }
}
