import type { Body, BodySink } from '../../message/body.ts'
import { TrafficError } from '../../message/errors.ts'
import { RelayedBody } from '../../message/relayed-body.ts'
import type { HeaderList } from '../../message/headers.ts'
import type { Clock } from '../../time/clock.ts'
import type { Timer } from '../../time/timer.ts'
import type { OpenStream } from '../open-streams.ts'

/** What is done for a stream of Server-Sent Events. Times are in milliseconds. */
export interface EventStreamOptions {
  /** After so long without a byte a comment is sent; Infinity: never. */
  readonly heartbeat: number
  /** Most bytes of an event. */
  readonly maxEvent: number
  /** What clients are told, when the gateway ends a stream, to wait before they come back. */
  readonly retry: number
  /** The name of the event that tells of a failure. Default: none, and the stream breaks. */
  readonly errorEvent?: string | undefined
}

const CR = 0x0d
const LF = 0x0a
/** A line that begins with a colon is a comment (HTML, 9.2.6). */
const HEARTBEAT = Buffer.from(':\n\n')

/** Passes events on as they come, and puts lines of its own between them. */
export class EventRelay extends RelayedBody implements OpenStream {
  override readonly length: undefined = undefined
  private readonly options: EventStreamOptions
  private readonly clock: Clock
  private readonly silence: Timer
  private leaving: Timer | undefined
  private leaves = false
  private isOver = false
  /** Bytes of the event under way; 0 between events. */
  private eventBytes = 0
  private isLineEmpty = true
  private followsCr = false

  constructor(inner: Body, clock: Clock, options: EventStreamOptions) {
    super(inner)
    this.clock = clock
    this.options = options
    this.silence = clock.timer(() => this.beat())
  }

  override flowTo(sink: BodySink): void {
    this.rest()
    super.flowTo(sink)
  }

  override write(chunk: Uint8Array): boolean {
    if (this.isOver) return true
    this.rest()
    // What ends the stream stands behind the event that is under way.
    const end = this.follow(chunk)
    if (end < 0) return this.tooLarge()
    const room = super.write(end === chunk.length ? chunk : chunk.subarray(0, end))
    if (this.leaves && this.eventBytes === 0) this.leave()
    return room
  }

  override end(trailers?: HeaderList): void {
    if (this.finished()) super.end(trailers)
  }

  override fail(error: TrafficError): void {
    const { errorEvent } = this.options
    if (!this.finished()) return
    // An event that is not whole must not become one by the line that ends ours.
    if (errorEvent === undefined || this.eventBytes > 0) return super.fail(error)
    super.write(Buffer.from(`event: ${errorEvent}\ndata: {"code":"${error.code}"}\n\n`))
    super.end()
  }

  override cancel(error: TrafficError): void {
    this.finished()
    super.cancel(error)
  }

  leaveIn(delay: number): void {
    if (this.isOver) return
    this.leaving?.disarm()
    this.leaving = this.clock.timer(() => {
      this.leaves = true
      if (this.eventBytes === 0) this.leave()
    })
    this.leaving.arm(delay)
  }

  /** Whether this is the first end of it. */
  finished(): boolean {
    const isFirst = !this.isOver
    this.isOver = true
    this.silence.disarm()
    this.leaving?.disarm()
    return isFirst
  }

  /** @returns how much of it may pass; -1 where an event is too large */
  private follow(chunk: Uint8Array): number {
    for (let index = 0; index < chunk.length; index++) {
      const byte = chunk[index]
      const isLineEnd = byte === CR || byte === LF
      const isRestOfEnd = byte === LF && this.followsCr
      this.followsCr = byte === CR
      if (isRestOfEnd) continue
      this.eventBytes = isLineEnd && this.isLineEmpty ? 0 : this.eventBytes + 1
      this.isLineEmpty = isLineEnd
      if (this.eventBytes > this.options.maxEvent) return -1
      if (this.leaves && this.eventBytes === 0) return index + 1
    }
    return chunk.length
  }

  private tooLarge(): boolean {
    const message = `an event of the stream is larger than ${this.options.maxEvent} bytes`
    const error = new TrafficError('response_body_too_large', message, { phase: 'response-body' })
    this.finished()
    this.inner.cancel(error)
    super.fail(error)
    return true
  }

  private leave(): void {
    if (!this.finished()) return
    this.inner.cancel(new TrafficError('shutting_down', 'the gateway drains'))
    super.write(Buffer.from(`retry: ${this.options.retry}\n\n`))
    super.end()
  }

  private beat(): void {
    if (this.eventBytes === 0) super.write(HEARTBEAT)
    this.rest()
  }

  private rest(): void {
    if (this.options.heartbeat !== Infinity) this.silence.arm(this.options.heartbeat)
  }
}
