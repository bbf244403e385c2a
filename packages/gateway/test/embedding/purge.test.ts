import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import { createClient } from '@headgate/client'
import { VirtualClock } from '@headgate/core/testing'
import type { EmbeddedGateway, EmbeddedPurge, GatewayConfigInput } from '../../src/index.ts'
import { createGateway } from '../../src/index.ts'
import { startOrigin } from '../origin.ts'

const SHOP = 'http://shop.example'

interface Embedded {
  readonly gateway: EmbeddedGateway
  readonly clock: VirtualClock
  /** What it answers with: the number of the upstream's answer, and what it was asked for. */
  readonly get: (url: string) => Promise<string>
  readonly post: (url: string) => Promise<void>
}

type Routes = NonNullable<Exclude<GatewayConfigInput, string>['routes']>

/** A gateway in this program, in front of an origin that numbers its answers. */
async function embed(t: TestContext, routesTo: (upstream: string) => Routes): Promise<Embedded> {
  let count = 0
  const origin = await startOrigin(({ method, url }, response) => {
    if (method === 'POST') response.writeHead(201, { location: '/items/7' }).end()
    else
      response
        .writeHead(200, { 'cache-tag': `path-${url?.slice(1, 2)}`, etag: '"1"' })
        .end(`${++count} ${url}`)
  })
  const clock = new VirtualClock()
  const gateway = await createGateway({ routes: routesTo(origin.url) }, { clock })
  const client = createClient({ transport: gateway.handler, clock })
  t.after(async () => {
    await client.close({ grace: 0 })
    const closed = gateway.close(0)
    await clock.advance(100)
    await closed
  })
  return {
    gateway,
    clock,
    get: async (url) => (await client.get(url)).text(),
    post: async (url) => void (await client.post(url)),
  }
}

const cache = { ttl: '60s' } as const
const utm = ['utm']

for (const [name, route, asked, purge] of [
  ['behind a prefix that is cut off', { rewrite: { stripPrefix: '/shop' } }, '/shop/a', '/shop/a'],
  ['behind another host', { rewrite: { host: 'inner.example' } }, '/a', '/a'],
  ['behind a path that is made anew', { rewrite: { path: '/index.html' } }, '/app/one', '/app/two'],
  ['with changes of the query', { rewrite: { query: { remove: utm } } }, '/a?x=1&utm=2', '/a?x=1&utm=3'],
  [
    'where the key leaves parameters out',
    { cache: { ...cache, key: { query: { without: utm } } } },
    '/a?x=1&utm=2',
    '/a?utm=3&x=1',
  ],
] as const)
  it(`by the URL that clients ask for, what is stored is purged ${name}`, async (t) => {
    const { gateway, get } = await embed(t, (upstream) => [{ upstream, cache, ...route }])
    const first = await get(SHOP + asked)
    assert.equal(await get(SHOP + asked), first)
    assert.equal(await gateway.purge({ url: `${SHOP}/other` }), name.includes('anew') ? 1 : 0)
    await get(SHOP + asked)
    assert.equal(await gateway.purge({ url: SHOP + purge }), 1)
    assert.notEqual((await get(SHOP + asked)).slice(0, 1), first.slice(0, 1))
    assert.equal(await gateway.purge({ prefix: SHOP + purge.replace(/\/[^/]*$/, '') }), 1)
  })

it('what a change names in Location is removed behind a prefix that is cut off, too', async (t) => {
  const { get, post } = await embed(t, (upstream) => [
    { upstream, cache, match: { path: '/shop/**' }, rewrite: { stripPrefix: '/shop' } },
  ])
  assert.equal(await get(`${SHOP}/shop/items/7`), '1 /items/7')
  assert.equal(await get(`${SHOP}/shop/items`), '2 /items')
  await post(`${SHOP}/shop/items`)
  assert.equal(await get(`${SHOP}/shop/items/7`), '3 /items/7')
  assert.equal(await get(`${SHOP}/shop/items`), '4 /items')
})

it('a purge by tag, by route and of all tells how many there were, and a soft one leaves what may stand in', async (t) => {
  const { gateway, get, clock } = await embed(t, (upstream) => [{ name: 'shop', upstream, cache }])
  const fill = async (): Promise<string> => `${await get(`${SHOP}/a`)}, ${await get(`${SHOP}/b`)}`
  assert.equal(await fill(), '1 /a, 2 /b')
  assert.equal(await gateway.purge({ tag: 'path-a' }), 1)
  assert.equal(await fill(), '3 /a, 2 /b')
  assert.equal(await gateway.purge({ route: 'shop' }), 2)
  assert.equal(await fill(), '4 /a, 5 /b')
  await clock.advance(1)
  assert.equal(await gateway.purge({ tag: 'path-b', soft: true }), 1)
  assert.equal(await fill(), '4 /a, 6 /b')
  assert.equal(await gateway.purge({ all: true }), 2)
})

it('a purge of nothing that there is rejects, and says what is wrong', async (t) => {
  const { gateway } = await embed(t, (upstream) => [{ name: 'shop', upstream, cache }])
  // JavaScript has no types that would refuse it.
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  for (const [wanted, message] of [
    [{ route: 'none' }, /^purge: there is no such route$/],
    [{ url: '/a' }, /^purge: url must be a URL such as /],
    [
      { url: SHOP, tag: 'a' },
      /^purge: what is asked for must be an object with one of url, prefix, tag, route, all/,
    ],
    [{}, /^purge: what is asked for must be an object with one of /],
  ] as const)
    await assert.rejects(gateway.purge(wanted as unknown as EmbeddedPurge), { name: 'TypeError', message })
  const plain = await embed(t, () => [{ respond: {} }])
  await assert.rejects(plain.gateway.purge({ all: true }), { message: /^purge: no route has a cache/ })
})
