import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import type { TestContext } from 'node:test'

/** Record types (RFC 1035 3.2.2, RFC 3596). */
const A = 1
const AAAA = 28

/** Answers each question anew: the addresses of a name, or a response code (RFC 1035 4.1.1) as 2, SERVFAIL. */
export type Zone = (name: string, type: 'A' | 'AAAA', question: number) => readonly string[] | number

/** A name server on 127.0.0.1 that answers what the test says, one question differently from the next if it likes. */
export interface NameServer {
  /** For `Resolver`. */
  readonly address: string
  /** Names asked for with type A, in order. */
  readonly asked: string[]
}

export async function serveNames(t: TestContext, zone: Zone): Promise<NameServer> {
  const socket = createSocket('udp4')
  const asked: string[] = []
  socket.on('message', (query: Buffer, peer: RemoteInfo) => {
    const { name, end } = questionOf(query)
    const type = query.readUInt16BE(end) === AAAA ? 'AAAA' : 'A'
    if (type === 'A') asked.push(name)
    socket.send(answer(query, end + 4, type, zone(name, type, asked.length)), peer.port, peer.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  t.after(() => socket.close())
  return { address: `127.0.0.1:${socket.address().port}`, asked }
}

function questionOf(query: Buffer): { name: string; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.'), end: at + 1 }
}

function answer(query: Buffer, end: number, type: 'A' | 'AAAA', given: readonly string[] | number): Buffer {
  const addresses = typeof given === 'number' ? [] : given
  const head = Buffer.alloc(12)
  query.copy(head, 0, 0, 2)
  // A response, recursion asked for and available; one question; no additional records.
  head.writeUInt16BE(0x8180 | (typeof given === 'number' ? given : 0), 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(addresses.length, 6)
  return Buffer.concat([head, query.subarray(12, end), ...addresses.map((address) => record(type, address))])
}

/** For the name of the question, good for no time at all. */
function record(type: 'A' | 'AAAA', address: string): Buffer {
  const bytes =
    type === 'A'
      ? Buffer.from(address.split('.').map(Number))
      : Buffer.from(
          address
            .split(':')
            .map((group) => group.padStart(4, '0'))
            .join(''),
          'hex',
        )
  const head = Buffer.from([0xc0, 0x0c, 0, type === 'A' ? A : AAAA, 0, 1, 0, 0, 0, 0, 0, bytes.length])
  return Buffer.concat([head, bytes])
}
