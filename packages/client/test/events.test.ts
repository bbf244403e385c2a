import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { VirtualClock } from '@headgate/core/testing'
import { HeaderList, HttpResponse, bodyFrom, type Handler, TrafficError } from '@headgate/core'
import { type Client, type ClientEventName, type ClientEvents, createClient } from '../src/index.ts'
import { clientOf, originOf } from './origin.ts'

const NAMES: readonly ClientEventName[] = [
  'submitted',
  'attempt-started',
  'response-received',
  'attempt-failed',
  'retry-scheduled',
  'hedge-sent',
  'rate-limited',
  'cancelled',
  'finished',
  'circuit-changed',
]

type Told = { readonly name: ClientEventName } & Partial<
  ClientEvents['finished'] & ClientEvents['retry-scheduled']
>

/** All that a client tells, in order. */
function listen(client: Client): Told[] {
  const told: Told[] = []
  for (const name of NAMES) client.on(name, (event) => told.push({ name, ...event } as Told))
  return told
}

const ok: Handler = () => Promise.resolve(new HttpResponse(200, new HeaderList(), bodyFrom('ok')))

/** Fails as many times as it is told, then answers. */
function failing(times: number): Handler {
  let left = times
  return (exchange) => {
    if (left-- <= 0) return ok(exchange)
    return Promise.reject(
      new TrafficError('connect_failed', 'refused', { phase: 'connect', replaySafe: 'unsent' }),
    )
  }
}

test('a call tells of its life in order, from submitted to finished', async (t) => {
  const url = await originOf(t, (_request, response) => response.end('12345'))
  const client = clientOf(t, { name: 'orders', tracing: false })
  const told = listen(client)
  await client.get(`${url}/a?token=secret`).text()
  assert.deepEqual(
    told.map(({ name }) => name),
    ['submitted', 'attempt-started', 'response-received', 'finished'],
  )
  const [first, , , last] = told
  assert.equal(first?.client, 'orders')
  assert.equal(first?.url, `${url}/a`)
  assert.ok(told.every(({ call }) => call === first?.call))
  assert.equal(last?.status, 200)
  assert.equal(last?.attempts, 1)
  assert.equal(last?.bytes, 5)
  assert.equal(last?.code, undefined)
})

test('retries tell what failed, how long they wait, and which attempt it was', async () => {
  const clock = new VirtualClock()
  const client = createClient({ clock, transport: failing(2), tracing: false })
  const told = listen(client)
  const text = client.get('http://a.example/').text()
  await clock.advance(10_000)
  assert.equal(await text, 'ok')
  assert.deepEqual(
    told.map(({ name, attempt }) => (attempt === undefined ? name : `${name} ${attempt}`)),
    [
      'submitted',
      'attempt-started 1',
      'attempt-failed 1',
      'retry-scheduled 1',
      'attempt-started 2',
      'attempt-failed 2',
      'retry-scheduled 2',
      'attempt-started 3',
      'response-received 3',
      'finished',
    ],
  )
  const scheduled = told.find(({ name }) => name === 'retry-scheduled')
  assert.equal(scheduled?.code, 'connect_failed')
  assert.ok((scheduled?.delay ?? -1) >= 0)
})

test('a cancelled call tells cancelled, and then finished with the same code', async () => {
  const client = createClient({ transport: () => new Promise(() => {}), tracing: false })
  const told = listen(client)
  const abort = new AbortController()
  const call = client.get('http://a.example/', { signal: abort.signal })
  setImmediate(() => abort.abort())
  await assert.rejects(call, { code: 'cancelled' })
  const last = told.slice(-2)
  assert.deepEqual(
    last.map(({ name, code }) => [name, code]),
    [
      ['cancelled', 'cancelled'],
      ['finished', 'cancelled'],
    ],
  )
})

test('a deadline that passes tells cancelled with its own code', async () => {
  const clock = new VirtualClock()
  const client = createClient({
    clock,
    timeout: 1_000,
    transport: () => new Promise(() => {}),
    tracing: false,
  })
  const told = listen(client)
  const call = assert.rejects(client.get('http://a.example/'), { code: 'deadline_exceeded' })
  await clock.advance(2_000)
  await call
  assert.equal(told.find(({ name }) => name === 'cancelled')?.code, 'deadline_exceeded')
})

