import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  type IncomingHttpHeaders,
  sensitiveHeaders,
} from 'node:http2'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { CLIENT_PREFACE } from '../../../src/h2/preface.ts'
import { frame } from '../frames.ts'
import type { Pair } from '../hpack-blocks.ts'
import { ping, settings } from '../raw-client.ts'
import type { Sequence } from './block-generator.ts'
import { SentFrames } from './sent-frames.ts'

/** What nghttp2 made of one block. */
export interface TheirBlock {
  readonly fields: readonly Pair[]
  /** The names of fields that came as never indexed, sorted. */
  readonly sensitive: readonly string[]
}

export interface TheirReading {
  /** By the block's number: what it is, or the code with which its stream was reset. */
  readonly blocks: ReadonlyMap<number, TheirBlock | number>
  /** The code of GOAWAY, if it ended the connection. */
  readonly goaway: number | undefined
  /** How many requests it sent first, for the blocks to be responses to. */
  readonly opened: number
  /** What it was asked to send behind them. */
  readonly asked: readonly IncomingHttpHeaders[]
  /** The blocks that its own encoder made of all requests, and the number of the first that knows our table size. */
  readonly sent: readonly Buffer[]
  readonly limitedFrom: number
}

/** How blocks are sent: which of them have a stream of their own, and before which one all others must have been looked at. */
export interface Showing {
  readonly alone: ReadonlySet<number>
  readonly pauses: readonly number[]
}

const END = ping('the end.')
const ACKNOWLEDGED = frame(4, 1, 0)
const MOST_STREAMS = 10_000
const SPLIT_EVERY = 16
/** Of the blocks that nghttp2 has read, so many are sent back by it as one request. */
const BACK_EVERY = 8

/**
 * nghttp2 behind node:http2, which is shown blocks as responses of status 103: of these a stream may have any number, so that a block costs
 * no stream.
 */
export class Nghttp2Reader {
  private readonly server: Server = createServer({ noDelay: true })
  private port = 0
  /** Our ends of connections, by the port of the other. */
  private readonly accepted = new Map<number, Socket>()

  static async listen(): Promise<Nghttp2Reader> {
    const reader = new Nghttp2Reader()
    reader.server.on('connection', (socket) => reader.accepted.set(socket.remotePort ?? 0, socket))
    reader.server.listen(0, '127.0.0.1')
    await once(reader.server, 'listening')
    reader.port = (reader.server.address() as AddressInfo).port
    return reader
  }

  close(): void {
    this.server.close()
  }

  async read(sequence: Sequence, showing: Showing): Promise<TheirReading> {
    const session = connectHttp2(`http://127.0.0.1:${this.port}`, {
      createConnection: () => connect({ port: this.port, host: '127.0.0.1', noDelay: true }),
      settings: { headerTableSize: sequence.tableSize, enablePush: false },
      // Megabytes. What is too much for its limits is no matter of HPACK.
      maxSessionMemory: 100,
      maxHeaderListPairs: 10_000,
    })
    session.on('error', () => {})
    const run = new Run(session, sequence, showing)
    await once(session, 'connect')
    const { localPort = 0 } = session.socket
    while (!this.accepted.has(localPort)) await new Promise(setImmediate)
    const socket = this.accepted.get(localPort) as Socket // as was looked up
    this.accepted.delete(localPort)
    await run.play(socket)
    session.destroy()
    socket.destroy()
    return run.reading()
  }
}

/** The blocks of one connection. */
class Run {
  private readonly session: ClientHttp2Session
  private readonly sequence: Sequence
  private readonly blocks = new Map<number, TheirBlock | number>()
  private readonly asked: IncomingHttpHeaders[] = []
  private readonly frames: SentFrames
  /** The stream of each block. */
  private readonly streams: number[] = []
  private readonly stops: number[]
  private readonly opened: number
  private shown = 0
  private askedAgain = false

  constructor(session: ClientHttp2Session, sequence: Sequence, { alone, pauses }: Showing) {
    this.session = session
    this.sequence = sequence
    this.stops = [...pauses, sequence.blocks.length]
    this.frames = new SentFrames(CLIENT_PREFACE.length, (stream, code) => {
      for (const [block, of] of this.streams.entries()) {
        if (of === stream && !this.blocks.has(block)) this.blocks.set(block, code)
      }
    })
    const together: number[] = []
    let opened = 0
    const open = (its: readonly number[]): number => {
      this.open(its)
      return 2 * opened++ + 1
    }
    const first = open(together)
    for (let block = 0; block < sequence.blocks.length; block++) {
      if (alone.has(block)) this.streams.push(open([block]))
      else {
        together.push(block)
        this.streams.push(first)
      }
    }
    this.opened = opened
  }

