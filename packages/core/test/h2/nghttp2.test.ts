import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  connect as connectHttp2,
  createServer as createHttp2Server,
  type Http2Server,
  type IncomingHttpHeaders,
  sensitiveHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { Field } from '../../src/h2/field.ts'
import { field, pair, type Pair } from './hpack-blocks.ts'
import { RawPeer } from './raw-peer.ts'
import { fc } from '../../../../scripts/testing/property.ts'

/** Blocks between our HPACK and that of nghttp2, the library in node:http2: what one encodes the other decodes. */

const NAMES = ['accept', 'user-agent', 'cookie', 'x-secret', 'x-a', 'x-b', 'cache-control', 'etag', 'x-long']
const name = fc.oneof(fc.constantFrom(...NAMES), fc.stringMatching(/^x-[a-z0-9]{1,20}$/))
const value = fc.oneof(
  fc.constantFrom('', 'a', 'b', 'text/html', 'no-cache', 'caf\xe9 \xff', 'v'.repeat(300), 'w'.repeat(3000)),
  fc.stringMatching(/^[!-~]{1,60}$/),
)
const lists = fc.array(fc.tuple(name, value), { maxLength: 12 })
const ROUNDS = 60
/** What both sides tell as SETTINGS_HEADER_TABLE_SIZE: the first what we tell. */
const TABLE_SIZES = [
  [4096, 4096],
  [0, 0],
  [200, 65_536],
  [65_536, 100],
] as const

const GET: readonly Pair[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'a'],
]

async function listening(t: TestContext, server: Server | Http2Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

function inPairs(raw: readonly string[]): Pair[] {
  return Array.from(
    { length: raw.length / 2 },
    (_, index) => [raw[2 * index] ?? '', raw[2 * index + 1] ?? ''] as const,
  )
}

/** Each name once: a record of headers has no order among those of one name. */
function asRecord(list: readonly Pair[]): Readonly<Record<string, string>> {
  return Object.fromEntries(list)
}

function sorted(pairs: readonly Pair[]): Pair[] {
  return pairs.filter(([name]) => name !== 'date').toSorted((a, b) => (a[0] < b[0] ? -1 : 1))
}

for (const [seed, [ours, theirs]] of TABLE_SIZES.entries()) {
  test(`requests of ours are read by nghttp2 and its responses by us, with tables of ${ours} and ${theirs} bytes`, async (t) => {
    const server = createHttp2Server({ settings: { headerTableSize: theirs } })
    let answer: readonly Pair[] = []
    let got: { raw: Pair[]; sensitive: string[] } | undefined
    // The types leave the raw headers out.
    const answerStream = (
      stream: ServerHttp2Stream,
      headers: IncomingHttpHeaders,
      _flags: number,
      raw: string[],
    ): void => {
      got = { raw: inPairs(raw), sensitive: Reflect.get(headers, sensitiveHeaders) as string[] }
      stream.respond({ ':status': 200, ...asRecord(answer) }, { endStream: true })
    }
    server.on('stream', answerStream as (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void)
    const socket = connect(await listening(t, server), '127.0.0.1')
    t.after(() => socket.destroy())
    const closed = once(socket, 'close').then(() => assert.fail('the connection was closed'))
    let tell: (fields: readonly Field[]) => void = () => {}
    const peer = new RawPeer(socket, false, ours, (_streamId, fields) => tell(fields))
    for (const [round, [request, response]] of fc
      .sample(fc.tuple(lists, lists), { numRuns: ROUNDS, seed })
      .entries()) {
      answer = response
      const told = Promise.race([new Promise<readonly Field[]>((resolve) => (tell = resolve)), closed])
      const fields = [...GET, ...request].map(([name, value]) => field(name, value))
      peer.writer.headers(2 * round + 1, fields, peer.encoder, true)
      assert.deepEqual(
        sorted((await told).map(pair)),
        sorted([[':status', '200'], ...Object.entries(asRecord(response))]),
      )
      assert.deepEqual(got?.raw, fields.map(pair))
      // An empty cookie is an entry of the static table, and no secret.
      const secret = request.flatMap(([name, value]) =>
        (name === 'cookie' && value !== '') || name === 'x-secret' ? [name] : [],
      )
      assert.deepEqual(new Set(got?.sensitive), new Set(secret))
    }
    assert.equal(peer.fault, undefined)
    assert.ok(ours === 0 || peer.decoder.tableSize > 0, 'nghttp2 has put something into our table')
    assert.ok(theirs === 0 || peer.encoder.tableSize > 0)
  })
}

test('requests of nghttp2 are read by us and our responses by it', async (t) => {
  const [response, request] = [
    fc.sample(lists, { numRuns: ROUNDS, seed: 7 }),
    fc.sample(lists, { numRuns: ROUNDS, seed: 8 }),
  ]
  const read: Pair[][] = []
  const server = createServer((socket: Socket) => {
    const peer = new RawPeer(socket, true, 1000, (streamId, fields) => {
      const answer = response[read.length] ?? []
      read.push(fields.map(pair))
      peer.writer.headers(
        streamId,
        [field(':status', '200'), ...answer.map(([name, value]) => field(name, value))],
        peer.encoder,
        true,
      )
    })
  })
  const session = connectHttp2(`http://127.0.0.1:${await listening(t, server)}`)
  t.after(() => session.destroy())
  for (const [round, headers] of request.entries()) {
    const stream = session.request({ ':path': `/${round}`, ...asRecord(headers) }, { endStream: true })
    const answered = (await once(stream, 'response')) as [
      headers: IncomingHttpHeaders,
      flags: number,
      raw: string[],
    ]
    stream.resume()
    assert.deepEqual(inPairs(answered[2]), [[':status', '200'], ...(response[round] ?? [])])
    const regular = read[round]?.filter(([name]) => !name.startsWith(':')) ?? []
    assert.deepEqual(sorted(regular), sorted(Object.entries(asRecord(headers))))
    assert.ok(read[round]?.some(([name, value]) => name === ':path' && value === `/${round}`))
  }
})
