import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2'
import type { Reply } from './raw-client.ts'
import { LATE } from './soaked-gateway.ts'

/** A peer that says nothing for so long is taken for hung. Milliseconds. */
const PATIENCE = 20_000

/** One exchange over HTTP/2, as its client sees it. */
export class Http2Call {
  readonly stream: ClientHttp2Stream
  /** Whether the gateway was silent for too long. */
  hung = false
  /** Whether the request was sent so late that the gateway need not have waited for it. */
  isLate = true
  private status = 0
  private length: number | undefined
  private received = 0
  private hasEnded = false
  private readonly closed: Promise<void>

  /** @param begun when its connection was */
  constructor(stream: ClientHttp2Stream, begun: number) {
    this.stream = stream
    const sent = (): void => void (this.isLate = performance.now() - begun > LATE)
    // What is written in one turn of the event loop leaves by the next.
    if (stream.pending) stream.once('ready', () => setImmediate(() => setImmediate(sent)))
    else setImmediate(() => setImmediate(sent))
    stream.setTimeout(PATIENCE, () => {
      this.hung = true
      stream.close(constants.NGHTTP2_CANCEL)
    })
    stream.on('response', (fields: IncomingHttpHeaders) => {
      this.status = Number(fields[':status'])
      const { 'content-length': length } = fields
      if (length !== undefined) this.length = Number(length)
    })
    stream.on('data', (chunk: Buffer) => (this.received += chunk.length))
    stream.on('end', () => (this.hasEnded = true))
    stream.on('error', () => {})
    this.closed = new Promise((resolve) => stream.once('close', resolve))
  }

  /** The response, when its stream is closed. node:http2 ends a stream that was cut off: the code and the length tell. */
  async reply(): Promise<Reply> {
    await this.closed
    const { status, length, received, hasEnded, stream } = this
    const whole = hasEnded && stream.rstCode === 0 && (length === undefined || length === received)
    return { status, whole, close: false }
  }

  /** Waits for so many bytes of content; false if the stream is closed before. */
  async until(bytes: number): Promise<boolean> {
    while (this.received < bytes && !this.stream.closed) {
      await Promise.race([new Promise((resolve) => this.stream.once('data', resolve)), this.closed])
    }
    return this.received >= bytes
  }
}

/** A connection over HTTP/2 with prior knowledge. */
export class Http2Client {
  readonly session: ClientHttp2Session
  private readonly begunAt = performance.now()

  constructor(port: number) {
    this.session = connect(`http://127.0.0.1:${port}`)
    this.session.on('error', () => {})
  }

  /** @param endStream whether there is no content */
  send(fields: OutgoingHttpHeaders, endStream: boolean = true): Http2Call {
    const stream = this.session.request({ ':authority': 'soak.test', ...fields }, { endStream })
    return new Http2Call(stream, this.begunAt)
  }

  /** Waits until the gateway has said what it offers. */
  async begun(): Promise<void> {
    if (this.session.remoteSettings?.enableConnectProtocol === true) return
    await new Promise<void>((resolve) => {
      this.session.once('remoteSettings', () => resolve())
      this.session.once('close', () => resolve())
    })
  }

  close(): void {
    this.session.close()
  }
}
