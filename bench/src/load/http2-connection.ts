import { connect, type Socket } from 'node:net'
import { FRAME, openWindows, PREFACE, type ReadFrame } from '../http2/frames.ts'
import { FrameSocket } from '../http2/frame-socket.ts'
import { readInto } from '../origin/reused-buffer.ts'

/** What a user of a connection hears. After `lost` the connection is gone. */
export interface Http2Events {
  ready: () => void
  /** A frame, which stands only until the call returns; RST_STREAM and GOAWAY are losses. */
  frame: (frame: ReadFrame) => void
  lost: (why: string) => void
}

/** One connection of HTTP/2 without TLS to the target, whose user writes the frames. */
export class Http2Connection {
  readonly frames: FrameSocket
  readonly #events: Http2Events
  readonly #socket: Socket

  /** Connects at once. */
  constructor(port: number, events: Http2Events) {
    this.#events = events
    this.frames = new FrameSocket((read) => {
      if (read.type === FRAME.resetStream) this.#lose('a stream was reset')
      else if (read.type === FRAME.goAway) this.#lose('the proxy went away')
      else events.frame(read)
    })
    const onread = readInto((chunk, length) => this.frames.read(chunk, length))
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, onread }, () => {
      this.frames.write(Buffer.concat([PREFACE, openWindows()]))
      events.ready()
    })
    this.frames.socket = this.#socket
    this.#socket.on('error', (error) => this.#lose('code' in error ? String(error.code) : error.message))
    this.#socket.on('end', () => this.#lose('closed by the proxy'))
  }

  /** Closes the connection, with a reset; nothing is heard of it any more. */
  close(): void {
    this.#socket.resetAndDestroy()
  }

  #lose(why: string): void {
    if (this.#socket.destroyed) return
    this.#socket.destroy()
    this.#events.lost(why)
  }
}
