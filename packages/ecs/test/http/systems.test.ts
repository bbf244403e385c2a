import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { VirtualClock } from '@headgate/client/testing'
import {
  HttpClientPool,
  HttpConfig,
  HttpError,
  HttpInFlight,
  HttpRequest,
  HttpRequests,
  HttpResponse,
  HttpTime,
  Priority,
  RateLimitExceeded,
  RateLimitManager,
  RequestMetrics,
  RequestTimeout,
} from '../../src/index.ts'
import { HeldTransport } from './held-transport.ts'
import { endsOf, heard, withHttp, WORLDS } from './worlds.ts'

for (const { name, make } of WORLDS) {
  describe(`the systems of HTTP in the world ${name}`, () => {
    it('stand in their order, and each can be replaced', async (t) => {
      const held = new HeldTransport()
      const port = withHttp(t, make(t), { client: { transport: held.handler } })
      assert.deepEqual(port.systems, [
        'http:advance-time',
        'http:process-responses',
        'http:deliver-bodies',
        'http:retry-requests',
        'http:expire-requests',
        'http:limit-rates',
        'http:process-requests',
        'http:manage-clients',
      ])
      let ran = 0
      port.replaceSystem('http:process-requests', { name: 'http:process-requests', run: () => void ran++ })
      port.spawn(HttpRequest('http://api.example/'))
      port.tick()
      assert.deepEqual([ran, held.asked, port.resource(HttpRequests).fresh.size], [1, [], 1])
    })

    it('results are applied within a tick alone, by request id and not by when they came', async (t) => {
      const held = new HeldTransport()
      const port = withHttp(t, make(t), { client: { transport: held.handler } })
      const ends = endsOf(port)
      for (const path of ['a', 'b', 'c']) port.spawn(HttpRequest(`http://api.example/${path}`))
      port.tick()
      await held.answer(['/c', '/a'])
      assert.deepEqual([ends, port.query(HttpResponse)], [[], []])
      port.tick()
      await held.answer()
      port.tick()
      assert.deepEqual(ends, ['response 1', 'response 3', 'response 2'])
    })

    it('a tick applies and starts no more than its budget says, and the rest comes in the next ones', async (t) => {
      const held = new HeldTransport()
      const budget = { responses: 2, requests: 3 }
      const port = withHttp(t, make(t), { client: { transport: held.handler }, budget })
      const ends = endsOf(port)
      for (let index = 0; index < 5; index++) port.spawn(HttpRequest(`http://api.example/${index}`))
      port.tick()
      assert.equal(held.size, 3)
      port.tick()
      assert.equal(held.size, 5)
      await held.answer()
      const counts = [1, 2, 3].map(() => {
        port.tick()
        return ends.length
      })
      assert.deepEqual(counts, [2, 4, 5])
    })

    it('a tick ends when its time is over, after one thing of each kind at least', async (t) => {
      const clock = new VirtualClock()
      const held = new HeldTransport()
      const port = withHttp(t, make(t), { client: { transport: held.handler }, clock, budget: { time: 0 } })
      const ends = endsOf(port)
      for (let index = 0; index < 2; index++) port.spawn(HttpRequest(`http://api.example/${index}`))
      port.tick()
      assert.deepEqual([held.size, port.resource(HttpRequests).fresh.size], [1, 1])
      port.tick()
      await held.answer()
      port.tick()
      assert.equal(ends.length, 1)
      port.tick()
      assert.equal(ends.length, 2)
    })

    it('what waits long enough goes before what has a higher priority', async (t) => {
      const clock = new VirtualClock()
      const held = new HeldTransport()
      const client = { transport: held.handler, timeout: Infinity }
      const port = withHttp(t, make(t), { client, maxInFlight: 1, clock, ageing: 1_000 })
      port.spawn(HttpRequest('http://api.example/first'))
      port.spawn(HttpRequest('http://api.example/low'), Priority('low'))
      port.tick()
      await clock.advance(1_500)
      port.spawn(HttpRequest('http://api.example/normal'))
      port.spawn(HttpRequest('http://api.example/high'), Priority('high'))
      port.tick()
      for (let round = 0; round < 4; round++) {
        await held.answer()
        port.tick()
      }
      // A class down stands a second later in the line: low is two behind high, and came 1.5 before.
      assert.deepEqual(held.asked, ['/first', '/high', '/low', '/normal'])
    })

    it('while the world is paused, nothing is started or applied, and no deadline comes nearer', async (t) => {
      const clock = new VirtualClock()
      const held = new HeldTransport()
      const client = { transport: held.handler, timeout: Infinity }
      const port = withHttp(t, make(t), { client, clock, timeout: 1_000, maxInFlight: 1 })
      const ends = endsOf(port)
      for (const path of ['one', 'two']) port.spawn(HttpRequest(`http://api.example/${path}`))
      port.tick()
      await clock.advance(400)
      port.tick()
      port.pause()
      await held.answer()
      await clock.advance(3_600_000)
      port.tick()
      assert.deepEqual([ends, held.asked], [[], ['/one']])
      port.resume()
      port.tick()
      assert.deepEqual(
        [ends, held.asked, port.resource(HttpTime).now],
        [['response 1'], ['/one', '/two'], 400],
      )
      await clock.advance(600)
      port.tick()
      assert.deepEqual(ends, ['response 1', 'error 2'])
    })

    it('a clock that goes backwards stops the time of the world, and one that jumps on ends what is due', (t) => {
      const clock = new VirtualClock()
      let now = 1_000
      t.mock.method(clock, 'now', () => now)
      const port = withHttp(t, make(t), { client: { transport: new HeldTransport().handler }, clock })
      const [soon, late] = [1_000, Infinity].map((timeout) =>
        port.spawn(HttpRequest('http://api.example/'), RequestTimeout(timeout)),
      ) as [number, number]
      port.tick()
      now = 0
      port.tick()
      assert.equal(port.resource(HttpTime).now, 0)
      now = 1e12
      port.tick()
      assert.deepEqual(
        [port.get(soon, HttpError)?.code, port.has(late, HttpError)],
        ['deadline_exceeded', false],
      )
    })

    it('rate limits can be looked at and changed, and what waits goes by the new ones', async (t) => {
      const clock = new VirtualClock()
      const held = new HeldTransport()
      const rateLimits = { '*.example': { rate: 1, per: 1_000, burst: 1 } }
      const port = withHttp(t, make(t), { client: { transport: held.handler }, clock, rateLimits })
      const limited = heard(port, RateLimitExceeded)
      const rates = port.resource(RateLimitManager)
      for (let index = 0; index < 4; index++) port.spawn(HttpRequest(`http://api.example/${index}`))
      port.spawn(HttpRequest('http://other.test/'))
      port.tick()
      assert.deepEqual(held.asked, ['/0', '/'])
      assert.deepEqual(rates.inspect('api.example', 0), {
        domain: 'api.example',
        rule: '*.example',
        limit: 1,
        remaining: 0,
        reset: 1_000,
        waiting: 3,
      })
      assert.equal(rates.inspect('other.test', 0), undefined)
      await clock.advance(1_000)
      port.tick()
      assert.deepEqual(held.asked, ['/0', '/', '/1'])
      rates.set('api.example', { rate: 1_000 })
      port.tick()
      assert.deepEqual([held.asked.length, rates.waiting, limited.length], [5, 0, 3])
      assert.throws(() => rates.set('x', { rate: 0 }), /rate of the rate limit is 0/)
    })

    it('a token is taken by what is started alone, and not by what then waits for a slot', async (t) => {
      const clock = new VirtualClock()
      const held = new HeldTransport()
      const client = { transport: held.handler, timeout: Infinity }
      const rateLimits = { '*': { rate: 5, per: 1_000, burst: 5 } }
      const port = withHttp(t, make(t), { client, clock, rateLimits, maxInFlight: 8 })
      for (let index = 0; index < 8; index++) port.spawn(HttpRequest(`http://api.example/${index}`))
      port.tick()
      assert.equal(held.size, 5)
      port.resource(HttpConfig).update({ maxInFlight: 5 })
      await clock.advance(1_000)
      await held.answer(['/0'])
      port.tick()
      assert.equal(held.size, 5)
      assert.equal(
        port.resource(RateLimitManager).inspect('api.example', port.resource(HttpTime).now)?.remaining,
        4,
      )
    })

    it('settings change at run time: what is under way goes on, what comes goes by the new ones', async (t) => {
      const seen: (string | undefined)[] = []
      const held = new HeldTransport()
      const client = { transport: held.handler, headers: { 'x-a': 'old', 'x-b': 'kept' } }
      const port = withHttp(t, make(t), {
        client,
        maxInFlight: 1,
        clients: { other: { baseUrl: 'http://other.test' } },
      })
      const config = port.resource(HttpConfig)
      const one = port.spawn(HttpRequest('http://api.example/one'))
      const two = port.spawn(HttpRequest({ url: '/two', client: 'other' }))
      const three = port.spawn(HttpRequest({ url: '/three', client: 'nobody' }))
      port.tick()
      config.update({
        maxInFlight: 2,
        client: {
          headers: { 'x-a': 'new' },
          policies: [
            (next) => (exchange) => {
              seen.push(exchange.request.headers.get('x-a'), exchange.request.headers.get('x-b'))
              return next(exchange)
            },
          ],
        },
      })
      port.tick()
      // The client's new settings hold from the end of the tick on.
      const four = port.spawn(HttpRequest('http://api.example/four'))
      await held.answer(['/one', '/two'])
      port.tick()
      await held.answer()
      port.tick()
      assert.deepEqual(seen, ['new', 'kept'])
      assert.deepEqual(
        [one, two, four].map((entity) => port.get(entity, HttpResponse)?.url),
        ['http://api.example/one', 'http://other.test/two', 'http://api.example/four'],
      )
      assert.match(String(port.get(three, HttpError)?.message), /client "nobody" of a request is not known/)
      const stats = port.resource(HttpClientPool).stats()
      assert.deepEqual(
        stats.map(({ name, calls, retired }) => [name, calls, retired]),
        [
          ['default', 0, false],
          ['other', 0, false],
        ],
      )
      assert.throws(() => config.update({ maxInFlight: 0 }), /option HttpConfig.maxInFlight is 0/)
      assert.throws(() => config.update({ client: { timeout: -1 } }), /option timeout is -1/)
      assert.throws(() => config.update({ maxInflight: 3 } as object), /did you mean maxInFlight/)
      assert.equal(config.maxInFlight, 2)
    })

    it('metrics count the ends of requests of each domain, with latency and bytes', async (t) => {
      const clock = new VirtualClock()
      const held = new HeldTransport()
      const port = withHttp(t, make(t), { client: { transport: held.handler, retry: false }, clock })
      const entities = ['/a', '/b', '/c'].map((path) => port.spawn(HttpRequest(`http://api.example${path}`)))
      port.spawn(HttpRequest('http://b.example:8080/'))
      port.tick()
      await clock.advance(200)
      await held.answer(['/a'])
      await held.fail('/b')
      port.despawn(entities[2] ?? -1)
      port.tick()
      const metrics = port.resource(RequestMetrics)
      const { latency, ...counts } = metrics.of('api.example', port.resource(HttpTime).now) ?? {}
      assert.deepEqual(counts, {
        domain: 'api.example',
        submitted: 3,
        responses: 1,
        failures: 1,
        cancelled: 1,
        retries: 0,
        rateLimited: 0,
        bytesReceived: 2,
        bandwidth: 0.2,
      })
      assert.deepEqual([latency?.count, latency?.sum], [1, 0.2])
      assert.deepEqual(
        metrics.all(0).map(({ domain }) => domain),
        ['api.example', 'b.example:8080'],
      )
      assert.equal(port.query(HttpInFlight).length, 1)
    })
  })
}
