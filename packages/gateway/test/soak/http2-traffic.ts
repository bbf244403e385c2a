import { constants, type OutgoingHttpHeaders } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Http2Call, Http2Client } from './http2-client.ts'
import { begin, type Lane, pick, type WeightedAct } from './lane.ts'

/** What comes from origins of either version. */
const KINDS = [
  'ok',
  'ok',
  'ok',
  'chunked',
  'large',
  'events',
  'h2c/ok',
  'h2c/ok',
  'h2c/chunked',
  'h2c/large',
] as const
const FAULTS = ['die', 'reset', 'garbage', 'short', 'cut', 'hang', 'refuse'] as const
const HTTP2_FAULTS = [
  'h2c/die',
  'h2c/reset',
  'h2c/short',
  'h2c/cut',
  'h2c/hang',
  'h2c/refuse',
  'h2c/leave',
] as const
const PIECE = Buffer.alloc(16 * 1024, 'u')
const MESSAGE = Buffer.from('\0\0\0\0\x05hello', 'latin1')
const GRPC = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' }

/** What clients do over HTTP/2, with its weight. */
export const HTTP2_ACTS: readonly WeightedAct[] = [
  [16, (lane) => together(lane, KINDS)],
  [8, (lane) => together(lane, [...FAULTS, ...HTTP2_FAULTS, 'ok', 'h2c/ok'])],
  [6, upload],
  [2, earlyAnswer],
  [2, tooLarge],
  [2, headTooLarge],
  [4, leaveStreams],
  [3, leaveConnection],
  [8, calls],
  [3, talk],
  [2, leaveCall],
  [3, webSocket],
]

function end(
  { ledger }: Lane,
  number: number,
  { hung, isLate }: Http2Call,
  status: number,
  whole: boolean,
): void {
  if (status === 0 && isLate && !hung) return ledger.end(number, { kind: 'unheard' })
  if (hung) ledger.mistake(`exchange ${number}: the gateway said nothing for too long`)
  if (status === 0) ledger.mistake(`exchange ${number}: the gateway closed its stream without a response`)
  ledger.end(number, { kind: whole ? 'answered' : 'cut', status })
}

async function settle(lane: Lane, number: number, call: Http2Call): Promise<void> {
  const { status, whole } = await call.reply()
  end(lane, number, call, status, whole)
}

/** Several at a time on one connection. */
async function together(lane: Lane, kinds: readonly string[]): Promise<void> {
  const client = new Http2Client(lane.port)
  const count = 1 + Math.floor(lane.random() * 8)
  await Promise.all(
    Array.from({ length: count }, () => {
      const { number, path } = begin(lane, pick(lane, kinds))
      return settle(lane, number, client.send({ ':path': path }))
    }),
  )
  client.close()
}

async function upload(lane: Lane): Promise<void> {
  const client = new Http2Client(lane.port)
  const { number, path } = begin(lane, pick(lane, ['echo', 'h2c/echo']))
  const call = client.send({ ':method': 'POST', ':path': path }, false)
  for (let count = 0; count < 32; count++) call.stream.write(PIECE)
  call.stream.end()
  await settle(lane, number, call)
  client.close()
}

/** The origin answers without reading the content. */
async function earlyAnswer(lane: Lane): Promise<void> {
  const client = new Http2Client(lane.port)
  const { number, path } = begin(lane, pick(lane, ['early', 'h2c/early']))
  const call = client.send({ ':method': 'POST', ':path': path }, false)
  call.stream.write(PIECE)
  await settle(lane, number, call)
  client.close()
}

async function tooLarge(lane: Lane): Promise<void> {
  const client = new Http2Client(lane.port)
  const { number, path } = begin(lane, 'limited')
  const call = client.send({ ':method': 'POST', ':path': path }, false)
  call.stream.end(PIECE)
  await settle(lane, number, call)
  client.close()
}

async function headTooLarge(lane: Lane): Promise<void> {
  const client = new Http2Client(lane.port)
  const call = client.send({ ':path': '/', x: 'x'.repeat(20_000) })
  const { status } = await call.reply()
  if (status !== 0 || !call.isLate) lane.ledger.refused(status, 431)
  client.close()
}

