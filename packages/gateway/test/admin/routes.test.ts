import assert from 'node:assert/strict'
import { it } from 'node:test'
import { HttpRequest } from '@headgate/core'
import { routeOperations } from '../../src/admin/routes.ts'
import { checked, explained } from '../stack/explained.ts'

const CONFIG = {
  requestId: false,
  upstreams: {
    a: { endpoints: [{ url: 'http://127.0.0.1:1' }], concurrency: { limit: 3 } },
    b: { endpoints: [{ url: 'http://127.0.0.1:2' }], breaker: {} },
  },
  routes: [
    {
      name: 'split',
      match: { path: '/split' },
      split: { upstreams: [{ upstream: 'a' }, { upstream: 'b' }] },
      mirror: { upstream: 'a' },
    },
    { name: 'fixed', match: { path: '/fixed' }, respond: { status: 204 }, rateLimit: { rate: '1/s' } },
  ],
}

it('GET /routes names the policies of each route, as "explain" does', async () => {
  const config = checked(CONFIG)
  const [listRoutes] = routeOperations({ config, splits: new Map() })
  assert.ok(listRoutes !== undefined)
  const { body } = await listRoutes.handle({} as never)
  const shown = JSON.parse(body) as { routes: { name: string; policies: object[] }[] }
  assert.deepEqual(
    shown.routes.map(({ name }) => name),
    ['split', 'fixed'],
  )
  for (const { name, policies } of shown.routes) {
    const { policies: expected } = await explained(CONFIG, HttpRequest.to(`http://a.example/${name}`))
    assert.deepEqual(
      policies,
      expected.map(({ settings: _, ...named }) => named),
    )
  }
  assert.deepEqual(shown.routes[1]?.policies.at(-1), { name: 'target', once: 'exchange' })
})
