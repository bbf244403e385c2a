import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Body, type BodySink, bodyFrom, StreamBody } from '../../src/message/body.ts'
import type { Exchange } from '../../src/message/exchange.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { SystemClock } from '../../src/time/clock.ts'
import type { ScriptedConnection } from '../../src/testing/scripted-peer.ts'
import { serve } from './harness.ts'

const BOOM = new Error('boom')

function boom(): never {
  throw BOOM
}

function ok(): HttpResponse {
  return new HttpResponse(200, new HeaderList(), bodyFrom('fine'))
}

/** What somebody's handler may do wrong, by the path that asks for it. */
const DEFECTS: Readonly<Record<string, (exchange: Exchange) => unknown>> = {
  '/throws': boom,
  '/rejects': () => Promise.reject(BOOM),
  '/throws-nothing': () => Promise.reject(undefined),
  '/throws-what-has-no-text': () => Promise.reject(Object.create(null)),
  '/throws-a-symbol': () => Promise.reject(Symbol('boom')),
  '/throws-a-lying-error': () =>
    Promise.reject(Object.defineProperty(new Error('boom'), 'message', { get: boom })),
  '/resolves-with-nothing': () => Promise.resolve(undefined),
  '/resolves-with-something-else': () => Promise.resolve({ status: 200, headers: null, body: 7 }),
  '/finisher': (exchange) => {
    exchange.onFinish(boom)
    return Promise.resolve(ok())
  },
  '/two-finishers': (exchange) => {
    exchange.onFinish(boom)
    exchange.onFinish(boom)
    return Promise.resolve(ok())
  },
  '/body-source': () => {
    const body = new StreamBody(undefined, { resumeBody: boom, cancelBody: boom })
    return Promise.resolve(new HttpResponse(200, new HeaderList(), body))
  },
  '/body': () => {
    const body: Body = { length: undefined, whole: undefined, flowTo: boom, resume: boom, cancel: boom }
    return Promise.resolve(new HttpResponse(200, new HeaderList(), body))
  },
}

/** Whoever shared the process with the defect is served as before. */
async function isServed(client: ScriptedConnection): Promise<void> {
  client.forget()
  client.send('GET /ok HTTP/1.1\r\nhost: a\r\n\r\n')
  await client.receives(/^HTTP\/1\.1 200 .*fine$/s)
}

async function serveDefects(t: TestContext): ReturnType<typeof serve> {
  return serve(t, (exchange) => {
    const defect = DEFECTS[exchange.request.path] ?? (() => Promise.resolve(ok()))
    return defect(exchange) as Promise<HttpResponse>
  })
}

for (const path of Object.keys(DEFECTS)) {
  test(`a handler with a defect (${path.slice(1)}) costs its exchange at most`, async (t) => {
    const served = await serveDefects(t)
    const bystander = await served.client()
    await isServed(bystander)
    const client = await served.client()
    client.send(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`)
    await client.receives(/^HTTP\/1\.1 (?:200|500) /).catch(() => client.end())
    await served.clock.advance(100)
    await isServed(bystander)
    await isServed(await served.client())
    assert.equal(served.outcomes.length, served.exchanges.length, 'every exchange has ended')
  })
}

for (const method of ['write', 'end', 'fail'] as const) {
  test(`a sink that throws in ${method} costs its exchange, not the connections of others`, async (t) => {
    const sink: BodySink = { write: () => true, end: () => {}, fail: () => {}, [method]: boom }
    const served = await serve(t, ({ request }) => {
      if (request.path === '/ok') return Promise.resolve(ok())
      request.body.flowTo(sink)
      return new Promise(() => {})
    })
    const bystander = await served.client()
    const client = await served.client()
    client.send('POST /sink HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\n\r\nabc')
    await isServed(bystander)
    if (method === 'end') client.send('def')
    await isServed(bystander)
    client.reset()
    await client.gone()
    await isServed(bystander)
    assert.equal(served.outcomes.length >= 3, true)
  })
}

test('a body breaks for its sink if the sink throws, and its source is told to stop', () => {
  const told: string[] = []
  const body = new StreamBody(undefined, { resumeBody() {}, cancelBody: ({ code }) => told.push(code) })
  body.flowTo({ write: boom, end() {}, fail: ({ message }) => told.push(message) })
  assert.equal(body.push(Buffer.from('a')), true)
  assert.equal(body.push(Buffer.from('b')), true)
  body.end()
  assert.deepEqual(told, ['internal', 'boom'])
})

test('a timer that throws does not keep the others of its slot from firing', async () => {
  const clock = new SystemClock()
  await new Promise<void>((resolve) => {
    const alive = setInterval(() => {}, 1_000)
    clock.timer(boom).arm(20)
    const last = clock.timer(() => {
      clearInterval(alive)
      resolve()
    })
    last.arm(20)
    clock.timer(boom).arm(20)
  })
})
