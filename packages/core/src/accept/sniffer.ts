import type { Socket } from 'node:net'
import { ServerConnection } from '../h1/server-connection.ts'
import { CLIENT_PREFACE } from '../h2/preface.ts'
import { Http2ServerConnection } from '../h2/server-connection.ts'
import type { DownstreamConnection } from '../message/connections.ts'
import type { ServerConnectionOwner } from '../message/responder.ts'
import type { ReadTarget, SocketReader } from '../socket/socket-reader.ts'
import type { Timer } from '../time/timer.ts'
import type { AcceptOptions } from './accept-options.ts'

/**
 * A connection of which it is not known yet what the peer speaks. Its first bytes tell: no request of HTTP/1.1 begins as the preface
 * of HTTP/2 does. From then on reads go straight to the connection that is made of it.
 */
export class Sniffer implements DownstreamConnection, ReadTarget {
  readonly socket: Socket
  readonly streaming = false
  private readonly owner: ServerConnectionOwner
  private readonly options: AcceptOptions
  private readonly reader: SocketReader
  private readonly timer: Timer
  /** What has come of the preface. */
  private begun: Buffer = NOTHING
  private inner: DownstreamConnection | undefined
  private grace: number | undefined
  private isEnding = false

  /** @param reader attached to the socket by the caller, whose reads come here from now on */
  constructor(socket: Socket, reader: SocketReader, owner: ServerConnectionOwner, options: AcceptOptions) {
    this.socket = socket
    this.reader = reader
    this.options = options
    this.owner = {
      handler: owner.handler,
      refusal: (error, exchange, peer) => owner.refusal(error, exchange, peer),
      closed: () => owner.closed(this),
    }
    this.timer = options.clock.timer(() => this.late())
    this.timer.arm(options.requestHeadTimeout)
    socket.setNoDelay(true)
    reader.target = this
    socket.on('error', ignore)
    socket.on('end', this.ended)
    socket.on('close', this.gone)
  }

  drain(grace: number): void {
    this.grace = grace
    if (this.inner === undefined) this.timer.arm(grace)
    else this.inner.drain(grace)
  }

  destroy(): void {
    this.socket.destroy()
  }

  read(chunk: Buffer, owned: boolean): boolean {
    if (this.isEnding) return true
    const known = this.begun.length
    const count = Math.min(chunk.length, CLIENT_PREFACE.length - known)
    const isPreface = CLIENT_PREFACE.compare(chunk, 0, count, known, known + count) === 0
    if (isPreface && known + count < CLIENT_PREFACE.length) {
      this.begun = Buffer.concat([this.begun, chunk])
      return true
    }
    const connection = isPreface ? this.http2() : this.http1()
    if (known > 0) connection.read(this.begun, true)
    return connection.read(chunk, owned)
  }

  private http2(): ReadTarget {
    this.leave()
    const { socket, reader, owner, options } = this
    const inner = new Http2ServerConnection(socket, reader, owner, options, options.http2)
    this.become(inner)
    return inner.connection
  }

  private http1(): ReadTarget {
    this.leave()
    const inner = new ServerConnection(this.socket, this.owner, this.options, this.reader)
    this.become(inner)
    return inner
  }

  private leave(): void {
    this.timer.disarm()
    this.socket.off('error', ignore)
    this.socket.off('end', this.ended)
    this.socket.off('close', this.gone)
  }

  private become(inner: DownstreamConnection): void {
    this.inner = inner
    if (this.grace !== undefined) inner.drain(this.grace)
  }

  /** Neither a request nor a preface came in time: our side is closed, and the peer may close its own. */
  private late(): void {
    if (this.isEnding) return void this.socket.destroy()
    this.isEnding = true
    this.socket.end()
    this.timer.arm(this.options.lingerTimeout)
  }

  private readonly ended = (): void => {
    this.socket.end()
  }

  private readonly gone = (): void => {
    this.timer.disarm()
    this.owner.closed(this)
  }
}

const NOTHING = Buffer.alloc(0)
/** 'close' follows and says all that matters. */
const ignore = (): void => {}
