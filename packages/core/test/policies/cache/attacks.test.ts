import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cpuTimeOf } from '../../../../../scripts/testing/cpu-time.ts'
import type { Lookup } from '../../../src/policies/cache/cache-context.ts'
import { confirmationName } from '../../../src/policies/cache/fetch-names.ts'
import type { StoredEntry } from '../../../src/policies/cache/store.ts'
import { parseCacheControl } from '../../../src/fields/cache-control.ts'
import { assertLinear } from '../../linear-work.ts'
import { answer, type Fields, rig, textOf } from './rig.ts'

const STORED = { 'cache-control': 'max-age=60' }

/** What an origin answers for the sake of one request, with a lifetime that it puts on everything. */
for (const [status, attacker] of [
  [416, { range: 'bytes=99-' }],
  [429, { 'x-burst': '1' }],
  [428, { 'x-burst': '1' }],
  [431, { 'x-large': 'a'.repeat(9000) }],
  [511, { 'x-burst': '1' }],
  [413, { 'x-burst': '1' }],
  [417, { expect: 'nothing' }],
  [421, { 'x-burst': '1' }],
  [425, { 'early-data': '1' }],
] as const) {
  test(`denial of service by ${status}, which is about one request and is kept for nobody`, async () => {
    const [[name]] = Object.entries(attacker) as [[string, string]]
    const { get } = rig(({ headers }) =>
      headers.has(name) ? answer(status, STORED, 'refused') : answer(200, STORED, 'own'),
    )
    assert.equal((await get('/', attacker as Fields)).status, status)
    assert.equal(await textOf(await get('/')), 'own')
  })
}

for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override']) {
  test(`denial of service by ${name}: it is another method to the origin (CPDoS, "HMO")`, async () => {
    const { get } = rig(({ headers }) =>
      headers.has(name) ? answer(404, STORED, 'no such POST') : answer(200, STORED, 'own'),
    )
    await get('/', { [name]: 'POST' })
    assert.equal(await textOf(await get('/')), 'own')
    assert.equal(await textOf(await get('/', { [name]: 'POST' })), 'no such POST')
  })
}

for (const cookie of ['theme =evil', '%74heme=evil', 'theme', ' "theme"=evil']) {
  test(`a cookie of the key in another spelling is no way past the key: ${cookie}`, async () => {
    const { get } = rig(({ headers }) => answer(200, STORED, headers.get('cookie') ?? 'none'), {
      key: { cookies: ['theme'] },
    })
    await get('/', { cookie })
    assert.equal(await textOf(await get('/')), 'none')
  })
}

for (const name of ['accept_language', 'accept.language']) {
  test(`a field that CGI takes for the one in Vary is no way past it: ${name}`, async () => {
    const { get } = rig(({ headers }) =>
      answer(200, { ...STORED, vary: 'accept-language' }, headers.get(name) ?? 'own'),
    )
    await get('/', { [name]: 'evil' })
    assert.equal(await textOf(await get('/')), 'own')
  })
}

for (const control of ['private="set-cookie, x-user"', 'no-cache="set-cookie, x-user"']) {
  test(`who waits for another's response does not get what is meant for that one alone: ${control}`, async () => {
    let open = (): void => {}
    const gate = new Promise<void>((resolve) => (open = resolve))
    const { get, seen } = rig(async (_seen, number) => {
      await gate
      return answer(
        200,
        { 'cache-control': `max-age=60, ${control}`, 'set-cookie': `session=${number}`, 'x-user': 'u' },
        'page',
      )
    })
    const both = [get('/'), get('/')]
    open()
    const [first, second] = await Promise.all(both)
    assert.equal(seen.length, 1)
    assert.equal(first?.headers.get('set-cookie'), 'session=1')
    assert.equal(second?.headers.get('set-cookie'), undefined)
    assert.equal(second?.headers.get('x-user'), undefined)
  })
}

test('a failure that depends on a field of the request is told to nobody whose field is another', async () => {
  let open = (): void => {}
  const gate = new Promise<void>((resolve) => (open = resolve))
  const { get } = rig(async ({ headers }) => {
    await gate
    return headers.has('x-bad') ? answer(500, { vary: 'x-bad' }, 'broken') : answer(200, STORED, 'own')
  })
  const both = [get('/', { 'x-bad': '1' }), get('/')]
  open()
  const [, victim] = await Promise.all(both)
  assert.equal(await textOf(victim ?? answer(0)), 'own')
})

test('what is refused for the sake of one request does not remove what is stored', async () => {
  let down = false
  const { get, clock } = rig(
    ({ headers }) =>
      headers.has('x-bad')
        ? answer(400, {}, 'refused')
        : down
          ? answer(503)
          : answer(200, { ...STORED, etag: '"a"' }, 'own'),
    { staleIfError: 3600_000 },
  )
  await get('/').then(textOf)
  await get('/', { 'x-bad': '1', 'cache-control': 'no-cache' })
  down = true
  await clock.advance(61_000)
  assert.equal(await textOf(await get('/')), 'own')
})

test('a clock that is set back does not keep what came from the future fresh', async () => {
  const { get, clock, seen } = rig((_seen, number) => answer(200, STORED, `page ${number}`))
  const wall = clock.wallTime.bind(clock)
  clock.wallTime = () => wall() + 365 * 86400_000
  await get('/').then(textOf)
  clock.wallTime = wall
  await clock.advance(120_000)
  assert.equal(await textOf(await get('/')), 'page 2')
  assert.equal(seen.length, 2)
})

test('many variants and a long Accept-Language cost what one of them costs', async () => {
  const { get, exchange, handle } = rig(() =>
    answer(200, { ...STORED, vary: 'accept-encoding, accept-language' }, 'own'),
  )
  for (let index = 0; index < 32; index++) await get('/', { 'accept-language': `x${index}` })
  const asked = exchange('/', { headers: { 'accept-language': 'a;q=0.5,'.repeat(3500) } })
  // It was 100 ms.
  assert.ok(cpuTimeOf(() => void handle(asked)) < 50)
})

test('a response that names more fields in Vary than are worth it is not stored', async () => {
  const vary = Array.from({ length: 2000 }, (_, index) => `x-${index}`).join()
  const { get, store } = rig(() => answer(200, { ...STORED, vary }, 'own'))
  await get('/')
  assert.equal(store.stats().entries, 0)
})

test('Cache-Control with thousands of directives that name fields, or of broken ones, is read in linear time', () => {
  assertLinear('Cache-Control', parseCacheControl, { parts: ['private=a,', 'no-cache="a",', 'a b,'] })
})

test('what is remembered of requests is short, however long their keys are', () => {
  const [one, other] = ['a', 'b'].map((end) => {
    const key = { text: 'k'.repeat(30_000) + end }
    const head = { receivedAt: 0, variant: 'v'.repeat(30_000) }
    const exchange = rig(() => answer(200)).exchange('/x', { headers: { range: 'r'.repeat(30_000) } })
    return confirmationName({ key, exchange } as Lookup, { head } as StoredEntry)
  })
  assert.notEqual(one, other)
  assert.ok(Number(one?.length) <= 512)
})