test('waiting for the rate, hedging and a circuit that opens are told', async () => {
  const clock = new VirtualClock()
  const limited = createClient({ clock, transport: ok, rateLimit: { rate: 1, burst: 1 }, tracing: false })
  const heard = listen(limited)
  const calls = [limited.get('http://a.example/'), limited.get('http://a.example/')]
  await clock.advance(2_000)
  await Promise.all(calls)
  assert.equal(heard.filter(({ name }) => name === 'rate-limited').length, 1)

  let requests = 0
  const slowOnce: Handler = (exchange) => (requests++ === 0 ? new Promise(() => {}) : ok(exchange))
  const hedging = createClient({ clock, transport: slowOnce, hedge: { delay: 50 }, tracing: false })
  const hedged = listen(hedging)
  const call = hedging.get('http://a.example/').text()
  await clock.advance(100)
  assert.equal(await call, 'ok')
  assert.equal(hedged.filter(({ name }) => name === 'hedge-sent').length, 1)

  const breaking = createClient({ clock, transport: failing(Infinity), retry: false, tracing: false })
  const opened = listen(breaking)
  for (let call = 0; call < 40; call++) await breaking.attempt('http://a.example/')
  const change = opened.find(({ name }) => name === 'circuit-changed')
  assert.deepEqual(
    { ...change },
    {
      name: 'circuit-changed',
      client: 'client',
      origin: 'http://a.example',
      from: 'closed',
      to: 'open',
    },
  )
})

test('the same is told on diagnostics_channel', async (t) => {
  const heard: unknown[] = []
  const listener = (event: unknown): void => void heard.push(event)
  subscribe('headgate.client.finished', listener)
  t.after(() => unsubscribe('headgate.client.finished', listener))
  await createClient({ name: 'channel', transport: ok }).get('http://a.example/').text()
  assert.equal(heard.length, 1)
  assert.partialDeepStrictEqual(heard[0], { client: 'channel', status: 200, url: 'http://a.example/' })
})

test('a listener that is taken off hears no more, and one that throws breaks no call', async (t: TestContext) => {
  const client = createClient({ transport: ok })
  let heard = 0
  const off = client.on('finished', () => heard++)
  await client.get('http://a.example/').text()
  off()
  client.on('submitted', () => {
    throw new Error('from a listener')
  })
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  t.after(() => {
    for (const listener of listeners) process.on('uncaughtException', listener)
  })
  const uncaught = once(process, 'uncaughtException')
  assert.equal(await client.get('http://a.example/').text(), 'ok')
  const [error] = (await uncaught) as [Error]
  assert.equal(error.message, 'from a listener')
  assert.equal(heard, 1)
})

test('metrics count calls, attempts, retries, statuses, errors and bytes of each origin', async (t) => {
  let requests = 0
  const url = await originOf(t, (request, response) => {
    requests++
    if (request.url === '/cut') request.socket.destroy()
    else response.writeHead(request.url === '/flaky' && requests === 1 ? 503 : 200).end('12345')
  })
  const client = clientOf(t, { baseUrl: url, retry: { backoff: { base: 1, max: 1 } } })
  await client.get('/flaky').text()
  await client.post('/', { body: 'abc' }).text()
  await client.attempt(client.post('/cut', { body: 'x' }))
  const [figures] = client.metrics()
  assert.partialDeepStrictEqual(figures, {
    origin: url,
    active: 0,
    calls: 3,
    attempts: 4,
    retries: 1,
    hedges: 0,
    responses: { '2xx': 2 },
    errors: { upstream_closed: 1 },
    bytesReceived: 10,
    circuit: 'closed',
  })
  assert.equal(figures?.duration.count, 3)
  assert.equal(figures?.duration.buckets.at(-1)?.count, 3)
  assert.ok((figures?.bytesSent ?? 0) >= 3)
  assert.equal(figures?.pool?.active, 0)
})

test('a call that still runs is active in metrics', async (t) => {
  const url = await originOf(t, () => {})
  const client = clientOf(t)
  const abort = new AbortController()
  const call = client.get(url, { signal: abort.signal })
  await new Promise((resolve) => client.on('attempt-started', resolve))
  assert.equal(client.metrics()[0]?.active, 1)
  abort.abort()
  await assert.rejects(call)
  assert.equal(client.metrics()[0]?.active, 0)
})
