import {
  type Body,
  type BodySink,
  type Clock,
  type HeaderList,
  RelayedBody,
  ReplayBody,
  type TrafficError,
  type WholeBody,
} from '@headgate/core'
import { tell } from './listener.ts'

/** How much of a content has been moved. */
export interface TransferProgress {
  /** Bytes so far. */
  readonly bytes: number
  /** Bytes in all, where that is known before the end. */
  readonly total: number | undefined
}

export type ProgressListener = (progress: TransferProgress) => void

/** Milliseconds between two reports at least; the last one comes at once. */
const INTERVAL = 100

/** Tells a listener how far a transfer is, at a bounded rate, and always of its end. */
export class Progress {
  private readonly listener: ProgressListener
  private readonly clock: Clock
  private readonly total: number | undefined
  private bytes = 0
  private toldAt = -Infinity
  private told = -1

  constructor(listener: ProgressListener, clock: Clock, total: number | undefined) {
    this.listener = listener
    this.clock = clock
    this.total = total
  }

  moved(bytes: number): void {
    this.bytes += bytes
    const now = this.clock.now()
    if (now - this.toldAt < INTERVAL) return
    this.toldAt = now
    this.tell()
  }

  ended(): void {
    if (this.told !== this.bytes) this.tell()
  }

  private tell(): void {
    const { bytes, total } = this
    this.told = bytes
    tell(this.listener, { bytes, total })
  }
}

/** A request's body that tells how much of it was sent. Each attempt begins anew. */
export function uploadTold(body: Body, listener: ProgressListener, clock: Clock): Body {
  const { length, whole } = body
  if (length === 0) return body
  const counted = (inner: Body): Body => new CountedBody(inner, new Progress(listener, clock, length))
  if (whole !== undefined) return new ReplayBody(() => counted(new SlicedBody(whole)), length)
  if (body.replay === undefined) return counted(body)
  return new ReplayBody(() => counted(body.replay?.() ?? body), length)
}

class CountedBody extends RelayedBody {
  private readonly progress: Progress

  constructor(inner: Body, progress: Progress) {
    super(inner)
    this.progress = progress
  }

  override write(chunk: Uint8Array): boolean {
    const room = super.write(chunk)
    this.progress.moved(chunk.byteLength)
    return room
  }

  override end(trailers?: HeaderList): void {
    super.end(trailers)
    this.progress.ended()
  }
}

/** Bytes handed over at once, of content that is all here: more would leave in one piece, and nothing could be told of it. */
const SLICE = 64 * 1024

/** Content that is here, as a stream: it goes on when there is room. */
class SlicedBody implements Body {
  readonly length: number
  readonly whole: undefined = undefined
  private readonly bytes: Uint8Array
  private sink: BodySink | undefined
  private at = 0

  constructor({ bytes, length }: WholeBody) {
    this.bytes = bytes
    this.length = length
  }

  flowTo(sink: BodySink): void {
    this.sink = sink
    this.resume()
  }

  resume(): void {
    while (this.sink !== undefined && this.at < this.length) {
      const slice = this.bytes.subarray(this.at, this.at + SLICE)
      this.at += slice.byteLength
      if (!this.sink.write(slice) && this.at < this.length) return
    }
    const { sink } = this
    this.sink = undefined
    sink?.end()
  }

  cancel(_error: TrafficError): void {
    this.sink = undefined
  }
}
