import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { type TestContext, test } from 'node:test'
import { type GatewayProcess, forkGateway } from './gateway-process.ts'
import { startService } from './origins.ts'

const MIB = 1024 * 1024
const HEAP = 64
const LARGE = 300 * MIB
/** How much the gateway may grow, whatever it carries: buffers of a few connections, and what garbage there is at a time. */
const GROWTH = 60 * MIB
/** Of a length that no buffer has, so that bytes of another place are never the same by chance. */
const CHUNK = randomBytes(65_521)
const PATTERN = Buffer.concat([CHUNK, CHUNK, CHUNK])

/** Gives `writable` so many bytes, as fast as it takes them. */
async function pour(writable: NodeJS.WritableStream, bytes: number): Promise<void> {
  for (let left = bytes; left > 0; left -= CHUNK.length) {
    if (!writable.write(left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK)) await once(writable, 'drain')
  }
  writable.end()
}

/** Takes all there is and compares it, with a pause after each piece, so that whoever sends is faster. */
async function takeSlowly(
  incoming: IncomingMessage,
  taken: (bytes: number) => void = () => {},
): Promise<number> {
  let bytes = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    for (let start = 0; start < chunk.length; start += CHUNK.length) {
      const piece = chunk.subarray(start, start + CHUNK.length)
      const place = (bytes + start) % CHUNK.length
      const expected = PATTERN.subarray(place, place + piece.length)
      assert.ok(piece.equals(expected), `wrong within ${piece.length} bytes at ${bytes + start}`)
    }
    bytes += chunk.length
    taken(bytes)
    await new Promise(setImmediate)
  }
  assert.ok(incoming.complete)
  return bytes
}

/** A gateway with a small heap, whose origin counts uploads and pours out downloads. */
async function start(t: TestContext): Promise<{ gateway: GatewayProcess; poured: () => number }> {
  let poured = (): number => 0
  const service = await startService(t, (incoming, response) => {
    if (incoming.method === 'POST') {
      takeSlowly(incoming).then(
        (bytes) => response.end(String(bytes)),
        (error: Error) => response.end(error.message),
      )
      return
    }
    const { socket } = incoming
    const before = socket.bytesWritten
    poured = () => socket.bytesWritten - before
    const bytes = Number(incoming.url?.slice(1))
    if (incoming.headers['x-chunked'] === undefined) response.setHeader('content-length', bytes)
    void pour(response, bytes)
  })
  const gateway = await forkGateway(t, { routes: [{ upstream: service.url }] }, [
    `--max-old-space-size=${HEAP}`,
  ])
  return { gateway, poured: () => poured() }
}

async function upload(url: string, bytes: number, headers: Record<string, string | number>): Promise<void> {
  const sent = request(url, { agent: false, method: 'POST', headers })
  const answered = once(sent, 'response') as Promise<[IncomingMessage]>
  await pour(sent, bytes)
  const [response] = await answered
  assert.equal(String(await response.setEncoding('latin1').toArray()), String(bytes))
}

async function download(
  url: string,
  bytes: number,
  headers: Record<string, string>,
  taken?: (bytes: number) => void,
): Promise<void> {
  const sent = request(`${url}/${bytes}`, { agent: false, headers }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  assert.equal(await takeSlowly(response, taken), bytes)
}

async function growth(gateway: GatewayProcess, work: (bytes: number) => Promise<void>): Promise<number> {
  await work(LARGE / 10) // until code and buffers are there
  const { memory } = await gateway.usage()
  await work(LARGE)
  return (await gateway.usage()).memory - memory
}

test('an upload of 300 MiB, of known length or in chunks, goes through a heap of 64 MiB in flat memory', async (t) => {
  const { gateway } = await start(t)
  for (const framing of ['content-length', 'chunked']) {
    const grown = await growth(gateway, (bytes) =>
      upload(gateway.url, bytes, framing === 'chunked' ? {} : { 'content-length': bytes }),
    )
    t.diagnostic(`grown by ${(grown / MIB).toFixed(1)} MiB (${framing})`)
    assert.ok(grown < GROWTH, `grown by ${grown} bytes`)
  }
})

test('a download of 300 MiB, of known length or in chunks, goes through a heap of 64 MiB in flat memory', async (t) => {
  const { gateway, poured } = await start(t)
  let ahead = 0
  for (const headers of [{}, { 'x-chunked': 'yes' }]) {
    const grown = await growth(gateway, (bytes) =>
      download(gateway.url, bytes, headers, (taken) => (ahead = Math.max(ahead, poured() - taken))),
    )
    t.diagnostic(
      `grown by ${(grown / MIB).toFixed(1)} MiB; the origin was ahead by ${(ahead / MIB).toFixed(1)} MiB`,
    )
    assert.ok(grown < GROWTH, `grown by ${grown} bytes`)
    // What the sockets' buffers hold in kernel and process: the rest waits at the origin.
    assert.ok(ahead < LARGE / 4, `the origin was ahead of the client by ${ahead} bytes`)
  }
})
