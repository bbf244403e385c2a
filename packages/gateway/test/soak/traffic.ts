import { setTimeout as sleep } from 'node:timers/promises'
import { HTTP2_ACTS } from './http2-traffic.ts'
import { begin, end, type Lane, pick, type WeightedAct } from './lane.ts'
import { LEAVING_ACTS } from './leaving.ts'
import { head, RawClient } from './raw-client.ts'
import { STORED_ACTS } from './stored-traffic.ts'

const FAULTS = [
  'die',
  'reset',
  'garbage',
  'split',
  'two',
  'short',
  'cut',
  'hang',
  'refuse',
  'nowhere',
] as const
/** What an origin of HTTP/2 does for clients of HTTP/1.1. */
const OVER_HTTP2 = [
  'h2c/ok',
  'h2c/chunked',
  'h2c/large',
  'h2c/events',
  'h2c/die',
  'h2c/cut',
  'h2c/leave',
] as const
const PIECE = Buffer.alloc(16 * 1024, 'u')

/** What clients do over HTTP/1.1 and stay for. */
const HTTP1_ACTS: readonly WeightedAct[] = [
  [30, get],
  [12, getOnKept],
  [6, (lane) => plain(lane, 'GET', 'chunked')],
  [4, (lane) => plain(lane, 'HEAD', 'ok')],
  [8, post],
  [5, postChunked],
  [3, expectContinue],
  [4, pipeline],
  [2, (lane) => plain(lane, 'GET', 'large')],
  [1, slowRead],
  [2, upload],
  [1, slowUpload],
  [3, (lane) => plain(lane, 'GET', 'events')],
  [3, webSocket],
  [2, earlyAnswer],
  [3, tooLarge],
  [14, fault],
  [4, malformed],
  [2, headTooLarge],
  [1, slowHead],
  [6, (lane) => plain(lane, 'GET', pick(lane, OVER_HTTP2))],
]

/** Everything that clients do, each act with its weight, by kinds of which a run may have some alone. */
export const ACTS = {
  http1: HTTP1_ACTS,
  leaving: LEAVING_ACTS,
  http2: HTTP2_ACTS,
  cached: STORED_ACTS,
} as const satisfies Readonly<Record<string, readonly WeightedAct[]>>

export type KindOfAct = keyof typeof ACTS

export const KINDS_OF_ACTS = Object.keys(ACTS) as readonly KindOfAct[] // it has no other keys

async function plain(lane: Lane, method: string, kind: string): Promise<void> {
  const client = new RawClient(lane.port)
  const { number, path } = begin(lane, kind)
  client.send(head(method, path, 'connection: close\r\n'))
  end(lane, number, client, await client.reply(method))
  client.socket.destroy()
}

function get(lane: Lane): Promise<void> {
  return plain(lane, 'GET', 'ok')
}

function fault(lane: Lane): Promise<void> {
  return plain(lane, pick(lane, ['GET', 'POST']), pick(lane, FAULTS))
}

async function getOnKept(lane: Lane): Promise<void> {
  for (let count = 0; count < 5; count++) {
    if (lane.kept?.usable !== true) lane.kept = new RawClient(lane.port)
    const client = lane.kept
    const { number, path } = begin(lane, 'ok')
    client.send(head('GET', path))
    const reply = await client.reply()
    end(lane, number, client, reply)
    if (reply.close) client.socket.destroy()
  }
  // Not left idle: a connection that the gateway closes as a request is sent is nobody's fault.
  lane.kept?.socket.destroy()
}

async function post(lane: Lane): Promise<void> {
  const client = new RawClient(lane.port)
  const { number, path } = begin(lane, 'echo')
  client.send(`${head('POST', path, 'content-length: 5\r\n')}hello`)
  end(lane, number, client, await client.reply())
  client.socket.destroy()
}

async function postChunked(lane: Lane): Promise<void> {
  const client = new RawClient(lane.port)
  const { number, path } = begin(lane, 'echo')
  client.send(head('POST', path, 'transfer-encoding: chunked\r\n'))
  client.send('5\r\nhello\r\n')
  await sleep(5)
  client.send('3\r\nyou\r\n0\r\n\r\n')
  end(lane, number, client, await client.reply())
  client.socket.destroy()
}

async function expectContinue(lane: Lane): Promise<void> {
  const client = new RawClient(lane.port)
  const { number, path } = begin(lane, 'echo')
  client.send(head('POST', path, 'content-length: 5\r\nexpect: 100-continue\r\n'))
  const first = await client.head()
  const isInformed = first?.startsWith('HTTP/1.1 100 ') === true
  // An origin that was too slow has asked for nothing.
  if (!isInformed && first?.startsWith('HTTP/1.1 504 ') !== true && !client.isLate)
    lane.ledger.mistake(`no 100 but ${first}`)
  if (isInformed) client.send('hello')
  end(lane, number, client, await client.reply('GET', first))
  client.socket.destroy()
}

