import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { type CallOptions, type Client, createClient, StatusError } from '@headgate/client'
import type { Policy } from '@headgate/core'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { startOrigin } from '../origin.ts'
import { FACES } from './faces.ts'
import { createGateway } from '../../src/embedding/create-gateway.ts'

// One engine, two faces: the same settings have the same effect through each, and so does the same policy.

/** An origin that answers each request in the way that stands at its number; the last way is that of all further ones. */
async function originOf(...ways: RequestListener[]): Promise<{ url: string; requests: string[] }> {
  const requests: string[] = []
  const { url } = await startOrigin((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    const way = ways[requests.length - 1] ?? ways.at(-1)
    way?.(request, response)
  })
  return { url, requests }
}

const ok: RequestListener = (_, response) => void response.end('ok')
const cut: RequestListener = ({ socket }) => void socket.destroy()
const never: RequestListener = () => {}

/** The code of a failure: the error's own, or the one that the problem details of a gateway's response name (RFC 9457). */
async function failure(client: Client, path: string, options?: CallOptions): Promise<string | undefined> {
  const { error } = await client.attempt(path, options)
  if (!(error instanceof StatusError)) return error?.code
  const { type } = await error.response.json<{ type: string }>()
  return type.replace('urn:headgate:', '')
}

it('what the gateway makes of a request and how often it sends it is not seen by a client before it', async (t) => {
  const { url, requests } = await originOf(cut, cut, ok)
  const gateway = await createGateway({
    routes: [
      {
        rewrite: { stripPrefix: '/api' },
        upstream: url,
        retry: { attempts: 2, backoff: { base: '1ms', max: '1ms' } },
      },
    ],
  })
  t.after(() => gateway.close(0))
  const paths: string[] = []
  const policy: Policy = (next) => async (exchange) => {
    const response = await next(exchange)
    paths.push(exchange.request.path)
    return response
  }
  const client = createClient({
    baseUrl: 'http://shop.example',
    transport: gateway.handler,
    retry: { attempts: 2, statuses: [502], backoff: { base: 1, max: 1 } },
    policies: [policy],
  })
  const response = await client.get('/api/a')
  // The gateway gave up once, after its own two attempts; the client's second one went through.
  assert.equal(response.attempts, 2)
  assert.deepEqual(requests, ['GET /a', 'GET /a', 'GET /a'])
  assert.deepEqual(paths, ['/api/a'])
})

