import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import type { TestContext } from 'node:test'
import { ScriptedConnection } from '@headgate/core/testing'
import { type RecordedRequest, readRequests } from './recorded-request.ts'

/**
 * What to answer to a request: bytes, or text of which each character is one byte; undefined sends nothing, also when
 * the function has written to the connection itself, or ended it.
 */
export type AnswerOf = (
  request: RecordedRequest,
  connection: ScriptedConnection,
) => string | Uint8Array | undefined | Promise<string | Uint8Array | undefined>

/** The answer that stands for "the request was taken". */
export const TAKEN = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\ntaken'

export interface RecordingOriginOptions {
  /** Default: `TAKEN`, to each request. */
  readonly answer?: AnswerOf
}

/**
 * A raw TCP origin that keeps every byte it gets, and answers each complete request, one after the other on a connection.
 * It reads them by its own reader, which shares no code with the gateway's.
 */
export class RecordingOrigin {
  readonly connections: ScriptedConnection[] = []
  /** What to answer from now on. */
  answer: AnswerOf
  private readonly server: Server
  private readonly awaiting: ((connection: ScriptedConnection) => void)[] = []

  private constructor(server: Server, answer: AnswerOf) {
    this.server = server
    this.answer = answer
    server.on('connection', (socket) => this.serve(new ScriptedConnection(socket)))
  }

  /** Listens on a free port of 127.0.0.1. */
  static async listen({ answer = () => TAKEN }: RecordingOriginOptions = {}): Promise<RecordingOrigin> {
    const server = createServer({ allowHalfOpen: true, noDelay: true })
    const origin = new RecordingOrigin(server, answer)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return origin
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port // it listens on TCP
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** All bytes that came since the last `forget`, connection by connection, one character for each. */
  get bytes(): string {
    return this.connections.map(({ text }) => text).join('')
  }

  /** The requests among them. @throws Error if the bytes of a connection are no whole number of plain requests */
  get requests(): RecordedRequest[] {
    return this.connections.flatMap(({ text }) => {
      const { requests, rest } = readRequests(text)
      if (rest !== '') throw new Error(`behind ${requests.length} requests: ${JSON.stringify(rest)}`)
      return requests
    })
  }

  /** The connection on which the next bytes come. */
  next(): Promise<ScriptedConnection> {
    return new Promise((resolve) => this.awaiting.push(resolve))
  }

  /** Starts a new record; connections stay open. */
  forget(): void {
    for (const connection of this.connections) connection.forget()
  }

  /** Cuts all connections and stops listening. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve))
    for (const { socket } of this.connections) socket.destroy()
    await closed
  }

  private serve(connection: ScriptedConnection): void {
    this.connections.push(connection)
    let answers = Promise.resolve()
    let pending = ''
    // Behind the connection's own listener, which has recorded the chunk by now.
    connection.socket.on('data', (chunk: Buffer) => {
      for (const resolve of this.awaiting.splice(0)) resolve(connection)
      const { requests, rest } = readRequests(pending + chunk.toString('latin1'))
      pending = rest
      for (const request of requests) answers = answers.then(() => this.reply(connection, request))
    })
    connection.socket.on('end', () => void answers.then(() => connection.finish()))
  }

  private async reply(connection: ScriptedConnection, request: RecordedRequest): Promise<void> {
    const bytes = await this.answer(request, connection)
    if (bytes !== undefined && connection.socket.writable) connection.send(bytes)
  }
}

/** A recording origin, until the test is over. */
export async function startRecordingOrigin(
  t: TestContext,
  options?: RecordingOriginOptions,
): Promise<RecordingOrigin> {
  const origin = await RecordingOrigin.listen(options)
  t.after(() => origin.close())
  return origin
}
