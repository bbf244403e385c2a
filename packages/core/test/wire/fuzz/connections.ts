import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { ClientConnection } from '../../../src/h1/client-connection.ts'
import { DEFAULT_CLIENT_OPTIONS, DEFAULT_SERVER_OPTIONS } from '../../../src/socket/connection-options.ts'
import type { Intake } from '../../../src/h1/intake.ts'
import type { ResponseIntake } from '../../../src/h1/response-intake.ts'
import { ServerConnection } from '../../../src/h1/server-connection.ts'
import { SocketReader } from '../../../src/socket/socket-reader.ts'
import type { Body } from '../../../src/message/body.ts'
import { Exchange } from '../../../src/message/exchange.ts'
import type { HeaderList } from '../../../src/message/headers.ts'
import { HttpRequest } from '../../../src/message/request.ts'
import { HttpResponse } from '../../../src/message/response.ts'
import { VirtualClock } from '../../../src/testing/virtual-clock.ts'
import { gather } from '../../h1/harness.ts'
import { type Asked, type Input, limitsOf, readsOf } from './input.ts'
import { contentOf, type Message, type Reading } from './reader.ts'

/** A socket whose peer is the test: it brings what it is given, then the end. */
class MemorySocket extends Duplex {
  readonly remoteAddress = '192.0.2.7'
  readonly remotePort = 1
  readonly bytesWritten = 0
  written = ''

  get socket(): Socket {
    return this as unknown as Socket // the parts of one that a connection uses
  }

  bring(reads: readonly Buffer[]): void {
    // Copied: a stream keeps what it is given.
    for (const read of reads) if (read.length > 0) this.push(Buffer.from(read))
    this.push(null)
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written += chunk.toString('latin1')
    done()
  }

  setNoDelay(): this {
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  resetAndDestroy(): void {
    this.destroy()
  }
}

/** Turns of the event loop after which a connection whose peer has left must be gone. */
const PATIENCE = 2000

/** Brings the bytes to a whole server connection; answers where that differs from the reading of its parts. */
export async function throughServer(input: Input, reading: Reading): Promise<string | undefined> {
  const socket = new MemorySocket()
  const seen: string[] = []
  let refusals = 0
  const life = { over: false }
  const owner = {
    async handler({ request }: Exchange) {
      const start = startOf(request)
      const fields = request.headers.clone()
      const read = await contentIn(request.body)
      if (read === undefined) return new HttpResponse(400)
      seen.push(record(start, fields, ...read))
      return new HttpResponse(200)
    },
    refusal() {
      refusals++
      return new HttpResponse(400)
    },
    closed: () => (life.over = true),
  }
  const options = { ...DEFAULT_SERVER_OPTIONS, clock: new VirtualClock(), limits: limitsOf(input) }
  new ServerConnection(socket.socket, owner, options)
  socket.bring(readsOf(input))
  for (let turns = 0; !life.over; turns++) {
    if (turns > PATIENCE) return 'the server connection stays open after its peer has left'
    await turn()
  }
  const whole = reading.messages.filter((message) => message.end !== undefined)
  const expected = whole.map(recordOf)
  const last = whole.at(-1)?.intake as Intake | undefined // these are requests
  // What stands behind an Upgrade that is refused is another request if it comes late.
  const compared = last?.request.upgrade === undefined ? seen : seen.slice(0, expected.length)
  if (compared.join('\0') !== expected.join('\0'))
    return `the server connection sees ${JSON.stringify(seen)}, its parts ${JSON.stringify(expected)}`
  const answers = socket.written.split('HTTP/1.1 200 ').length - 1
  if (answers !== seen.length) return `${answers} answers to ${seen.length} requests`
  return refusals <= 1 ? undefined : `${refusals} refusals on one connection`
}

/** Brings the bytes to a whole client connection; answers where that differs from the reading of its parts. */
export async function throughClient(
  input: Input,
  asked: Asked,
  reading: Reading,
): Promise<string | undefined> {
  const socket = new MemorySocket()
  const reader = new SocketReader()
  const clock = new VirtualClock()
  const options = { ...DEFAULT_CLIENT_OPTIONS, clock, limits: limitsOf(input) }
  const connection = new ClientConnection(socket.socket, reader, options)
  socket.on('data', (chunk: Buffer) => reader.target?.read(chunk, true))
  const request = HttpRequest.to('http://a/', { method: asked.method })
  request.upgrade = asked.upgrade
  let interim = 0
  const exchange = new Exchange(request, clock)
  exchange.inform = () => interim++
  const wait = { over: false }
  const seeing = see(connection, exchange).finally(() => (wait.over = true))
  socket.bring(readsOf(input))
  for (let turns = 0; !wait.over || !connection.closed; turns++) {
    if (turns > PATIENCE) return 'the client connection stays open after its peer has left'
    await turn()
  }
  const seen = await seeing
  const final = reading.messages.at(-1)
  const isFinal = (final?.intake as ResponseIntake | undefined)?.framing !== undefined || isSwitch(final)
  const expected = final?.end === undefined || !isFinal ? undefined : recordOf(final)
  if (seen !== expected) return `the client connection sees ${seen}, its parts ${expected}`
  return interim <= reading.messages.length ? undefined : `${interim} informed`
}

function isSwitch(message: Message | undefined): boolean {
  return message !== undefined && 'status' in message.intake && message.intake.status === 101
}

async function see(connection: ClientConnection, exchange: Exchange): Promise<string | undefined> {
  try {
    const response = await connection.send(exchange)
    const fields = response.headers.clone()
    if (response.tunnel !== undefined) {
      connection.destroy()
      return record('101', fields, '', undefined)
    }
    const read = await contentIn(response.body)
    return read === undefined ? undefined : record(String(response.status), fields, ...read)
  } catch {
    return undefined // refused: what is said of it is for others to test
  }
}

async function contentIn(
  body: Body,
): Promise<[content: string, trailers: HeaderList | undefined] | undefined> {
  if (body.whole !== undefined) return [body.whole.latin1, undefined]
  const sink = await gather(body)
  return sink.error === undefined ? [sink.text, sink.trailers] : undefined
}

function recordOf(message: Message): string {
  const { intake, fields, trailers } = message
  const start = 'status' in intake ? String(intake.status) : startOf(intake.request)
  return record(start, fields, contentOf(message), trailers)
}

function startOf({ method, authority, path, query }: HttpRequest): string {
  return `${method} ${authority.text} ${path}${query}`
}

function record(
  start: string,
  fields: HeaderList,
  content: string,
  trailers: HeaderList | undefined,
): string {
  const lines = [start]
  for (const { name, value } of fields) lines.push(`${name}: ${value}`)
  lines.push('', content)
  for (const { name, value } of trailers ?? []) lines.push(`${name}: ${value}`)
  return lines.join('\n')
}
