import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

export type Fields = readonly (readonly [name: string, value: string])[]

/** A request as it was on the wire. */
export interface Seen {
  readonly method: string
  readonly target: string
  readonly fields: Fields
  readonly content: Buffer
}

/** Answers a request; false if the connection is not to be used again. */
export type Answer = (seen: Seen, socket: Socket) => Promise<boolean>

/** A server of bytes: it does on the wire what it is told, and no more. It trusts who sends to it. */
export class RawOrigin {
  private readonly server: Server
  private readonly sockets = new Set<Socket>()

  constructor(answer: Answer) {
    this.server = createServer({ noDelay: true }, (socket) => {
      this.sockets.add(socket)
      socket.on('close', () => this.sockets.delete(socket))
      socket.on('error', () => socket.destroy())
      void serve(socket, answer)
    })
  }

  async listen(): Promise<string> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}` // it listens on TCP
  }

  close(): void {
    this.server.close()
    for (const socket of this.sockets) socket.destroy()
  }
}

async function serve(socket: Socket, answer: Answer): Promise<void> {
  const input = new Input(socket)
  for (;;) {
    const seen = await readRequest(input)
    if (seen === undefined) return void socket.destroy()
    if (!(await answer(seen, socket))) return
  }
}

async function readRequest(input: Input): Promise<Seen | undefined> {
  const head = await input.through('\r\n\r\n')
  if (head === undefined) return undefined
  const [line = '', ...lines] = head.toString('latin1').slice(0, -4).split('\r\n')
  const [method = '', target = ''] = line.split(' ')
  const fields = lines.map((each): [string, string] => {
    const colon = each.indexOf(':')
    return [each.slice(0, colon).toLowerCase(), each.slice(colon + 1).trim()]
  })
  const content = await readContent(input, new Map(fields))
  return content && { method, target, fields, content }
}

async function readContent(input: Input, fields: ReadonlyMap<string, string>): Promise<Buffer | undefined> {
  if (fields.get('transfer-encoding') === undefined)
    return input.take(Number(fields.get('content-length') ?? 0))
  const chunks: Buffer[] = []
  for (;;) {
    const line = await input.through('\r\n')
    const chunk = line && (await input.take(Number.parseInt(line.toString('latin1'), 16) + 2))
    if (chunk === undefined) return undefined
    if (chunk.length === 2) return Buffer.concat(chunks)
    chunks.push(chunk.subarray(0, -2))
  }
}

/** What a socket has brought and nobody has taken; undefined when it ends before there is enough. */
class Input {
  private held: Buffer = Buffer.alloc(0)
  private ended = false
  private wake: (() => void) | undefined

  constructor(socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.held = Buffer.concat([this.held, chunk])
      this.wake?.()
    })
    socket.on('close', () => {
      this.ended = true
      this.wake?.()
    })
    socket.on('end', () => {
      this.ended = true
      this.wake?.()
    })
  }

  async through(mark: string): Promise<Buffer | undefined> {
    while (!this.held.includes(mark)) if (!(await this.more())) return undefined
    return this.take(this.held.indexOf(mark) + mark.length)
  }

  async take(length: number): Promise<Buffer | undefined> {
    while (this.held.length < length) if (!(await this.more())) return undefined
    const taken = this.held.subarray(0, length)
    this.held = this.held.subarray(length)
    return taken
  }

  private more(): Promise<boolean> {
    if (this.ended) return Promise.resolve(false)
    return new Promise((resolve) => {
      this.wake = () => resolve(!this.ended)
    })
  }
}
