import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type Answer, decode, encode, TRUNCATED_RESPONSE } from 'dns-packet'

export interface ServiceTarget {
  readonly target: string
  readonly port: number
  readonly priority?: number
  readonly weight?: number
}

/** What a name stands for. */
export interface Names {
  readonly A?: readonly string[]
  readonly AAAA?: readonly string[]
  readonly SRV?: readonly ServiceTarget[]
  /** Addresses of targets that are told along with SRV. */
  readonly additional?: Readonly<Record<string, readonly string[]>>
  /** Seconds; 1 by default. */
  readonly ttl?: number
}

/** What it does in place of an answer. */
export type Misbehaviour =
  | 'silent'
  | 'garbage'
  /** The message is cut off in the middle of a record. */
  | 'cut'
  /** To another question. */
  | 'other'
  /** Each name is said to go on where it began. */
  | 'loop'
  | { readonly code: 'SERVFAIL' | 'NXDOMAIN' | 'REFUSED' | 'FORMERR' }

const CODES = { FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const

/** A name server on 127.0.0.1, over UDP and TCP, that says what the test says. */
export class NameServer {
  readonly names = new Map<string, Names | Misbehaviour>()
  /** As `A orders.internal`, and `tcp A orders.internal`. */
  readonly asked: string[] = []
  /** Says over UDP that there is more than fits. */
  truncating = false
  /** Answers FORMERR to questions that say that they take longer answers. */
  old = false
  private readonly udp = createSocket('udp4')
  private readonly tcp = createServer((socket) => this.converse(socket))
  private readonly sockets = new Set<Socket>()
  private bound = 0

  private constructor() {
    this.udp.on('message', (query, peer) => {
      for (const message of this.answers(query, false)) this.udp.send(message, peer.port, peer.address)
    })
  }

  static async start(): Promise<NameServer> {
    const server = new NameServer()
    server.tcp.listen(0, '127.0.0.1')
    await once(server.tcp, 'listening')
    server.bound = (server.tcp.address() as AddressInfo).port
    server.udp.bind(server.port, '127.0.0.1')
    await once(server.udp, 'listening')
    return server
  }

  get port(): number {
    return this.bound
  }

  /** For `discovery.dns.resolvers`. */
  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  stop(): void {
    this.udp.close()
    this.tcp.close()
    for (const socket of this.sockets) socket.destroy()
  }

  private converse(socket: Socket): void {
    this.sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => this.sockets.delete(socket))
    socket.on('data', (data) => {
      for (const message of this.answers(data.subarray(2), true)) {
        const length = Buffer.alloc(2)
        length.writeUInt16BE(message.length)
        // In pieces: it is a stream.
        socket.write(length)
        setImmediate(() => socket.write(message))
      }
    })
  }

  private answers(query: Buffer, byTcp: boolean): Buffer[] {
    const { id = 0, questions = [], additionals = [] } = decode(query)
    const { name = '', type = 'A' } = questions[0] ?? {}
    this.asked.push(`${byTcp ? 'tcp ' : ''}${type} ${name}`)
    const response = { type: 'response' as const, id, questions: [{ name, type }] }
    if (this.old && additionals.length > 0) return [encode({ ...response, flags: CODES.FORMERR })]
    const names = this.names.get(name) ?? { code: 'NXDOMAIN' as const }
    if (names === 'silent') return []
    if (names === 'other') return [encode({ ...response, questions: [{ name: 'other.internal', type }] })]
    if (names === 'garbage')
      return [Buffer.concat([query.subarray(0, 2), Buffer.from([0x81]), Buffer.alloc(50, 0xff)])]
    if (names === 'loop') return [looping(query)]
    if (names === 'cut') {
      const answers = [{ name, type: 'A' as const, ttl: 1, data: '127.0.0.1' }]
      return [encode({ ...response, answers }).subarray(0, -3)]
    }
    if ('code' in names) return [encode({ ...response, flags: CODES[names.code] })]
    if (this.truncating && !byTcp) return [encode({ ...response, flags: TRUNCATED_RESPONSE })]
    // One with another id first, as if somebody had guessed.
    const forged = encode({
      ...response,
      id: (id + 1) % 65536,
      answers: [{ name, type: 'A', data: '192.0.2.66' }],
    })
    const answer = encode({
      ...response,
      answers: recordsOf(name, type, names),
      additionals: additionalOf(names),
    })
    return byTcp ? [answer] : [forged, answer]
  }
}

function recordsOf(name: string, type: string, names: Names): Answer[] {
  const { ttl = 1 } = names
  if (type === 'SRV') {
    return (names.SRV ?? []).map(({ target, port, priority = 0, weight = 0 }) => ({
      name,
      type: 'SRV',
      ttl,
      data: { target, port, priority, weight },
    }))
  }
  if (type !== 'A' && type !== 'AAAA') return []
  const addresses = names[type] ?? []
  if (addresses.length === 0) return []
  // By another name, as most do.
  const alias = `alias.${name}`
  return [
    { name, type: 'CNAME', ttl: 3600, data: alias },
    ...addresses.map((data): Answer => ({ name: alias, type, ttl, data })),
  ]
}

function additionalOf({ additional = {}, ttl = 1 }: Names): Answer[] {
  return Object.entries(additional).flatMap(([name, addresses]) =>
    addresses.map((data): Answer => ({ name, type: data.includes(':') ? 'AAAA' : 'A', ttl, data })),
  )
}

/** A name that points to itself. */
function looping(query: Buffer): Buffer {
  const head = Buffer.from(query.subarray(0, 12))
  head.writeUInt16BE(0x8180, 2)
  head.writeUInt16BE(0, 4)
  head.writeUInt16BE(1, 6)
  head.writeUInt16BE(0, 10)
  return Buffer.concat([head, Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1])])
}