/** Some are reset while the origin works, others of the same connection are not. */
async function leaveStreams(lane: Lane): Promise<void> {
  const client = new Http2Client(lane.port)
  const stay = begin(lane, 'ok')
  const staying = settle(lane, stay.number, client.send({ ':path': stay.path }))
  await Promise.all(['hang', 'h2c/hang', 'large', 'h2c/large'].map((kind) => leave(lane, client, kind)))
  await staying
  client.close()
}

async function leave(lane: Lane, client: Http2Client, kind: string): Promise<void> {
  const { number, path } = begin(lane, kind)
  const reached = lane.arrivals.reached(path)
  const call = client.send({ ':path': path })
  const seen = await reached
  if (kind.endsWith('large')) await call.until(50_000)
  call.stream.close(constants.NGHTTP2_CANCEL)
  await call.reply()
  lane.ledger.end(number, { kind: 'cancelled', seen })
}

/** The whole connection, at once or while origins work. */
async function leaveConnection(lane: Lane): Promise<void> {
  const client = new Http2Client(lane.port)
  const started = ['hang', 'h2c/hang', 'large', 'ok'].map((kind) => {
    const { number, path } = begin(lane, kind)
    const reached = lane.arrivals.reached(path)
    client.send({ ':path': path })
    return { number, reached }
  })
  const waits = lane.random() < 0.5
  const seen = waits ? await Promise.all(started.map(({ reached }) => reached)) : []
  await sleep(lane.random() * 3)
  client.session.destroy()
  for (const [index, { number }] of started.entries()) {
    lane.ledger.end(number, { kind: 'cancelled', seen: seen[index] ?? false })
  }
}

/** A call of gRPC, whose method is its number. */
function call(
  lane: Lane,
  client: Http2Client,
  kind: string,
  more: OutgoingHttpHeaders = {},
): [number, Http2Call] {
  const number = lane.ledger.begin()
  return [number, client.send({ ...GRPC, ':path': `/soak.Calls/${number}`, 'x-kind': kind, ...more }, false)]
}

async function calls(lane: Lane): Promise<void> {
  const client = new Http2Client(lane.port)
  const kinds = ['unary', 'unary', 'stream', 'missing', 'reset', 'cut', 'hang']
  await Promise.all(
    Array.from({ length: 1 + Math.floor(lane.random() * 5) }, async () => {
      const kind = pick(lane, kinds)
      const [number, one] = call(lane, client, kind, kind === 'hang' ? { 'grpc-timeout': '200m' } : {})
      one.stream.end(MESSAGE)
      await settle(lane, number, one)
    }),
  )
  client.close()
}

/** Both sides send messages, in turns. */
async function talk(lane: Lane): Promise<void> {
  const client = new Http2Client(lane.port)
  const [number, one] = call(lane, client, 'talk')
  for (let count = 1; count <= 10; count++) {
    one.stream.write(MESSAGE)
    if (!(await one.until(count * MESSAGE.length))) break
  }
  one.stream.end()
  await settle(lane, number, one)
  client.close()
}

async function leaveCall(lane: Lane): Promise<void> {
  const client = new Http2Client(lane.port)
  const [number, one] = call(lane, client, 'talk')
  one.stream.write(MESSAGE)
  const seen = await one.until(MESSAGE.length)
  one.stream.close(constants.NGHTTP2_CANCEL)
  await one.reply()
  lane.ledger.end(number, { kind: 'cancelled', seen })
  client.close()
}

/** Over HTTP/2 to an origin of either version. */
async function webSocket(lane: Lane): Promise<void> {
  const client = new Http2Client(lane.port)
  await client.begun()
  const { number, path } = begin(lane, pick(lane, ['echo', 'tunnels']))
  const one = client.send(
    {
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':scheme': 'http',
      ':path': path,
      'sec-websocket-version': '13',
    },
    false,
  )
  one.stream.write('ping')
  const hasEchoed = await one.until(4)
  one.stream.end()
  const { status, whole } = await one.reply()
  // An origin that was too slow has made no tunnel.
  if (!hasEchoed && status !== 504 && !(status === 0 && one.isLate))
    lane.ledger.mistake(`exchange ${number}: the tunnel did not echo`)
  // The log tells of a tunnel as HTTP/1.1 does.
  end(lane, number, one, status === 200 ? 101 : status, whole)
  client.close()
}
