import { copyOf } from '../message/copy-of.ts'
import { type BodySource, StreamBody } from '../message/body.ts'
import type { TrafficError } from '../message/errors.ts'
import type { HeaderList } from '../message/headers.ts'
import type { ClientConnectionOptions } from '../socket/connection-options.ts'
import { READ_AHEAD, ReadingPace, type ReadingPaceOwner } from '../socket/reading-pace.ts'
import type { Http2Connection } from './connection.ts'
import { HeldBytes } from './held-bytes.ts'
import type { Http2Stream } from './stream.ts'

/** The stream that a response's content arrives on. */
export interface ResponseContentOwner {
  /** It comes too slowly. */
  contentBroken(reason: string): void
  /** Nobody wants the rest of it. */
  contentUnwanted(error: TrafficError): void
  /** Somebody has begun to read it. */
  contentWanted(): void
}

/** The content of a response while it arrives: the peer may send on as what came is taken. */
export class ResponseContent implements BodySource, ReadingPaceOwner {
  readonly body: StreamBody
  private readonly connection: Http2Connection
  private readonly stream: Http2Stream
  private readonly owner: ResponseContentOwner
  private readonly pace: ReadingPace
  /** What came and nobody has taken yet. Bytes. */
  private untaken = 0
  /** What came behind that, joined: a chunk for each frame of a byte would take a hundred times its content. */
  private readonly held = new HeldBytes()
  private isOver = false

  constructor(
    connection: Http2Connection,
    stream: Http2Stream,
    length: number | undefined,
    headers: HeaderList,
    options: ClientConnectionOptions,
    owner: ResponseContentOwner,
  ) {
    this.connection = connection
    this.stream = stream
    this.owner = owner
    this.body = new StreamBody(length, this, READ_AHEAD)
    this.pace = new ReadingPace(headers, options, this)
    connection.memory.contentBegins()
  }

  data(bytes: Buffer, start: number, end: number): void {
    this.pace.progress(end - start)
    if (this.untaken > 0) return this.held.add(bytes, start, end)
    // While what came before is still in use, a part of a large read would keep all of it in memory.
    if (!this.body.holdsNothing) return this.push(copyOf(bytes, start, end))
    this.push(this.connection.memory.take(bytes, start, end))
    if (!this.body.holdsNothing) this.connection.memory.keep()
  }

  private push(chunk: Buffer): void {
    const room = this.body.push(chunk)
    if (this.isOver) return // given up by whoever took it
    if (room) return this.stream.consumed(chunk.length)
    this.untaken += chunk.length
    this.pace.waits()
  }

  private pushHeld(): void {
    if (this.held.length > 0) this.push(this.held.take())
  }

  /** The content has ended. */
  end(trailers?: HeaderList): void {
    this.finish()
    this.pushHeld()
    this.body.end(trailers)
  }

  /** The stream is lost. */
  fail(error: TrafficError): void {
    this.finish()
    this.pushHeld()
    this.body.fail(error)
  }

  resumeBody(): void {
    if (this.isOver) return
    if (this.pace.reads()) this.owner.contentWanted()
    const { untaken } = this
    this.untaken = 0
    this.stream.consumed(untaken)
    this.pushHeld()
  }

  cancelBody(error: TrafficError): void {
    this.held.take()
    if (!this.isOver) this.owner.contentUnwanted(error)
  }

  tooSlow(reason: string): void {
    this.owner.contentBroken(reason)
  }

  unread(error: TrafficError): void {
    this.owner.contentUnwanted(error)
  }

  private finish(): void {
    if (this.isOver) return
    this.isOver = true
    this.pace.stop()
    this.connection.memory.contentEnds()
  }
}
