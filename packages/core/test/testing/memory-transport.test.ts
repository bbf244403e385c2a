import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyFrom, collect, EMPTY_BODY } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange, type Outcome } from '../../src/message/exchange.ts'
import type { Handler } from '../../src/message/handler.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { redirect } from '../../src/policies/redirect/redirect.ts'
import { memoryTransport } from '../../src/testing/memory-transport.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import type { ResolvedAddress } from '../../src/upstream/connect/dns.ts'
import { Resolver } from '../../src/upstream/connect/dns.ts'
import { AddressGuard } from '../../src/upstream/guard/guard.ts'
import { Upstream } from '../../src/upstream/upstream.ts'
import { echo, FilledBody, gather } from '../h1/harness.ts'

const clock = new VirtualClock()

function upstream(
  handler: Handler,
  options: { url?: string; addresses?: string[]; guarded?: boolean } = {},
): Upstream {
  const { url = 'http://a.example', addresses = ['8.8.8.8'], guarded = false } = options
  const lookup = (): Promise<ResolvedAddress[]> =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })))
  return new Upstream({
    name: 'memory',
    endpoints: [{ url }],
    clock,
    open: memoryTransport(handler),
    resolver: new Resolver({ clock, lookup }),
    guard: guarded ? new AddressGuard() : undefined,
  })
}

function exchangeOf(
  options: { method?: string; body?: HttpRequest['body']; headers?: Record<string, string> } = {},
): Exchange {
  return new Exchange(HttpRequest.to('http://a.example/x?y', options), clock)
}

test('an exchange reaches the handler, and its response comes back, over one connection that is used again', async () => {
  const memory = upstream(echo)
  for (const content of ['one', 'two']) {
    const response = await memory.handler(
      exchangeOf({ method: 'POST', body: bodyFrom(content), headers: { 'X-A': '1' } }),
    )
    assert.equal((await collect(response.body)).toString(), `POST a.example /x?y\nx-a: 1\n${content}\n.`)
    assert.equal(response.headers.get('content-length'), String(response.body.length))
  }
  const [stats] = memory.stats()
  assert.deepEqual([stats?.opened, stats?.reused, stats?.idle], [1, 1, 1])
})

test('what the handler does to its exchange is not seen outside', async () => {
  const outer = exchangeOf({ headers: { 'X-A': '1' } })
  await upstream(async (exchange) => {
    exchange.request.headers.delete('x-a')
    exchange.request.path = '/other'
    exchange.route = 'there'
    return new HttpResponse(204)
  }).handler(outer)
  assert.deepEqual([outer.request.headers.get('x-a'), outer.request.path, outer.route], ['1', '/x', ''])
})

test('a streamed response flows, and its connection is free when it has ended', async () => {
  const filled = new FilledBody()
  const memory = upstream(() => Promise.resolve(new HttpResponse(200, new HeaderList(), filled.body)))
  const response = await memory.handler(exchangeOf())
  const reading = gather(response.body)
  filled.push('one ')
  assert.equal(memory.stats()[0]?.active, 1)
  filled.push('two')
  filled.body.end(HeaderList.of({ digest: 'x' }))
  const { text, trailers } = await reading
  assert.deepEqual([text, trailers?.get('digest'), memory.stats()[0]?.idle], ['one two', 'x', 1])
})

test('responses that have no content by rule have none', async () => {
  const memory = upstream(() => Promise.resolve(new HttpResponse(200, new HeaderList(), bodyFrom('content'))))
  const response = await memory.handler(exchangeOf({ method: 'HEAD' }))
  assert.equal(response.body, EMPTY_BODY)
  assert.equal(response.headers.get('content-length'), '7')
})

test('what the handler rejects with is what the upstream fails with', async () => {
  const failure = new TrafficError('upstream_timeout', 'too late', { replaySafe: 'idempotent' })
  const memory = upstream(() => Promise.reject(failure))
  await assert.rejects(memory.handler(exchangeOf()), failure)
  assert.deepEqual([memory.stats()[0]?.active, memory.stats()[0]?.idle], [0, 0])
})

