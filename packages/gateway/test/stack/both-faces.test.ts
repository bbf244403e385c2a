import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type Client, createClient } from '@headgate/client'
import type { Policy } from '@headgate/core'
import { createGateway } from '../../src/index.ts'
import { startOrigin } from '../origin.ts'

// One engine, two faces: the same settings have the same effect through each, and so does the same policy.

interface Behaviour {
  readonly attempts?: number
  readonly failuresUntilOpen?: number
  readonly policy?: Policy
}

type Face = (t: TestContext, origin: string, behaviour: Behaviour) => Client

const FACES: Readonly<Record<string, Face>> = {
  client(t, origin, { attempts = 1, failuresUntilOpen, policy }) {
    const client = createClient({
      baseUrl: origin,
      retry: { attempts, backoff: { base: 1, max: 1 } },
      breaker: failuresUntilOpen === undefined ? false : { consecutiveFailures: failuresUntilOpen },
      ...(policy && { policies: [policy] }),
    })
    t.after(() => client.close())
    return client
  },
  gateway(t, origin, { attempts = 1, failuresUntilOpen, policy }) {
    const breaker =
      failuresUntilOpen === undefined ? {} : { breaker: { consecutiveFailures: failuresUntilOpen } }
    const gateway = createGateway(
      {
        upstreams: { origin: { endpoints: [{ url: origin }], ...breaker } },
        routes: [{ upstream: 'origin', retry: { attempts, backoff: { base: '1ms', max: '1ms' } } }],
      },
      policy && { policies: [{ place: 'before-upstream', policy }] },
    )
    t.after(() => gateway.close(0))
    // A client that does nothing by itself, so that what is seen is the gateway's doing.
    return createClient({ baseUrl: 'http://shop.example', transport: gateway.handler, preset: 'minimal' })
  },
}

/** An origin that cuts the connection for so many requests, and answers those that follow. */
async function failing(times: number): Promise<{ readonly url: string; readonly requests: string[] }> {
  const requests: string[] = []
  const { url } = await startOrigin((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    if (requests.length <= times) request.socket.destroy()
    else response.end('ok')
  })
  return { url, requests }
}

it('what the gateway makes of a request and how often it sends it is not seen by a client before it', async (t) => {
  const { url, requests } = await failing(2)
  const gateway = createGateway({
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
  describe(`through the ${name}`, () => {
    it('a request that is safe to repeat is sent again', async (t) => {
      const { url, requests } = await failing(2)
      const client = face(t, url, { attempts: 3 })
      assert.equal(await client.get('/a').text(), 'ok')
      assert.deepEqual(requests, ['GET /a', 'GET /a', 'GET /a'])
    })

    it('a request that may have had its effect is not', async (t) => {
      const { url, requests } = await failing(1)
      const client = face(t, url, { attempts: 3 })
      assert.ok((await client.attempt('/a', { method: 'POST', body: 'x' })).error)
      assert.deepEqual(requests, ['POST /a'])
    })

    it('an origin that keeps failing is left alone', async (t) => {
      const { url, requests } = await failing(Infinity)
      const client = face(t, url, { failuresUntilOpen: 2 })
      for (let index = 0; index < 5; index++) assert.ok((await client.attempt('/a')).error)
      assert.equal(requests.length, 2)
    })

    it('a policy of your own is met once, whatever number of attempts there is', async (t) => {
      const { url, requests } = await failing(1)
      const seen: number[] = []
      const policy: Policy = (next) => async (exchange) => {
        const response = await next(exchange)
        seen.push(response.status)
        return response
      }
      const client = face(t, url, { attempts: 2, policy })
      assert.equal((await client.get('/a')).status, 200)
      assert.deepEqual(seen, [200])
      assert.equal(requests.length, 2)
    })
  })
}