for (const [name, face] of Object.entries(FACES)) {
  describe(`retries through the ${name}`, () => {
    it('a request that is safe to repeat is sent again', async (t) => {
      const { url, requests } = await originOf(cut, cut, ok)
      const client = await face(t, url, { attempts: 3 })
      assert.equal(await client.get('/a').text(), 'ok')
      assert.deepEqual(requests, ['GET /a', 'GET /a', 'GET /a'])
    })

    it('a request that may have had its effect is not', async (t) => {
      const { url, requests } = await originOf(cut, ok)
      const client = await face(t, url, { attempts: 3 })
      assert.equal(await failure(client, '/a', { method: 'POST', body: 'x' }), 'upstream_closed')
      assert.deepEqual(requests, ['POST /a'])
    })

    it('one with content is sent again with the same content', async (t) => {
      const { url, requests } = await originOf(cut, (request, response) => void request.pipe(response))
      const client = await face(t, url, { attempts: 3 })
      assert.equal(await client.put('/a', { body: 'x' }).text(), 'x')
      assert.deepEqual(requests, ['PUT /a', 'PUT /a'])
    })

    it('a response that cannot get better is not asked for again', async (t) => {
      const { url, requests } = await originOf(
        ({ socket }) => void socket.end('HTTP/1.1 200 OK\r\nx y\r\n\r\n'),
      )
      const client = await face(t, url, { attempts: 3 })
      assert.equal(await failure(client, '/a'), 'malformed_response')
      assert.deepEqual(requests, ['GET /a'])
    })

    it('a status that says so is asked again, and not before its Retry-After', async (t) => {
      const busy =
        (after: string): RequestListener =>
        (_, response) =>
          void response.writeHead(503, { 'retry-after': after }).end()
      const { url, requests } = await originOf(busy('0'), ok, busy('86400'))
      const client = await face(t, url, { attempts: 2 })
      assert.equal(await client.get('/a').text(), 'ok')
      // A day is longer than anybody waits: the response is delivered as it is.
      const { error } = await client.attempt('/b')
      assert.ok(error instanceof StatusError)
      assert.equal(error.response.header('retry-after'), '86400')
      assert.deepEqual(requests, ['GET /a', 'GET /a', 'GET /b'])
    })

    it('a policy of your own is met once, whatever number of attempts there is', async (t) => {
      const { url, requests } = await originOf(cut, ok)
      const seen: number[] = []
      const policy: Policy = (next) => async (exchange) => {
        const response = await next(exchange)
        seen.push(response.status)
        return response
      }
      const client = await face(t, url, { attempts: 2, policy })
      assert.equal((await client.get('/a')).status, 200)
      assert.deepEqual(seen, [200])
      assert.equal(requests.length, 2)
    })
  })

  describe(`time through the ${name}`, () => {
    it('an exchange ends at its deadline, all its attempts together', async (t) => {
      const { url } = await originOf(never)
      const client = await face(t, url, { attempts: 3, deadline: 60 })
      assert.equal(await failure(client, '/a'), 'deadline_exceeded')
    })

    it('an attempt that is late is given up, and another is made', async (t) => {
      const { url, requests } = await originOf(never, ok)
      const client = await face(t, url, { attempts: 2, attemptTimeout: 60 })
      assert.equal(await client.get('/a').text(), 'ok')
      assert.equal(requests.length, 2)
    })

    it('a hedge is sent where the first is late, and the first is cancelled once the hedge is answered', async (t) => {
      let gone = false
      const late: RequestListener = ({ socket }) => void socket.on('close', () => (gone = true))
      const { url, requests } = await originOf(late, ok)
      const client = await face(t, url, { hedgeAfter: 10 })
      assert.equal(await client.get('/a').text(), 'ok')
      assert.equal(requests.length, 2)
      await eventually(() => gone, 'the first request is cancelled')
    })

    it('an exchange whose caller goes away is cancelled at the origin', async (t) => {
      let gone = false
      const { url, requests } = await originOf(({ socket }) => void socket.on('close', () => (gone = true)))
      const client = await face(t, url, { attempts: 3 })
      const controller = new AbortController()
      const call = client.attempt('/a', { signal: controller.signal })
      await eventually(() => requests.length === 1, 'the request arrives')
      controller.abort()
      assert.equal((await call).error?.code, 'cancelled')
      await eventually(() => gone, 'the origin sees its connection closed')
      assert.equal(requests.length, 1)
    })
  })

  describe(`limits through the ${name}`, () => {
    it('an origin that keeps failing is left alone', async (t) => {
      const { url, requests } = await originOf(cut)
      const client = await face(t, url, { failuresUntilOpen: 2 })
      for (let index = 0; index < 4; index++) assert.ok(await failure(client, '/a'))
      assert.equal(await failure(client, '/a'), 'circuit_open')
      assert.equal(requests.length, 2)
    })

    it('requests beyond the rate are refused, and told when to come again', async (t) => {
      const { url, requests } = await originOf(ok)
      const client = await face(t, url, { rate: 2 })
      await client.get('/a').text()
      await client.get('/a').text()
      const { error } = await client.attempt('/a')
      assert.ok(error)
      // Half an hour for each of two requests an hour, less what has passed.
      assert.ok((error.retryAfter ?? 0) > 1_700_000 && (error.retryAfter ?? 0) <= 1_800_000)
      assert.equal(await failure(client, '/a'), 'rate_limited')
      assert.equal(requests.length, 2)
    })

    it('exchanges beyond those that may be under way at the same time are refused until one ends', async (t) => {
      let finish = (): void => {}
      const { url, requests } = await originOf((_, response) => void (finish = () => response.end('ok')), ok)
      const client = await face(t, url, { concurrency: 1 })
      const first = client.get('/a').text()
      await eventually(() => requests.length === 1, 'the first request arrives')
      assert.equal(await failure(client, '/b'), 'concurrency_limited')
      finish()
      assert.equal(await first, 'ok')
      assert.equal(await client.get('/c').text(), 'ok')
      assert.deepEqual(requests, ['GET /a', 'GET /c'])
    })
  })

  it(`no secret of a request is in what a failure through the ${name} shows`, async (t) => {
    const { url } = await originOf(cut)
    const client = await face(t, url, { attempts: 2 })
    const headers = { authorization: 'Bearer SECRET', cookie: 'id=SECRET' }
    const { error } = await client.attempt('/a?token=SECRET', { headers })
    assert.ok(error)
    const content = error instanceof StatusError ? await error.response.text() : ''
    for (const shown of [error.message, inspect(error), JSON.stringify(error), String(error.stack), content])
      assert.ok(!shown.includes('SECRET'), shown)
  })
}