test('a cancellation reaches the handler, and nothing is left', async () => {
  let inner: Exchange | undefined
  const outcomes: Outcome[] = []
  const memory = upstream((exchange) => {
    inner = exchange
    exchange.onFinish((_, outcome) => outcomes.push(outcome))
    return new Promise(() => {})
  })
  const outer = exchangeOf()
  const response = memory.handler(outer)
  response.catch(() => {})
  await clock.advance(1)
  const cancelled = new TrafficError('cancelled', 'no longer wanted')
  outer.cancel(cancelled)
  await assert.rejects(response, cancelled)
  assert.equal(inner?.cancellation, cancelled)
  assert.equal(outcomes[0]?.error, cancelled)
  assert.equal(memory.stats()[0]?.active, 0)
})

test('a body that nobody wants is cancelled at its source; one whose connection goes breaks', async () => {
  for (const end of ['cancel', 'destroy'] as const) {
    const filled = new FilledBody()
    const memory = upstream(() => Promise.resolve(new HttpResponse(200, new HeaderList(), filled.body)))
    const response = await memory.handler(exchangeOf())
    const unwanted = new TrafficError('cancelled', 'unwanted')
    const reading = gather(response.body)
    if (end === 'cancel') response.body.cancel(unwanted)
    else {
      memory.destroy()
      assert.equal((await reading).error?.code, 'upstream_closed')
    }
    assert.ok(filled.cancelled)
    assert.equal(memory.stats()[0]?.active, 0)
  }
})

test('the handler learns how its exchange ended', async () => {
  const outcomes: Outcome[] = []
  const memory = upstream((exchange) => {
    exchange.onFinish((_, outcome) => outcomes.push(outcome))
    return Promise.resolve(new HttpResponse(201, new HeaderList(), bodyFrom('12345')))
  })
  await memory.handler(exchangeOf({ method: 'POST', body: bodyFrom('123') }))
  assert.deepEqual(outcomes, [{ status: 201, error: undefined, bytesSent: 5, bytesReceived: 3 }])
})

test('the address guard judges as with sockets', async () => {
  const ok: Handler = () => Promise.resolve(new HttpResponse(200))
  const outcome = async (url: string, addresses: string[]): Promise<unknown> =>
    upstream(ok, { url, addresses, guarded: true })
      .handler(exchangeOf())
      .then(
        ({ status }) => status,
        (error: unknown) => TrafficError.from(error).code,
      )
  assert.equal(await outcome('http://a.example', ['8.8.8.8', '2606:4700::1']), 200)
  assert.equal(await outcome('http://a.example', ['8.8.8.8', '10.0.0.1']), 'address_refused')
  assert.equal(await outcome('http://0x7f.1', ['8.8.8.8']), 'address_refused')
  assert.equal(await outcome('http://a.example:22', ['8.8.8.8']), 'address_refused')
  assert.equal(await outcome('http://a.example', []), 'dns_failed')
  assert.equal(await outcome('unix:/run/app.sock', []), 'address_refused')
})

test('a redirect is judged as any other request: it cannot lead inside', async () => {
  const asked: string[] = []
  const site: Handler = async ({ request }) => {
    asked.push(request.authority.text)
    return new HttpResponse(302, HeaderList.of({ Location: request.query.slice(1) }))
  }
  const follow = redirect()((exchange) => {
    const { scheme, authority } = exchange.request
    return upstream(site, { url: `${scheme}://${authority.text}`, guarded: true }).handler(exchange)
  })
  for (const location of [
    'http://169.254.169.254/latest/meta-data/',
    'http://0x7f.1/',
    '//[::ffff:10.0.0.1]/',
    'http://localhost/',
    'https://a.example:8443/',
    'http://2130706433/',
  ]) {
    const exchange = new Exchange(HttpRequest.to(`http://a.example/?${location}`), clock)
    await assert.rejects(follow(exchange), { code: 'address_refused' }, location)
  }
  assert.deepEqual(
    asked,
    Array.from({ length: 6 }, () => 'a.example'),
  )
})