async function pipeline(lane: Lane): Promise<void> {
  const client = new RawClient(lane.port)
  const requests = Array.from({ length: 2 + Math.floor(lane.random() * 6) }, () => begin(lane, 'ok'))
  client.send(requests.map(({ path }) => head('GET', path)).join(''))
  for (const { number } of requests) end(lane, number, client, await client.reply())
  client.socket.destroy()
}

async function slowRead(lane: Lane): Promise<void> {
  const client = new RawClient(lane.port)
  client.pause = 10
  const { number, path } = begin(lane, 'large')
  client.send(head('GET', path, 'connection: close\r\n'))
  end(lane, number, client, await client.reply())
  client.socket.destroy()
}

async function upload(lane: Lane): Promise<void> {
  const client = new RawClient(lane.port)
  const { number, path } = begin(lane, 'echo')
  client.send(head('POST', path, `content-length: ${PIECE.length * 32}\r\n`))
  for (let count = 0; count < 32; count++) client.send(PIECE)
  end(lane, number, client, await client.reply())
  client.socket.destroy()
}

async function slowUpload(lane: Lane): Promise<void> {
  const client = new RawClient(lane.port)
  const { number, path } = begin(lane, 'echo')
  client.send(head('POST', path, 'content-length: 100\r\n'))
  for (let count = 0; count < 10; count++) {
    await sleep(20)
    client.send('0123456789')
  }
  end(lane, number, client, await client.reply())
  client.socket.destroy()
}

async function webSocket(lane: Lane): Promise<void> {
  const client = new RawClient(lane.port)
  const { number, path } = begin(lane, pick(lane, ['echo', 'tunnels']))
  client.send(
    head(
      'GET',
      path,
      'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n',
    ),
  )
  const reply = await client.reply()
  if (reply.status === 101) {
    client.send('ping')
    if (!(await client.skip(4))) lane.ledger.mistake(`exchange ${number}: the tunnel did not echo`)
  } else if (reply.status !== 504 && !client.isLate) {
    // An origin that was too slow makes no tunnel, and nothing else does.
    lane.ledger.mistake(`exchange ${number}: no tunnel but ${reply.status}`)
  }
  end(lane, number, client, reply)
  if (lane.random() < 0.5) client.socket.end()
  else client.socket.resetAndDestroy()
  await client.end()
  client.socket.destroy()
}

/** The origin answers without reading the body. */
async function earlyAnswer(lane: Lane): Promise<void> {
  const client = new RawClient(lane.port)
  const { number, path } = begin(lane, 'early')
  client.send(head('POST', path, `content-length: ${PIECE.length * 4}\r\n`))
  client.send(PIECE)
  end(lane, number, client, await client.reply())
  client.socket.destroy()
}

async function tooLarge(lane: Lane): Promise<void> {
  const client = new RawClient(lane.port)
  const { number, path } = begin(lane, 'limited')
  const chunked = lane.random() < 0.5
  client.send(
    head('POST', path, chunked ? 'transfer-encoding: chunked\r\n' : `content-length: ${PIECE.length}\r\n`),
  )
  if (chunked) client.send(`${PIECE.length.toString(16)}\r\n`)
  client.send(PIECE)
  end(lane, number, client, await client.reply())
  client.socket.destroy()
}

const MALFORMED = [
  'GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n',
  'GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  'GET /\x00 HTTP/1.1\r\nhost: a\r\n\r\n',
  'GET / HTTP/1.1\r\nhost: a\r\n folded: b\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 this is TLS\r\n\r\n',
] as const

/** Requests that are refused before they are exchanges. */
async function refuse(lane: Lane, bytes: string, expected: number): Promise<void> {
  const client = new RawClient(lane.port)
  client.send(bytes)
  const { status } = await client.reply()
  if (status !== 0 || !client.isLate) lane.ledger.refused(status, expected)
  await client.end()
  client.socket.destroy()
}

function malformed(lane: Lane): Promise<void> {
  return refuse(lane, pick(lane, MALFORMED), 400)
}

function headTooLarge(lane: Lane): Promise<void> {
  return lane.random() < 0.5
    ? refuse(lane, head('GET', '/', `x: ${'x'.repeat(20_000)}\r\n`), 431)
    : refuse(lane, head('GET', `/${'x'.repeat(9_000)}`), 414)
}

function slowHead(lane: Lane): Promise<void> {
  return refuse(lane, 'GET / HTTP/1.1\r\nhost:', 408)
}
