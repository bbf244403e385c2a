import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { ScriptedConnection } from '@headgate/core/testing'
import { runGateway } from '../headgate-process.ts'
import { nextResponse } from '../survival/http-client.ts'

const MB = 1_000_000
const LAST_CHUNK = '0\r\n\r\n'

/** A message of about `size` bytes: its content in one piece with a length, or in chunks of one byte. */
function message(startLine: string, size: number, tiny: boolean): Buffer {
  const content = tiny ? '1\r\nx\r\n'.repeat(size / 6) + LAST_CHUNK : 'x'.repeat(size)
  const framing = tiny ? 'transfer-encoding: chunked' : `content-length: ${size}`
  return Buffer.from(`${startLine}\r\nhost: a\r\n${framing}\r\n\r\n${content}`)
}

/** An origin that takes any amount of content and answers at its end, or sends content for a target such as `/tiny/6000000`. */
async function startOrigin(t: TestContext): Promise<string> {
  const server = createServer((socket) => {
    let begun = ''
    let tail = ''
    let expected: number | undefined
    let received = 0
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      if (expected === undefined) {
        begun += chunk.toString('latin1')
        const end = begun.indexOf('\r\n\r\n')
        if (end < 0) return
        const [, kind, size] = /^GET \/(\w+)\/(\d+)/.exec(begun) ?? []
        if (kind !== undefined) {
          begun = ''
          socket.write(message('HTTP/1.1 200 OK', Number(size), kind === 'tiny'))
          return
        }
        expected = Number(/content-length: (\d+)/.exec(begun)?.[1] ?? Infinity)
        received = begun.length - end - 4
      } else received += chunk.length
      tail = (tail + chunk.toString('latin1', Math.max(0, chunk.length - 5))).slice(-5)
      if (received < expected && !(expected === Infinity && tail === LAST_CHUNK)) return
      expected = undefined
      begun = tail = ''
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on TCP
}

/** The longest that another client of the worker waits for an answer while `work` is under way. Milliseconds. */
async function longestWait(port: number, work: () => Promise<void>): Promise<number> {
  const other = await ScriptedConnection.to(port)
  let longest = 0
  const working = new AbortController()
  const probing = (async () => {
    while (!working.signal.aborted) {
      const asked = performance.now()
      other.send('GET /probe HTTP/1.1\r\nhost: a\r\n\r\n')
      assert.equal((await nextResponse(other)).status, 200)
      longest = Math.max(longest, performance.now() - asked)
    }
  })()
  await work()
  working.abort()
  await probing
  other.socket.destroy()
  return longest
}

/** Sends it all, and waits for the status, and for the last bytes of the response where there are such. */
async function exchange(
  port: number,
  bytes: Uint8Array,
  response?: { size: number; tiny: boolean },
): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  let [received, head, tail] = [0, '', '']
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`closed after ${received} bytes`)))
    socket.on('data', (chunk) => {
      received += chunk.length
      if (head.length < 1000) head += chunk.toString('latin1', 0, 1000)
      tail = (tail + chunk.toString('latin1', Math.max(0, chunk.length - 5))).slice(-5)
      const complete =
        response === undefined || (response.tiny ? tail === LAST_CHUNK : received > response.size)
      if (complete) resolve()
    })
    socket.write(bytes)
  })
  socket.removeAllListeners('close').destroy()
  assert.match(head, /^HTTP\/1\.1 200 /)
}

test('a body of tiny chunks holds the other clients of a worker for no longer than a body with a length, in both directions', async (t) => {
  const origin = await startOrigin(t)
  const { url } = await runGateway({
    workers: 1,
    listeners: [{ address: '127.0.0.1:0' }],
    accessLog: false,
    routes: [{ match: { path: '/probe' }, respond: { status: 200, body: 'here' } }, { upstream: origin }],
  })
  const port = Number(new URL(url).port)
  const up = (size: number, tiny: boolean) => exchange(port, message('POST / HTTP/1.1', size, tiny))
  const down = (size: number, tiny: boolean) =>
    exchange(port, Buffer.from(`GET /${tiny ? 'tiny' : 'length'}/${size} HTTP/1.1\r\nhost: a\r\n\r\n`), {
      size,
      tiny,
    })
  for (const [name, send] of [
    ['request', up],
    ['response', down],
  ] as const) {
    await send(0.6 * MB, true) // what is compiled late is not measured
    for (const size of [0.6 * MB, 6 * MB]) {
      const plain = await longestWait(port, () => send(size, false))
      const tiny = await longestWait(port, () => send(size, true))
      t.diagnostic(
        `${name} of ${size / MB} MB: ${plain.toFixed(1)} ms with a length, ${tiny.toFixed(1)} ms in tiny chunks`,
      )
      assert.ok(tiny < Math.max(10 * plain, 400), `${name}: others waited ${tiny} ms, beside ${plain} ms`)
    }
  }
})
