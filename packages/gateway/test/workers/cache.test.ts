import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { after, it } from 'node:test'
import type { GatewayConfig } from '../../src/config/schema/schema.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { Supervisor } from '../../src/workers/supervisor.ts'
import { becomes } from '../becomes.ts'
import { startOrigin } from '../origin.ts'

function configOf(upstream: string, further: object = {}): GatewayConfig {
  const result = parseConfig({
    workers: 2,
    cache: { memory: '8MiB' },
    listeners: [{ address: '127.0.0.1:0' }],
    admin: false,
    accessLog: false,
    routes: [{ name: 'shop', upstream, cache: { ttl: '1h', tags: ['shop'] } }],
    ...further,
  })
  assert.ok(result.ok, JSON.stringify(result))
  return result.config
}

it('workers share one cache: a reload and a crash leave it, and a purge holds in all of them', async () => {
  const large = 'x'.repeat(300_000)
  let count = 0
  const origin = await startOrigin(({ url }, response) => {
    response.writeHead(200, { 'cache-tag': url === '/large' ? 'large' : 'small' })
    response.end(url === '/large' ? large : String(++count))
  })
  const supervisor = new Supervisor(configOf(origin.url))
  after(() => supervisor.stop())
  const [listener] = await supervisor.start()
  const get = async (path: string): Promise<string> => {
    const url = `http://127.0.0.1:${listener?.port}${path}`
    return (await fetch(url, { headers: { connection: 'close' } })).text()
  }
  /**
   * From both workers, unless chance is very odd. One after the other: where a worker is held up in the midst of a look-up, another takes it for
   * a miss rather than wait.
   */
  const answers = async (): Promise<string> => {
    const all = new Set<string>()
    for (let each = 0; each < 16; each++) all.add(await get('/a'))
    return [...all].join()
  }
  assert.equal(await get('/a'), '1')
  assert.equal(await answers(), '1')
  assert.equal(await get('/large'), large)
  assert.equal(await get('/large'), large)
  assert.equal(origin.requests, 2)

  const store = supervisor.cache?.store
  assert.equal(store?.stats().entries, 2)
  assert.equal(await store?.purge({ by: 'tag', value: 'shop' }, 'soft', Date.now()), 2)
  assert.equal(await get('/a'), '2', 'what is stale is asked for anew')
  assert.equal(await answers(), '2')
  assert.equal(await store?.purge({ by: 'url', value: `http://127.0.0.1:${listener?.port}/a` }, 'hard', 0), 1)
  assert.equal(await get('/a'), '3')
  assert.equal(await answers(), '3')

  await supervisor.apply(configOf(origin.url, { timeouts: { exchange: '9s' } }))
  assert.equal(supervisor.cache?.store, store)
  assert.equal(await answers(), '3', 'a reload keeps what is stored')

  for (const slot of supervisor.slots) {
    const { births } = slot
    slot.terminate()
    assert.equal(await becomes(() => slot.births > births && slot.state, 'listening'), 'listening')
  }
  assert.equal(await answers(), '3', 'so does a crash')
  assert.match(supervisor.renderMetrics(), /^headgate_cache_entries 2$/m)

  const none = configOf(origin.url, { routes: [{ name: 'shop', upstream: origin.url }] })
  await supervisor.apply(none)
  const { cache: gone } = supervisor
  assert.equal(gone, undefined)
  assert.equal(await get('/a'), '4')
  await supervisor.apply(configOf(origin.url))
  assert.notEqual(supervisor.cache?.store, store)
  assert.equal(await get('/a'), '5')
  assert.equal(await answers(), '5')
})

/** Asks on a connection of its own, which may end before an answer has come. */
function askRaw(port: number, path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`GET ${path} HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\n\r\n`)
    })
    let text = ''
    socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(text))
  })
}

function activeOf(metrics: string): number {
  return Number(/^headgate_requests_active\{[^}]*\} (\d+)$/m.exec(metrics)?.[1] ?? 0)
}

it('a cold key is asked for once, however many workers and clients want it; a worker that dies with it is replaced by one that waits', async () => {
  const waiting: ServerResponse[] = []
  const origin = await startOrigin((_request, response) => void waiting.push(response))
  const supervisor = new Supervisor(configOf(origin.url))
  after(() => supervisor.stop())
  const [listener] = await supervisor.start()
  const port = listener?.port ?? 0
  const answers = Array.from({ length: 1000 }, () => askRaw(port, '/cold'))
  const requests = (): number => activeOf(supervisor.renderMetrics())
  assert.equal(await becomes(requests, 1000), 1000)
  assert.equal(origin.requests, 1)
  waiting.shift()?.end('content')
  for (const answer of await Promise.all(answers))
    assert.match(answer, /^HTTP\/1.1 200 [^]*\r\n\r\n.*content/)
  assert.equal(origin.requests, 1)

  // Which worker it is that has asked, chance decides.
  const owner = { died: false }
  for (let round = 0; round < 40 && !owner.died; round++) {
    const before: number = origin.requests
    const first = askRaw(port, `/${round}`)
    void first.then(() => (owner.died = waiting.length > 0))
    assert.equal(await becomes(() => waiting.length, 1), 1)
    const others = Array.from({ length: 20 }, () => askRaw(port, `/${round}`))
    assert.equal(await becomes(requests, 21), 21)
    assert.equal(origin.requests, before + 1)
    const [slot] = supervisor.slots
    const { births = 0 } = slot ?? {}
    slot?.terminate()
    assert.equal(await becomes(() => (slot?.births ?? 0) > births && slot?.state, 'listening'), 'listening')
    // By the time that this is answered, the connections of the dead worker are known to be closed.
    await askRaw(port, '/cold')
    if (owner.died) assert.equal(await becomes(() => waiting.length, 2), 2)
    assert.equal(origin.requests, before + (owner.died ? 2 : 1))
    for (const response of waiting.splice(0)) response.end('content')
    const texts = await Promise.all([first, ...others])
    assert.equal(texts[0], owner.died ? '' : texts.find((text) => text !== ''))
    assert.ok(texts.some((text) => text.includes('200')) && !texts.some((text) => / 50\d /.test(text)))
  }
  assert.ok(owner.died)
})
