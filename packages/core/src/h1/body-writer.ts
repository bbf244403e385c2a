import type { Socket } from 'node:net'
import { asBuffer, type BodySink } from '../message/body.ts'
import { TrafficError } from '../message/errors.ts'
import type { HeaderList } from '../message/headers.ts'
import { CHUNKED, type Framing, UNTIL_CLOSE } from './framing.ts'
import { HeadText } from './head-text.ts'

/** Told how the writing of a body ended. */
export interface BodyWriterOwner {
  /** All of it was handed to the socket. */
  bodyWritten(): void
  /** What is on the wire is not a complete body, and the connection cannot be used again. */
  bodyBroken(error: TrafficError): void
  /** The socket wants a pause. */
  awaitDrain(): void
}

/** A chunk up to this size is joined with its frame into one string: one write and no vector. */
const SMALL_CHUNK = 4096

/** Writes one body to a socket, by its framing, and never more or less than the head announced. */
export class BodyWriter implements BodySink {
  /** Bytes of content written. */
  written = 0
  private readonly socket: Socket
  private readonly framing: Framing
  private readonly owner: BodyWriterOwner

  constructor(socket: Socket, framing: Framing, owner: BodyWriterOwner) {
    this.socket = socket
    this.framing = framing
    this.owner = owner
  }

  write(chunk: Uint8Array): boolean {
    return this.put(chunk, undefined)
  }

  /** The socket calls back when the kernel has taken all of it, and when it is destroyed. */
  lend(chunk: Uint8Array, returned: () => void): boolean {
    return this.put(chunk, returned)
  }

  private put(chunk: Uint8Array, taken: (() => void) | undefined): boolean {
    const length = chunk.byteLength
    this.written += length
    const tooLong = this.framing >= 0 && this.written > this.framing
    if (length === 0 || tooLong) taken?.()
    if (length === 0) return true
    if (tooLong) {
      this.owner.bodyBroken(
        new TrafficError('internal', `the body is longer than its length of ${this.framing} bytes`),
      )
      return false
    }
    const room =
      this.framing === CHUNKED ? this.writeChunk(chunk, length, taken) : this.socket.write(chunk, taken)
    if (!room) this.owner.awaitDrain()
    return room
  }

  private writeChunk(chunk: Uint8Array, length: number, taken: (() => void) | undefined): boolean {
    const size = length.toString(16)
    if (length <= SMALL_CHUNK) {
      const text = `${size}\r\n${asBuffer(chunk).toString('latin1')}\r\n`
      taken?.()
      return this.socket.write(text, 'latin1')
    }
    this.socket.cork()
    this.socket.write(`${size}\r\n`, 'latin1')
    this.socket.write(chunk, taken)
    const room = this.socket.write('\r\n', 'latin1')
    this.socket.uncork()
    return room
  }

  end(trailers?: HeaderList): void {
    if (this.framing >= 0 && this.written < this.framing) {
      const reason = `the body ended after ${this.written} of ${this.framing} bytes`
      this.owner.bodyBroken(new TrafficError('internal', reason))
      return
    }
    if (this.framing === CHUNKED && !this.writeLastChunk(trailers)) return
    this.owner.bodyWritten()
  }

  /** False if the trailers hold what must not get out. */
  private writeLastChunk(trailers: HeaderList | undefined): boolean {
    try {
      this.socket.write(lastChunk(trailers), 'latin1')
      return true
    } catch (thrown) {
      this.owner.bodyBroken(TrafficError.from(thrown))
      return false
    }
  }

  fail(error: TrafficError): void {
    this.owner.bodyBroken(error)
  }

  /** The kernel, or the TLS layer, has taken all of it. */
  get holdsNothing(): boolean {
    return this.socket.writableLength === 0
  }

  /** Whether the end of the body is the end of the connection. */
  get untilClose(): boolean {
    return this.framing === UNTIL_CLOSE
  }
}

function lastChunk(trailers: HeaderList | undefined): string {
  if (trailers === undefined) return '0\r\n\r\n'
  const text = new HeadText('0')
  text.fields(trailers)
  return text.finish()
}