  reading(): TheirReading {
    const { blocks, asked, frames, opened } = this
    return {
      blocks,
      goaway: frames.goaway,
      opened,
      asked,
      sent: frames.blocks,
      limitedFrom: frames.limitedFrom,
    }
  }

  async play(socket: Socket): Promise<void> {
    socket.write(settings([1, this.sequence.answerTableSize], [3, MOST_STREAMS]))
    await new Promise<void>((resolve) => {
      let begun = false
      socket.on('data', (bytes: Buffer) => {
        const ended = this.frames.take(bytes)
        if (this.frames.goaway !== undefined) return resolve()
        if (!begun && this.frames.blocks.length === this.opened) {
          begun = true
          this.show(socket, [ACKNOWLEDGED])
        } else if (ended && this.isDone(socket)) resolve()
      })
      socket.on('error', () => resolve())
      socket.on('close', () => resolve())
    })
  }

  private isDone(socket: Socket): boolean {
    // Answers to PING overtake resets, and requests.
    this.askedAgain = !this.askedAgain
    if (
      this.askedAgain &&
      (this.blocks.size < this.shown || this.opened + this.asked.length > this.frames.blocks.length)
    )
      socket.write(END)
    else if (this.shown === this.sequence.blocks.length) return true
    else this.show(socket)
    return false
  }

  private show(socket: Socket, first: readonly Buffer[] = []): void {
    const { blocks } = this.sequence
    const stop = this.stops.shift() ?? blocks.length
    const parts = [...first]
    for (; this.shown < stop; this.shown++) {
      const block = blocks[this.shown] as Buffer // one of them
      parts.push(...framesOf(block, this.streams[this.shown] ?? 1))
    }
    this.askedAgain = false
    socket.write(Buffer.concat([...parts, END]))
  }

  private open(its: readonly number[]): void {
    const stream = this.session.request(REQUEST, { endStream: false })
    stream.on('error', () => {})
    let count = 0
    const take = (headers: IncomingHttpHeaders, _flags: number, raw: readonly string[]): void => {
      const block = its[count++]
      if (block !== undefined) this.take(block, headers, raw)
    }
    // The types leave the raw headers out.
    for (const event of ['headers', 'response', 'trailers']) (stream as Emitting).on(event, take)
  }

  private take(block: number, headers: IncomingHttpHeaders, raw: readonly string[]): void {
    const fields = pairsOf(raw)
    const never = Reflect.get(headers, sensitiveHeaders) as string[]
    const sensitive = never.length === 0 ? never : never.toSorted()
    this.blocks.set(block, { fields, sensitive })
    if (!this.sequence.echo || block % BACK_EVERY !== 0 || this.session.destroyed) return
    const record = answerOf(fields)
    this.asked.push(record)
    this.session.request({ ...REQUEST, ...record }, { endStream: true }).on('error', () => {})
  }
}

type Emitting = Omit<ClientHttp2Stream, 'on'> & {
  on(event: string, take: (headers: IncomingHttpHeaders, flags: number, raw: readonly string[]) => void): void
}

const REQUEST = { ':method': 'POST', ':path': '/' }

/** HEADERS, and now and then CONTINUATION. */
function framesOf(block: Buffer, stream: number): Buffer[] {
  if (block.length % SPLIT_EVERY !== 0) return [frame(1, 4, stream, block)]
  const half = block.length >> 1
  return [frame(1, 0, stream, block.subarray(0, half)), frame(9, 4, stream, block.subarray(half))]
}

function pairsOf(raw: readonly string[]): Pair[] {
  const pairs: Pair[] = []
  for (let at = 0; at < raw.length; at += 2) pairs.push([raw[at] ?? '', raw[at + 1] ?? ''])
  return pairs
}

/** Fields that node:http2 sends without an opinion of its own. */
const SENT_BACK = /^(x-[a-z\d-]+|accept|cache-control|a)$/

/** What of the fields is sent back, each name with its values in their order. */
export function answerOf(fields: readonly Pair[]): Record<string, string[]> {
  const record: Record<string, string[]> = {}
  for (const [name, value] of fields) {
    if (SENT_BACK.test(name)) (record[name] ??= []).push(value)
  }
  return record
}
