import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type Client, createClient } from '@headgate/client'
import { HttpResponse, type Policy, TrafficError } from '@headgate/core'
import { startOrigin } from '../origin.ts'
import { createGateway } from '../../src/embedding/create-gateway.ts'
import { PLACES, type PlacedPolicy } from '../../src/layers/place.ts'

/** A client whose transport is a gateway with these policies. */
async function clientOf(
  t: TestContext,
  config: Parameters<typeof createGateway>[0],
  policies: readonly PlacedPolicy[],
): Promise<Client> {
  const gateway = await createGateway(config, { policies })
  t.after(() => gateway.close(0))
  return createClient({ baseUrl: 'http://shop.example', transport: gateway.handler, retry: false })
}

describe('policies of createGateway', () => {
  it('stand where their place is, once an exchange or once an attempt', async (t) => {
    let requests = 0
    const origin = await startOrigin((request, response) => {
      if (++requests === 1) request.socket.destroy()
      else response.end('ok')
    })
    const seen: string[] = []
    const policies = PLACES.map((place): PlacedPolicy => {
      const policy: Policy = (next) => (exchange) => {
        const { path, headers } = exchange.request
        seen.push(`${place} ${path}${headers.has('via') ? ' forwarded' : ''}`)
        return next(exchange)
      }
      return { place, policy }
    })
    const client = await clientOf(
      t,
      {
        routes: [
          {
            rewrite: { stripPrefix: '/api' },
            upstream: origin.url,
            retry: { attempts: 2, backoff: { base: '1ms', max: '1ms' } },
          },
        ],
      },
      policies.toReversed(),
    )
    assert.equal((await client.get('/api/x')).status, 200)
    assert.deepEqual(seen, [
      'before-limits /api/x',
      'before-changes /api/x forwarded',
      'before-upstream /x forwarded',
      'each-attempt /x forwarded',
      'each-attempt /x forwarded',
    ])
  })

  it('are met in their order, may answer by themselves, and what they throw is answered as a problem', async (t) => {
    const order: string[] = []
    const noted = (name: string): PlacedPolicy => ({
      place: 'before-upstream',
      policy: (next) => (exchange) => {
        order.push(name)
        return next(exchange)
      },
    })
    const answers: PlacedPolicy = {
      place: 'before-upstream',
      policy: (next) => async (exchange) => {
        if (exchange.request.path === '/fails') throw new TrafficError('overloaded', 'too much')
        return exchange.request.path === '/own' ? new HttpResponse(204) : next(exchange)
      },
    }
    const client = await clientOf(t, { routes: [{ respond: { body: 'fixed' } }] }, [
      noted('first'),
      noted('second'),
      answers,
    ])
    assert.equal((await client.get('/own')).status, 204)
    assert.equal((await client.attempt('/fails')).error?.status, 503)
    assert.equal(await client.get('/').text(), 'fixed')
    assert.deepEqual(order.slice(0, 2), ['first', 'second'])
  })

  it('refuse a request with forbidden: 403, not tried again, and nothing of why is told', async (t) => {
    let asked = 0
    const refuse: Policy = () => () => {
      asked++
      return Promise.reject(new TrafficError('forbidden', 'not in the list of team-a'))
    }
    const config = { routes: [{ upstream: 'http://127.0.0.1:1', retry: { attempts: 3 } }] }
    const client = await clientOf(t, config, [{ place: 'each-attempt', policy: refuse }])
    const response = await client.get('/', { throwOnStatus: false })
    assert.equal(response.status, 403)
    const problem = (await response.json()) as { title: string }
    assert.equal(problem.title, 'Forbidden')
    assert.doesNotMatch(JSON.stringify(problem), /team-a/)
    assert.equal(asked, 1)
  })

  it('are told by their place when they return no handler, or no response', async (t) => {
    const config = { routes: [{ respond: {} }] }
    const returns = (value: unknown): PlacedPolicy => ({
      place: 'before-limits',
      policy: (() => value) as Policy,
    })
    await assert.rejects(createGateway(config, { policies: [returns(Promise.reject(new Error('late')))] }), {
      name: 'TypeError',
      message: /^the policy at before-limits.* has returned a promise; allowed: a handler/,
    })
    const client = await clientOf(t, config, [returns(() => Promise.resolve(undefined))])
    assert.equal((await client.attempt('/')).error?.status, 500)
  })

  it('cost nothing where no route takes the request', async (t) => {
    const policy: Policy = () => () => assert.fail('it is not to be called')
    const client = await clientOf(
      t,
      { routes: [{ match: { path: '/there' }, respond: {} }] },
      PLACES.map((place) => ({ place, policy })),
    )
    assert.equal((await client.attempt('/elsewhere')).error?.status, 404)
  })

  it('are refused where they are none, with what is allowed', async () => {
    const config = { routes: [{ respond: {} }] }
    const policy: Policy = (next) => next
    const refused = async (policies: unknown, message: RegExp): Promise<void> => {
      await assert.rejects(() => createGateway(config, { policies: policies as PlacedPolicy[] }), message)
    }
    await refused({ place: 'before-upstream', policy }, /option createGateway\.policies is no list/)
    await refused(
      [{ place: 'nowhere', policy }],
      /policies\[0\]\.place is "nowhere"; allowed: before-limits, before-changes, before-upstream, each-attempt/,
    )
    await refused([{ place: 'before-upstream' }], /policies\[0\]\.policy is no function; allowed: a Policy/)
    await refused(
      [{ plase: 'before-upstream', policy }],
      /policies\[0\]\.plase is not known: did you mean place\?/,
    )
    await refused([policy], /policies\[0\] is no object/)
  })
})
