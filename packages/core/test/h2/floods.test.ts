import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { cpuTimeDuring } from '../../../../scripts/testing/cpu-time.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { DEFAULT_HTTP2_LIMITS } from '../../src/h2/connection-options.ts'
import { codeOf } from '../../src/h2/error-codes.ts'
import { HpackEncoder } from '../../src/h2/hpack-encoder.ts'
import { CLIENT_PREFACE } from '../../src/h2/preface.ts'
import { Http2ServerConnection } from '../../src/h2/server-connection.ts'
import { StreamBody, WholeBody } from '../../src/message/body.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { problemResponse } from '../../src/policies/problem.ts'
import { DEFAULT_SERVER_OPTIONS } from '../../src/socket/connection-options.ts'
import { SocketReader } from '../../src/socket/socket-reader.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { FLOODS, type Flood } from './floods.ts'
import { frame } from './frames.ts'
import { ping } from './raw-client.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** The best of so many is judged: the first one compiles, and what else goes on is counted, too. */
const ROUNDS = 3
/** Of these, how many are weighed, the last ones: what is held in one of them alone is the garbage of something else. */
const WEIGHED = 2
/** How large the pieces of a long response are that an origin sends as long as it may. Bytes. */
const PIECE = 16 * 1024
const LAST = 'the last'

interface Measured {
  /** Milliseconds of CPU time of both ends together. */
  readonly cpu: number
  /** What live objects and buffers have grown by, before the peer closes its side; 0 where it was not weighed. Bytes. */
  readonly held: number
  /** The code of GOAWAY; undefined if the connection goes on. */
  readonly code: string | undefined
}

async function liveBytes(): Promise<number> {
  collect()
  // Buffers are given back after the collection that finds them unused.
  await turns(2)
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** 1 MiB, in pieces as they are asked for. */
function large(): HttpResponse {
  let left = 64
  const more = (): void => {
    while (left > 0) if (--left >= 0 && !body.push(Buffer.alloc(PIECE, 'x'))) return
    body.end()
  }
  const body: StreamBody = new StreamBody(undefined, { resumeBody: more, cancelBody: () => (left = 0) })
  setImmediate(more)
  return new HttpResponse(200, new HeaderList(), body)
}

function bytesOf({ before, each, count, settings }: Flood): Buffer {
  const encoder = new HpackEncoder()
  const first = before?.(encoder) ?? []
  const flood = Array.from({ length: count }, (_, index) => each(encoder, index))
  const begin = [CLIENT_PREFACE, frame(4, 0, 0, settings ?? ''), frame(4, 1, 0)]
  return Buffer.concat([...begin, ...first, ...flood, ping(LAST)])
}

async function measure(
  { answer, isRead = true }: Flood,
  bytes: Buffer,
  isWeighed: boolean,
): Promise<Measured> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const { port } = server.address() as AddressInfo
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const [socket] = await accepted
  const reader = new SocketReader()
  reader.attach(socket)
  const owner = { handler: () => answerOf(answer), refusal: problemResponse, closed: () => {} }
  const options = { ...DEFAULT_SERVER_OPTIONS, clock: new VirtualClock() }
  const { connection } = new Http2ServerConnection(socket, reader, owner, options, DEFAULT_HTTP2_LIMITS)
  let tail: Buffer = Buffer.alloc(0)
  let isHeard = false
  let isOver = false
  client.on('data', (bytes) => {
    const recent = Buffer.concat([tail, bytes])
    isHeard ||= recent.includes(LAST)
    tail = recent.subarray(-17)
  })
  client.on('error', () => {})
  client.on('end', () => (isOver = true))
  client.on('close', () => (isOver = true))
  if (!isRead) client.pause()
  const isDone = (): boolean => {
    if (!isRead) return connection.out.isBlocked
    return isOver || (isHeard && (answer === 'large' || connection.streams.table.size === 0))
  }
  try {
    const base = isWeighed ? await liveBytes() : 0
    const cpu = await cpuTimeDuring(async () => {
      client.write(bytes)
      await eventually(isDone, `the flood of ${bytes.length} bytes is over`)
      await turns(20) // origins have sent what they may
    })
    const held = isWeighed ? (await liveBytes()) - base : 0
    const code = isOver && tail[3] === 7 ? codeOf(tail.readUInt32BE(13)) : undefined
    return { cpu, held, code }
  } finally {
    client.destroy()
    connection.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
}

function answerOf(answer: Flood['answer']): Promise<HttpResponse> {
  if (answer === 'nothing') return new Promise<never>(() => {})
  return Promise.resolve(
    answer === 'large' ? large() : new HttpResponse(200, new HeaderList(), WholeBody.fromLatin1('ok')),
  )
}

for (const flood of FLOODS) {
  const { what, count, ends, cpu, held } = flood
  const end = ends === undefined ? 'the connection goes on' : `the connection ends with ${ends}`
  test(`${count} times ${what}: ${end}, for ${cpu} ms and ${held} KiB at the most`, async (t) => {
    const bytes = bytesOf(flood)
    const rounds: Measured[] = []
    for (let round = 1; round <= ROUNDS; round++)
      rounds.push(await measure(flood, bytes, round > ROUNDS - WEIGHED))
    const time = Math.min(...rounds.map((round) => round.cpu))
    const kib = Math.min(...rounds.slice(-WEIGHED).map((round) => round.held)) / 1024
    t.diagnostic(`${time.toFixed(1)} ms, ${kib.toFixed(0)} KiB`)
    assert.deepEqual(
      rounds.map(({ code }) => code),
      rounds.map(() => ends),
    )
    assert.ok(time <= cpu, `${time} ms of CPU time`)
    assert.ok(kib <= held, `${kib} KiB`)
  })
}
