import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RequestCacheMode } from '../../src/index.ts'
import { clientOf } from '../origin.ts'
import { cachedOrigin, FRESH, numbered, tagged, wayOf } from './cached-origin.ts'

/** How the second call for what is stored is answered, by mode, and whether the origin is asked. */
const FRESH_ONE = {
  default: ['hit', 1],
  'force-cache': ['hit', 1],
  'no-cache': ['request stored', 2],
  reload: ['request stored', 2],
  'no-store': ['bypass', 2],
  'only-if-cached': ['hit', 1],
} as const

const STALE_ONE = {
  default: ['stale stored', 2],
  'force-cache': ['hit stale-accepted', 1],
  'only-if-cached': ['hit stale-accepted', 1],
} as const

for (const [name, table, answers] of [
  ['fresh', FRESH_ONE, numbered(FRESH)],
  ['stale', STALE_ONE, tagged],
] as const)
  for (const [mode, [way, requests]] of Object.entries(table))
    test(`with the mode ${mode}, what is stored and ${name} makes of a call: ${way}`, async (t) => {
      const cache = mode as keyof typeof FRESH_ONE
      const { client, seen, url } = await cachedOrigin(t, answers)
      await client.get('/a').text()
      const response = await client.get('/a', { cache })
      await response.text()
      assert.equal(wayOf(response), way)
      assert.equal(seen.length, requests)
      // As said to fetch, and by a Request.
      const init = { cache, ...(cache === 'only-if-cached' && { mode: 'same-origin' as const }) }
      const asked = [() => client.fetch(`${url}/a`, init), () => client.fetch(new Request(`${url}/a`, init))]
      for (const ask of asked) {
        const before = seen.length
        await (await ask()).text()
        assert.equal(seen.length - before, requests - 1)
      }
    })

test('a reload asks without conditions and stores anew, a no-cache asks whether it still holds', async (t) => {
  const { client, seen } = await cachedOrigin(t, tagged)
  await client.get('/a').text()
  assert.equal(await client.get('/a', { cache: 'no-cache' }).text(), 'no. 1')
  assert.equal(await client.get('/a', { cache: 'reload' }).text(), 'no. 3')
  assert.equal(await client.get('/a', { cache: 'force-cache' }).text(), 'no. 3')
  assert.deepEqual(
    seen.map(({ headers }) => [headers['if-none-match'], headers['cache-control'], headers['pragma']]),
    [
      [undefined, undefined, undefined],
      ['"a"', 'max-age=0', undefined],
      [undefined, 'no-cache', 'no-cache'],
    ],
  )
})

test('only-if-cached makes no request: what is not stored is a 504 for a call, a TypeError for fetch', async (t) => {
  const { client, seen, url } = await cachedOrigin(t, numbered(FRESH))
  const { error } = await client.attempt('/a', { cache: 'only-if-cached' })
  assert.match(String(error), /504/)
  const init = { cache: 'only-if-cached', mode: 'same-origin' } as const
  await assert.rejects(client.fetch(`${url}/a`, init), TypeError)
  assert.equal(seen.length, 0)
})

test('only-if-cached of a client without a cache is refused, as nothing could answer it', async (t) => {
  const client = clientOf(t)
  await assert.rejects(
    async () => client.get('http://127.0.0.1:1/', { cache: 'only-if-cached' }),
    /its client has no cache/,
  )
})

test('conditions that a caller of fetch makes itself go past the cache, as the standard has it', async (t) => {
  const { client, seen, url } = await cachedOrigin(t, tagged)
  await client.get('/a').text()
  const response = await client.fetch(`${url}/a`, { headers: { 'if-none-match': '"a"' } })
  assert.equal(response.status, 304)
  assert.equal(seen.length, 2)
})

test('a call that says how the cache is used does not join one that says nothing', async (t) => {
  const { client, seen } = await cachedOrigin(t, numbered(FRESH), { dedupe: true })
  const calls = [client.get('/a'), client.attempt('/a', { cache: 'only-if-cached' })] as const
  assert.equal(await calls[0].then((response) => response.text()), 'no. 1')
  assert.equal((await calls[1]).ok, false)
  assert.equal(seen.length, 1)
})

test('a mode that is none is refused', async (t) => {
  const client = clientOf(t, { cache: true })
  const cache = 'never' as RequestCacheMode
  await assert.rejects(
    async () => client.get('http://127.0.0.1:1/', { cache }),
    /option cache of a call is "never"/,
  )
})

test('an explanation tells the cache and the mode of the call', (t) => {
  const client = clientOf(t, { cache: true })
  const { policies } = client.explain('http://a.example/', { cache: 'reload' })
  assert.match(policies.find(({ name }) => name === 'cache')?.does ?? '', /same credentials: reload$/)
})
