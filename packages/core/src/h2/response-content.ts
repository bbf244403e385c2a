import { isStream } from '../fields/stream-types.ts'
import { type BodySource, StreamBody } from '../message/body.ts'
import { TrafficError } from '../message/errors.ts'
import type { PaceLimits } from '../message/exchange-times.ts'
import type { HeaderList } from '../message/headers.ts'
import type { ClientConnectionOptions } from '../socket/connection-options.ts'
import { Pace } from '../socket/pace.ts'
import type { Http2Connection } from './connection.ts'
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

/** Bytes that are taken before anybody asks for them, so that a small body ends though nobody reads it. */
const READ_AHEAD = 64 * 1024

/** The content of a response while it arrives: the peer may send on as what came is taken. */
export class ResponseContent implements BodySource {
  readonly body: StreamBody
  private readonly connection: Http2Connection
  private readonly stream: Http2Stream
  private readonly owner: ResponseContentOwner
  private readonly pace: Pace
  /** Those that count once somebody reads. */
  private readonly limits: PaceLimits
  private readonly unreadTimeout: number
  /** What came and nobody has taken yet. Bytes. */
  private untaken = 0
  private begun = false
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
    this.unreadTimeout = options.unreadTimeout
    this.body = new StreamBody(length, this, READ_AHEAD)
    // A stream of events is silent for as long as nothing happens.
    const streams = isStream(headers.get('content-type'))
    this.limits = streams ? { idle: options.tunnelIdleTimeout, minimumRate: 0, grace: 0 } : options.pace
    const unread = { idle: options.unreadTimeout, minimumRate: 0, grace: 0 }
    this.pace = new Pace(options.clock, unread, () => this.tooSlow())
    this.pace.start()
    connection.memory.contentBegins()
  }

  data(bytes: Buffer, start: number, end: number): void {
    this.pace.progress(end - start)
    // While what came before is still in use, a part of a large read would keep all of it in memory.
    if (!this.body.holdsNothing) return this.push(Buffer.from(bytes.subarray(start, end)))
    this.push(this.connection.memory.take(bytes, start, end))
    if (!this.body.holdsNothing) this.connection.memory.keep()
  }

  private push(chunk: Buffer): void {
    const room = this.body.push(chunk)
    if (this.isOver) return // given up by whoever took it
    if (room && this.untaken === 0) return this.stream.consumed(chunk.length)
    this.untaken += chunk.length
    if (this.begun) this.pace.pause()
  }

  /** The content has ended. */
  end(trailers?: HeaderList): void {
    this.finish()
    this.body.end(trailers)
  }

  /** The stream is lost. */
  fail(error: TrafficError): void {
    this.finish()
    this.body.fail(error)
  }

  resumeBody(): void {
    if (this.isOver) return
    if (this.begun) this.pace.resume()
    else {
      this.begun = true
      this.pace.restart(this.limits)
      this.owner.contentWanted()
    }
    const { untaken } = this
    this.untaken = 0
    this.stream.consumed(untaken)
  }

  cancelBody(error: TrafficError): void {
    if (!this.isOver) this.owner.contentUnwanted(error)
  }

  /** Nothing came for too long, or nobody has begun to read: its stream is not held for ever. */
  private tooSlow(): void {
    if (this.begun) return this.owner.contentBroken('the response body comes too slowly')
    const reason = `nobody began to read the response body within ${this.unreadTimeout} ms; read it, or give it up`
    this.owner.contentUnwanted(new TrafficError('cancelled', reason, { phase: 'response-body' }))
  }

  private finish(): void {
    if (this.isOver) return
    this.isOver = true
    this.pace.stop()
    this.connection.memory.contentEnds()
  }
}
