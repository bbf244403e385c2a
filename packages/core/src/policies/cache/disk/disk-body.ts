import type { Body, BodySink } from '../../../message/body.ts'
import { TrafficError } from '../../../message/errors.ts'
import type { DiskContent } from './disk-content.ts'
import { CHUNK } from './entry-file.ts'

/** Chunks that are read at a time. */
const AT_A_TIME = 4

/** A part of a content on disk, read as it is asked for; each chunk is checked before it is passed on. */
export class DiskBody implements Body {
  readonly length: number
  readonly whole = undefined
  private readonly content: DiskContent
  private readonly first: number
  /** The next byte of the content. */
  private at: number
  private readonly end: number
  private sink: BodySink | undefined
  private buffer: Buffer | undefined
  private wanted = false
  private reading = false
  private over = false

  constructor(content: DiskContent, first: number, length: number) {
    this.content = content
    this.first = first
    this.at = first
    this.end = first + length
    this.length = length
    content.hold()
  }

  readonly replay = (): Body => {
    const body = new DiskBody(this.content, this.first, this.length)
    this.finish()
    return body
  }

  /** @throws TypeError if it flows already: a stream can be read once. */
  flowTo(sink: BodySink): void {
    if (this.sink !== undefined)
      throw new TypeError('this body has already been read: a streamed body flows once')
    this.sink = sink
    this.resume()
  }

  resume(): void {
    this.wanted = true
    if (this.reading || this.over || this.sink === undefined) return
    this.reading = true
    void this.flow(this.sink).catch((error: unknown) => this.fail(error))
  }

  cancel(_error: TrafficError): void {
    this.finish()
  }

  private async flow(sink: BodySink): Promise<void> {
    while (this.at < this.end && !this.over) {
      if (!this.wanted) {
        this.reading = false
        return
      }
      const part = await this.next()
      if (this.isOver()) return
      this.at += part.length
      this.wanted = false
      if (sink.write(part)) this.wanted = true
      if (sink.holdsNothing !== true) this.buffer = undefined
    }
    if (this.over) return
    this.finish()
    sink.end()
  }

  /** What is asked for of the chunks that come next. */
  private async next(): Promise<Buffer> {
    const chunk = Math.floor(this.at / CHUNK)
    const start = chunk * CHUNK
    const stop = Math.min(
      (Math.ceil(this.end / CHUNK) - chunk) * CHUNK,
      AT_A_TIME * CHUNK,
      this.content.length - start,
    )
    if (this.buffer === undefined || this.buffer.length < stop) this.buffer = Buffer.allocUnsafeSlow(stop)
    const target = this.buffer.subarray(0, stop)
    await this.content.read(chunk, target)
    return target.subarray(this.at - start, Math.min(stop, this.end - start))
  }

  /** It may be given up while it waits. */
  private isOver(): boolean {
    return this.over
  }

  private fail(error: unknown): void {
    if (this.over) return
    this.finish()
    const message = error instanceof Error ? error.message : String(error)
    this.sink?.fail(new TrafficError('internal', message, { cause: error }))
  }

  private finish(): void {
    if (this.over) return
    this.over = true
    this.buffer = undefined
    this.content.letGo()
  }
}
