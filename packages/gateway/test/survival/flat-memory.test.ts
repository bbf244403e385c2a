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
async function pour(writable: NodeJS.WritableStream, octets: number): Promise<void> {
  for (let left = octets; left > 0; left -= CHUNK.length) {
    if (!writable.write(left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK)) await once(writable, 'drain')
  }
  writable.end()
}

/** Takes all there is and compares it, with a pause after each piece, so that whoever sends is faster. */
async function takeSlowly(
  incoming: IncomingMessage,
  taken: (octets: number) => void = () => {},
): Promise<number> {
  let octets = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    for (let start = 0; start < chunk.length; start += CHUNK.length) {
      const piece = chunk.subarray(start, start + CHUNK.length)
      const place = (octets + start) % CHUNK.length
      const expected = PATTERN.subarray(place, place + piece.length)
      assert.ok(piece.equals(expected), `wrong within ${piece.length} bytes at ${octets + start}`)
    }
    octets += chunk.length
    taken(octets)
    await new Promise(setImmediate)
  }
  assert.ok(incoming.complete)
  return octets
}

/** A gateway with a small heap, whose origin counts uploads and pours out downloads. */
async function start(t: TestContext): Promise<{ gateway: GatewayProcess; poured: () => number }> {
  let poured = (): number => 0
  const service = await startService(t, (incoming, response) => {
    if (incoming.method === 'POST') {
      takeSlowly(incoming).then(
        (octets) => response.end(String(octets)),
        (error: Error) => response.end(error.message),
      )
      return
    }
    const { socket } = incoming
    const before = socket.bytesWritten
    poured = () => socket.bytesWritten - before
    const octets = Number(incoming.url?.slice(1))
    if (incoming.headers['x-chunked'] === undefined) response.setHeader('content-length', octets)
    void pour(response, octets)
  })
  const gateway = await forkGateway(t, { routes: [{ upstream: service.url }] }, [
    `--max-old-space-size=${HEAP}`,
  ])
  return { gateway, poured: () => poured() }
}

async function upload(url: string, octets: number, headers: Record<string, string | number>): Promise<void> {
  const sent = request(url, { agent: false, method: 'POST', headers })
  const answered = once(sent, 'response') as Promise<[IncomingMessage]>
  await pour(sent, octets)
  const [response] = await answered
  assert.equal(String(await response.setEncoding('latin1').toArray()), String(octets))
}

async function download(
  url: string,
  octets: number,
  headers: Record<string, string>,
  taken?: (octets: number) => void,
): Promise<void> {
  const sent = request(`${url}/${octets}`, { agent: false, headers }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  assert.equal(await takeSlowly(response, taken), octets)
}

async function growth(gateway: GatewayProcess, work: (octets: number) => Promise<void>): Promise<number> {
  await work(LARGE / 10) // until code and buffers are there
  const { memory } = await gateway.usage()
  await work(LARGE)
  return (await gateway.usage()).memory - memory
}

test('an upload of 300 MiB, of known length or in chunks, goes through a heap of 64 MiB in flat memory', async (t) => {
  const { gateway } = await start(t)
  for (const framing of ['content-length', 'chunked']) {
    const grown = await growth(gateway, (octets) =>
      upload(gateway.url, octets, framing === 'chunked' ? {} : { 'content-length': octets }),
    )
    t.diagnostic(`grown by ${(grown / MIB).toFixed(1)} MiB (${framing})`)
    assert.ok(grown < GROWTH, `grown by ${grown} bytes`)
  }
})

test('a download of 300 MiB, of known length or in chunks, goes through a heap of 64 MiB in flat memory', async (t) => {
  const { gateway, poured } = await start(t)
  let ahead = 0
  for (const headers of [{}, { 'x-chunked': 'yes' }]) {
    const grown = await growth(gateway, (octets) =>
      download(gateway.url, octets, headers, (taken) => (ahead = Math.max(ahead, poured() - taken))),
    )
    t.diagnostic(
      `grown by ${(grown / MIB).toFixed(1)} MiB; the origin was ahead by ${(ahead / MIB).toFixed(1)} MiB`,
    )
    assert.ok(grown < GROWTH, `grown by ${grown} bytes`)
    // What the sockets' buffers hold in kernel and process: the rest waits at the origin.
    assert.ok(ahead < LARGE / 4, `the origin was ahead of the client by ${ahead} bytes`)
  }
})
