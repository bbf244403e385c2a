import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, it } from 'node:test'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { Supervisor } from '../../src/workers/supervisor.ts'
import { becomes } from '../becomes.ts'
import { startOrigin } from '../origin.ts'

const HOT = 20
/** Of every fourth key larger than a record of the memory takes in. */
const LARGE = 60_000

function contentOf(path: string): string {
  return path.repeat(path.endsWith('4') ? Math.ceil(LARGE / path.length) : 20)
}

/** What came on a connection of its own: the content, or undefined where the connection ended before all of it was there. */
function ask(port: number, path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`GET ${path} HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\n\r\n`)
    })
    let text = ''
    socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      const end = text.indexOf('\r\n\r\n')
      const content = text.slice(end + 4)
      const length = Number(/\r\ncontent-length: (\d+)\r\n/i.exec(text)?.[1])
      if (end >= 0 && content.length === length) assert.match(text, /^HTTP\/1\.1 200 /)
      resolve(end >= 0 && content.length === length ? content : undefined)
    })
  })
}

it('while workers are killed under load and everything is purged again and again, all whole answers are those of their keys, and the cache is as useful afterwards', async () => {
  const origin = await startOrigin(({ url = '' }, response) => {
    const content = contentOf(url)
    response.writeHead(200, { 'cache-tag': 'shop', 'content-length': content.length })
    // In two pieces, so that a worker may be killed in between.
    response.write(content.slice(0, content.length / 2))
    setImmediate(() => response.end(content.slice(content.length / 2)))
  })
  const parsed = parseConfig({
    workers: 2,
    cache: { memory: '2MiB' },
    listeners: [{ address: '127.0.0.1:0' }],
    admin: false,
    accessLog: false,
    routes: [{ name: 'shop', upstream: origin.url, cache: { ttl: '1h' } }],
  })
  assert.ok(parsed.ok)
  const supervisor = new Supervisor(parsed.config)
  after(() => supervisor.stop())
  const [listener] = await supervisor.start()
  const port = listener?.port ?? 0
  const store = supervisor.cache?.store ?? assert.fail()

  let cold = 0
  let answered = 0
  const load = { over: false }
  const clients = Array.from({ length: 8 }, async (_, client) => {
    for (let turn = client; !load.over; turn++) {
      const path = turn % 3 === 0 ? `/cold-${++cold}` : `/hot-${turn % HOT}`
      const content = await ask(port, path)
      if (content === undefined) continue
      answered++
      assert.equal(content, contentOf(path))
    }
  })
  const kills = async (): Promise<void> => {
    for (let round = 0; round < 3; round++) {
      const before = answered
      await eventually(() => answered > before + 20, 'clients are answered')
      await store.purge(round % 2 === 0 ? { by: 'tag', value: 'shop' } : { by: 'all' }, 'hard', Date.now())
      const slot = supervisor.slots[round % 2] ?? assert.fail()
      const { births } = slot
      slot.terminate()
      assert.equal(await becomes(() => slot.births > births && slot.state, 'listening'), 'listening')
    }
    load.over = true
  }
  try {
    await Promise.all([...clients, kills()])
  } finally {
    load.over = true
  }

  // No key is held by a worker that is gone, and what is stored now stays.
  await Promise.all(
    Array.from({ length: HOT }, async (_, key) => {
      const path = `/hot-${key}`
      assert.equal(await ask(port, path), contentOf(path))
    }),
  )
  const { requests } = origin
  for (let key = 0; key < HOT; key++) {
    const path = `/hot-${key}`
    for (let again = 0; again < 3; again++) assert.equal(await ask(port, path), contentOf(path))
  }
  assert.equal(origin.requests, requests)
})
