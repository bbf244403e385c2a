import type { Socket } from 'node:net'
import { type BodySource, StreamBody } from '../message/body.ts'
import type { TrafficError } from '../message/errors.ts'
import type { HeaderList } from '../message/headers.ts'
import { BodyReader } from './body-reader.ts'
import type { ClientConnectionOptions } from '../socket/connection-options.ts'
import { WireFault } from './fault.ts'
import type { Framing } from './framing.ts'
import { READ_AHEAD, ReadingPace, type ReadingPaceOwner } from '../socket/reading-pace.ts'

/** The connection that a response's body arrives on. */
export interface ResponseBodyOwner {
  /** The body was read to its end; `more` if the connection has brought, or may bring, bytes that belong to no response. */
  responseRead(more: boolean): void
  /** The body can never be complete. */
  responseBroken(code: 'malformed_response' | 'upstream_too_slow', reason: string): void
  /** Nobody wants the rest of it. */
  responseUnwanted(error: TrafficError): void
}

/** The body of a response while it arrives, read as fast as it is taken. */
export class ResponseBody implements BodySource, ReadingPaceOwner {
  readonly stream: StreamBody
  private readonly socket: Socket
  private readonly owner: ResponseBodyOwner
  private readonly reader: BodyReader
  private readonly pace: ReadingPace
  private over = false

  constructor(
    socket: Socket,
    framing: Framing,
    headers: HeaderList,
    options: ClientConnectionOptions,
    owner: ResponseBodyOwner,
  ) {
    this.socket = socket
    this.owner = owner
    this.stream = new StreamBody(framing > 0 ? framing : undefined, this, READ_AHEAD)
    // A body that nobody reads keeps no process alive.
    socket.unref()
    const connection = headers.get('connection')
    this.reader = new BodyReader(framing, this.stream, options.limits, 'malformed_response', connection)
    this.pace = new ReadingPace(headers, options, this)
  }

  /** Bytes came from the socket; returns whether their memory may be used again. */
  read(chunk: Buffer): boolean {
    this.pace.progress(chunk.length)
    const next = this.reader.feed(chunk, 0)
    if (this.over) return false // cancelled by whoever took the bytes
    if (next instanceof WireFault) this.owner.responseBroken('malformed_response', next.message)
    else if (this.reader.done) this.finish(next < chunk.length)
    else if (!this.reader.room) {
      this.socket.pause()
      this.pace.waits()
    }
    return this.stream.holdsNothing
  }

  /**
   * The connection ended; false if that leaves the body incomplete. Over TLS an end without close_notify should do so, too
   * (RFC 9112 9.8), but node:tls tells nobody: it emits the same 'end', without an error, for close_notify and for a bare FIN.
   */
  ended(): boolean {
    if (!this.reader.endsWithConnection) return false
    this.finish(true)
    return true
  }

  /** The connection is lost. */
  fail(error: TrafficError): void {
    this.stop()
    this.stream.fail(error)
  }

  resumeBody(): void {
    if (this.over) return
    this.reader.room = true
    if (this.pace.reads()) this.socket.ref()
    this.socket.resume()
  }

  cancelBody(error: TrafficError): void {
    if (!this.over) this.owner.responseUnwanted(error)
  }

  tooSlow(reason: string): void {
    this.owner.responseBroken('upstream_too_slow', reason)
  }

  unread(error: TrafficError): void {
    this.owner.responseUnwanted(error)
  }

  private finish(more: boolean): void {
    this.stop()
    this.owner.responseRead(more)
    this.reader.finish()
  }

  private stop(): void {
    this.over = true
    this.pace.stop()
  }
}
