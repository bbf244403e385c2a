import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { collect } from '../../src/message/body.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { type Policy, stack } from '../../src/message/handler.ts'
import { HttpRequest } from '../../src/message/request.ts'
import type { HttpResponse } from '../../src/message/response.ts'
import { concurrency } from '../../src/policies/concurrency/concurrency.ts'
import { dedupe } from '../../src/policies/dedupe/dedupe.ts'
import { hedge } from '../../src/policies/hedge/hedge.ts'
import { Limiter } from '../../src/policies/concurrency/limiter.ts'
import { RetryBudget } from '../../src/policies/retry/retry-budget.ts'
import { RETRY_STATUSES } from '../../src/policies/retry/retry-decision.ts'
import { resume } from '../../src/policies/resume/resume.ts'
import { retry } from '../../src/policies/retry/retry.ts'
import { type ScriptedConnection, ScriptedPeer } from '../../src/testing/scripted-peer.ts'
import { systemClock } from '../../src/time/clock.ts'
import { Upstream } from '../../src/upstream/upstream.ts'

interface Wire {
  readonly peer: ScriptedPeer
  readonly upstream: Upstream
  readonly exchange: () => Exchange
  readonly send: (exchange?: Exchange) => Promise<HttpResponse>
}

/** Policies in front of a real upstream, whose peer is played by the test. */
async function wire(t: TestContext, policies: readonly Policy[]): Promise<Wire> {
  const peer = await ScriptedPeer.listen()
  const upstream = new Upstream({ name: 'peer', endpoints: [{ url: peer.url }] })
  t.after(async () => {
    upstream.destroy()
    await peer.close()
  })
  const handle = stack(policies, upstream.handler)
  const exchange = (): Exchange => new Exchange(HttpRequest.to(`${peer.url}/`), systemClock)
  return { peer, upstream, exchange, send: (each = exchange()) => handle(each) }
}

async function request(peer: ScriptedPeer): Promise<ScriptedConnection> {
  const connection = await peer.accept()
  await connection.receives('\r\n\r\n')
  return connection
}

const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'
const BUSY = 'HTTP/1.1 503 Busy\r\nretry-after: 0\r\n'

const budget = (): RetryBudget => new RetryBudget(systemClock)
const backoff = { base: 1, max: 1 }

test('the slow request of a race is cut off, and the body of the winner flows on', async (t) => {
  const { peer, upstream, send } = await wire(t, [hedge({ delay: 20, budget: budget() })])
  const response = send()
  const slow = await request(peer)
  const fast = await request(peer)
  fast.send(`${CHUNKED}5\r\nfirst\r\n`)
  const { body } = await response
  await slow.end()
  const content = collect(body)
  fast.send('7\r\n second\r\n0\r\n\r\n')
  assert.equal((await content).toString(), 'first second')
  assert.deepEqual(
    upstream.stats().map(({ active, idle }) => ({ active, idle })),
    [{ active: 0, idle: 1 }],
  )
})

test('the connection of a response that is tried again is used again where its body is short', async (t) => {
  const { peer, send } = await wire(t, [
    retry({ attempts: 2, backoff, budget: budget(), statuses: RETRY_STATUSES }),
  ])
  const response = send()
  const connection = await request(peer)
  connection.forget()
  connection.send(`${BUSY}content-length: 4\r\n\r\nbusy`)
  await connection.receives('\r\n\r\n')
  connection.send('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood')
  assert.equal((await collect((await response).body)).toString(), 'good')
  assert.equal(peer.connections.length, 1)
})

test('it is closed where its body is long', async (t) => {
  const { peer, send } = await wire(t, [
    retry({ attempts: 2, backoff, budget: budget(), statuses: RETRY_STATUSES }),
  ])
  const response = send()
  const first = await request(peer)
  first.send(`${BUSY}content-length: 1000000\r\n\r\nbusy`)
  const second = await request(peer)
  second.send('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
  assert.equal((await response).status, 200)
  await first.end()
})

test('one streamed response reaches all who asked the same, and its connection is free afterwards', async (t) => {
  const { peer, upstream, send } = await wire(t, [dedupe()])
  const responses = [send(), send()]
  const connection = await request(peer)
  connection.send(`${CHUNKED}5\r\nearly\r\n`)
  const late = (await Promise.all([...responses, send()])).map(({ body }) => collect(body))
  connection.send('5\r\n late\r\n0\r\n\r\n')
  for (const content of await Promise.all(late)) assert.equal(content.toString(), 'early late')
  assert.equal(peer.connections.length, 1)
  assert.equal(upstream.stats()[0]?.idle, 1)
})

test('a slot is free again when the body of the one that had it has arrived', async (t) => {
  const limiter = new Limiter({ name: 'peer', limit: 1, queue: 1 })
  const { peer, send } = await wire(t, [concurrency({ limiter })])
  const first = send()
  const second = send()
  const connection = await request(peer)
  connection.forget()
  connection.send(`${CHUNKED}1\r\na\r\n`)
  const content = collect((await first).body)
  assert.deepEqual([limiter.inflight, limiter.queued], [1, 1])
  connection.send('0\r\n\r\n')
  assert.equal((await content).toString(), 'a')
  // The connection is free before the slot is: the next one goes out on it.
  await connection.receives('\r\n\r\n')
  connection.send('HTTP/1.1 204 No Content\r\n\r\n')
  assert.equal((await second).status, 204)
  assert.equal(limiter.inflight, 0)
})

test('a download whose connection breaks twice is whole for whoever reads it, retries included', async (t) => {
  const shared = budget()
  const { peer, send } = await wire(t, [
    resume({ backoff, budget: shared }),
    retry({ attempts: 2, backoff, budget: shared, statuses: RETRY_STATUSES }),
  ])
  const response = send()
  const first = await request(peer)
  first.send('HTTP/1.1 200 OK\r\netag: "a"\r\ncontent-length: 10\r\n\r\n0123')
  const content = collect((await response).body)
  first.reset()
  const second = await request(peer)
  assert.match(second.text, /\r\nrange: bytes=4-\r\nif-match: "a"\r\n/)
  second.reset()
  const third = await request(peer)
  third.send(
    'HTTP/1.1 206 Partial\r\netag: "a"\r\ncontent-range: bytes 4-9/10\r\ncontent-length: 6\r\n\r\n456789',
  )
  assert.equal((await content).toString(), '0123456789')
})
