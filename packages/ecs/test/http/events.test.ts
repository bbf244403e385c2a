import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { freePort } from '../../../../scripts/testing/free-port.ts'
import {
  BodyChunks,
  HttpBodyChunk,
  HttpError,
  HttpInFlight,
  HttpRequest,
  HttpRequestCancelled,
  HttpRequestFailed,
  HttpRequestRetryRequested,
  HttpRequestSubmitted,
  HttpResponse,
  HttpResponseReceived,
  Priority,
  RateLimitExceeded,
  requestRetry,
  RequestTimeout,
  RetryPolicy,
} from '../../src/index.ts'
import { endsOf, heard, originOf, tickUntil, tickUntilIdle, withHttp, WORLDS } from './worlds.ts'

for (const { name, make } of WORLDS) {
  describe(`events and components of requests in the world ${name}`, () => {
    it('a request is submitted, in flight, and has its response, told to the entity and to the world', async (t) => {
      const url = await originOf(t, (request, response) => {
        response.setHeader('x-method', `${request.method} ${String(request.headers['x-from'])}`)
        request.pipe(response)
      })
      const port = withHttp(t, make(t))
      const submitted = heard(port, HttpRequestSubmitted)
      const received = heard(port, HttpResponseReceived)
      const entity = port.spawn(
        HttpRequest({
          url: `${url}/echo`,
          method: 'post',
          headers: { 'x-from': 'a world' },
          body: 'content',
        }),
        RequestTimeout(5_000),
        RetryPolicy(2),
      )
      const ofEntity: unknown[] = []
      port.events(HttpResponseReceived).observe((event) => void ofEntity.push(event), entity)
      const request = port.get(entity, HttpRequest)
      assert.deepEqual(
        [request?.id, request?.submittedAt, port.has(entity, HttpInFlight)],
        [1, undefined, false],
      )
      port.tick()
      assert.equal(port.get(entity, HttpInFlight)?.client, 'default')
      assert.deepEqual(
        submitted.map(({ id, url, method, timeout, retryPolicy }) => [id, url, method, timeout, retryPolicy]),
        [[1, `${url}/echo`, 'POST', 5_000, 2]],
      )
      await tickUntilIdle(port)
      const response = port.get(entity, HttpResponse)
      assert.deepEqual(
        [response?.status, response?.text(), response?.header('X-Method'), response?.ok, response?.attempts],
        [200, 'content', 'POST a world', true, 1],
      )
      assert.deepEqual([port.has(entity, HttpInFlight), port.has(entity, HttpError)], [false, false])
      assert.equal(received.length, 1)
      assert.deepEqual(ofEntity, received)
      assert.equal(received[0]?.response, response)
      assert.ok(Number(request?.submittedAt) <= Number(request?.endedAt))
    })

    it('a request that fails has an error with its code, and whether another try may help', async (t) => {
      const port = withHttp(t, make(t), { client: { retry: false } })
      const failed = heard(port, HttpRequestFailed)
      const nobody = `http://127.0.0.1:${await freePort()}/`
      const [get, post, odd] = [
        port.spawn(HttpRequest(nobody)),
        port.spawn(HttpRequest({ url: nobody, method: 'POST', body: 'x' })),
        port.spawn(HttpRequest({ url: nobody, headers: { 'x-a': 'b\r\nx-injected: yes' } })),
      ]
      await tickUntilIdle(port)
      assert.deepEqual(
        failed.map(({ entity, code, retryEligible }) => [entity, code, retryEligible]),
        [
          [get, 'connect_failed', true],
          [post, 'connect_failed', true],
          [odd, 'invalid_request', false],
        ],
      )
      assert.equal(port.get(get, HttpError)?.error.phase, 'connect')
      assert.equal(port.has(get, HttpResponse), false)
    })

    it('a status of 400 or more is an error with the response, or a response where it is asked for', async (t) => {
      const url = await originOf(t, (request, response) => {
        response.writeHead(Number(request.url?.slice(1))).end('no luck')
      })
      const port = withHttp(t, make(t), { client: { retry: false } })
      const [missing, busy, broken, taken] = [
        port.spawn(HttpRequest(`${url}/404`)),
        port.spawn(HttpRequest({ url: `${url}/429`, method: 'POST' })),
        port.spawn(HttpRequest({ url: `${url}/503`, method: 'POST' })),
        port.spawn(HttpRequest({ url: `${url}/404`, throwOnStatus: false })),
      ]
      await tickUntilIdle(port)
      const errors = [missing, busy, broken].map((entity) => port.get(entity, HttpError))
      assert.deepEqual(
        errors.map((error) => [error?.code, error?.status, error?.retryEligible, error?.response?.text()]),
        [
          ['unexpected_status', 404, false, 'no luck'],
          ['unexpected_status', 429, true, 'no luck'],
          ['unexpected_status', 503, false, 'no luck'],
        ],
      )
      assert.deepEqual(
        [port.get(taken, HttpResponse)?.status, port.get(taken, HttpResponse)?.ok],
        [404, false],
      )
    })

    it('despawning, removing and replacing a request cancels it, at its origin too', async (t) => {
      let [asked, gone] = [0, 0]
      const url = await originOf(t, (request, response) => {
        asked++
        if (request.url === '/now') return void response.end('now')
        response.on('close', () => gone++)
      })
      const port = withHttp(t, make(t))
      const cancelled = heard(port, HttpRequestCancelled)
      const ends = endsOf(port)
      const [one, two, three] = [1, 2, 3].map(() => port.spawn(HttpRequest(`${url}/slow`))) as [
        number,
        number,
        number,
      ]
      const told: number[] = []
      port.events(HttpRequestCancelled).observe(({ id }) => void told.push(id), one)
      await tickUntil(port, () => asked === 3, 'the origin has all three')
      port.despawn(one)
      port.remove(two, HttpRequest)
      port.add(three, HttpRequest(`${url}/now`))
      assert.deepEqual([told, cancelled.map(({ id }) => id)], [[1], [1, 2, 3]])
      assert.deepEqual([port.isAlive(two), port.has(two, HttpInFlight)], [true, false])
      await tickUntil(
        port,
        () => gone === 3 && ends.length === 4,
        'three are given up, and the fourth has ended',
      )
      assert.equal(port.get(three, HttpResponse)?.text(), 'now')
      assert.deepEqual(ends, ['cancelled 1', 'cancelled 2', 'cancelled 3', 'response 4'])
    })

    it('tells of the tries that the client makes, and makes another that the program asks for', async (t) => {
      let asked = 0
      const url = await originOf(t, (_request, response) => {
        response.writeHead(++asked % 2 === 1 ? 503 : 200).end(String(asked))
      })
      const port = withHttp(t, make(t), { client: { retry: { attempts: 2, backoff: { base: 1, max: 1 } } } })
      const retries = heard(port, HttpRequestRetryRequested)
      const entity = port.spawn(HttpRequest(url))
      requestRetry(port, entity)
      await tickUntilIdle(port)
      assert.equal(port.get(entity, HttpResponse)?.text(), '2')
      requestRetry(port, entity)
      port.tick()
      assert.deepEqual([port.has(entity, HttpResponse), port.has(entity, HttpInFlight)], [false, true])
      await tickUntilIdle(port)
      assert.equal(port.get(entity, HttpResponse)?.text(), '4')
      assert.deepEqual(
        retries.map(({ by, id, attempt, code }) => [by, id, attempt, code]),
        [
          // The first one had not ended, and was left alone.
          ['program', undefined, undefined, undefined],
          ['policy', 1, 1, 'unexpected_status'],
          ['program', undefined, undefined, undefined],
          ['policy', 2, 1, 'unexpected_status'],
        ],
      )
      assert.equal(port.get(entity, HttpRequest)?.retries, 3)
    })

    it('tells once of a request that waits for the rate limit of its domain, and sends it then', async (t) => {
      const url = await originOf(t, (_request, response) => response.end('ok'))
      const domain = new URL(url).host
      const port = withHttp(t, make(t), { rateLimits: { [domain]: { rate: 1, per: 50, burst: 1 } } })
      const limited = heard(port, RateLimitExceeded)
      const ends = endsOf(port)
      for (let count = 0; count < 3; count++) port.spawn(HttpRequest(url))
      await tickUntilIdle(port)
      assert.deepEqual(
        limited.map(({ id, domain, by }) => [id, domain, by]),
        [
          [2, domain, 'world'],
          [3, domain, 'world'],
        ],
      )
      assert.ok(limited.every(({ wait }) => wait > 0 && wait <= 50))
      assert.deepEqual(ends, ['response 1', 'response 2', 'response 3'])
    })

    it('a streamed request brings chunks tick by tick, and its response at the end', async (t) => {
      const url = await originOf(t, (_request, response) => {
        response.setHeader('content-length', 300_000)
        response.end(Buffer.alloc(300_000, 'x'))
      })
      const port = withHttp(t, make(t), { budget: { bytes: 100_000 } })
      const chunks = heard(port, HttpBodyChunk)
      const received = heard(port, HttpResponseReceived)
      const entity = port.spawn(HttpRequest({ url, stream: true }))
      let most = 0
      await tickUntil(
        port,
        () => {
          const body = port.get(entity, BodyChunks)
          most = Math.max(most, body?.chunks.reduce((sum, { byteLength }) => sum + byteLength, 0) ?? 0)
          return received.length > 0
        },
        'the response has ended',
      )
      const body = port.get(entity, BodyChunks)
      assert.deepEqual(
        [body?.received, body?.length, body?.done, body?.status],
        [300_000, 300_000, true, 200],
      )
      assert.ok(most > 0 && most <= 100_000, `${most} bytes in one tick`)
      assert.equal(
        chunks.reduce((offset, chunk) => {
          assert.equal(chunk.offset, offset)
          return offset + chunk.chunk.byteLength
        }, 0),
        300_000,
      )
      assert.equal(received[0]?.response.bytes.byteLength, 0)
      assert.ok((body?.chunks.length ?? 0) > 0)
      port.tick()
      assert.deepEqual(body?.chunks, [])
    })

    it('has requests of a higher priority go first', async (t) => {
      const paths: (string | undefined)[] = []
      const url = await originOf(t, ({ url: path }, response) => {
        paths.push(path)
        response.end()
      })
      const port = withHttp(t, make(t), { maxInFlight: 1, ageing: 60_000 })
      port.spawn(HttpRequest(`${url}/low`), Priority('low'))
      port.spawn(HttpRequest(`${url}/normal`))
      port.spawn(HttpRequest(`${url}/high`), Priority('high'))
      await tickUntilIdle(port)
      assert.deepEqual(paths, ['/high', '/normal', '/low'])
    })
  })
}
