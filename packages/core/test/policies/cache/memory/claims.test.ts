import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../../../../../../scripts/testing/eventually.ts'
import { TrafficError } from '../../../../src/message/errors.ts'
import type { HttpResponse } from '../../../../src/message/response.ts'
import type { CacheOptions } from '../../../../src/policies/cache/cache-options.ts'
import { type CacheMemory, createCacheMemory } from '../../../../src/policies/cache/memory/cache-memory.ts'
import {
  cacheThreadEnded,
  SharedMemoryStore,
} from '../../../../src/policies/cache/memory/shared-memory-store.ts'
import { markEnded } from '../../../../src/policies/cache/memory/threads.ts'
import { Views } from '../../../../src/policies/cache/memory/views.ts'
import { VirtualClock } from '../../../../src/testing/virtual-clock.ts'
import { FilledBody, RecordingSink } from '../../../h1/harness.ts'
import { answer, type Fields, type Rig, rig, statusOf, textOf } from '../rig.ts'

const MINUTE = { 'cache-control': 'max-age=60' }
const GONE = new TrafficError('downstream_closed', 'gone')

interface Threads {
  readonly memory: CacheMemory
  readonly clock: VirtualClock
  readonly rigs: readonly Rig[]
  /** That of the first thread. */
  readonly store: SharedMemoryStore
  readonly one: Rig
  readonly other: Rig
  /** Requests that the origin has seen, from all threads. */
  readonly asked: () => number
  /** The origin answers the request that has waited longest. */
  readonly release: (response: HttpResponse | TrafficError) => Promise<void>
}

/** Caches with one memory, as those of several threads, before an origin that answers when it is told to. */
function threads(count = 2, options: Partial<CacheOptions> = {}): Threads {
  const memory = createCacheMemory({ bytes: 1024 * 1024, threads: 8, seed: Buffer.from('12345678') })
  const clock = new VirtualClock()
  const waiting: { resolve: (response: HttpResponse) => void; reject: (error: TrafficError) => void }[] = []
  let asked = 0
  const stores = Array.from({ length: count }, (_, thread) => new SharedMemoryStore(memory, thread))
  const rigs = stores.map((store) =>
    rig(
      (_seen, _number, exchange) => {
        asked++
        return new Promise((resolve, reject) => {
          const held = { resolve, reject }
          waiting.push(held)
          exchange.occupy({
            cancelled(error) {
              if (waiting.includes(held)) waiting.splice(waiting.indexOf(held), 1)
              reject(error)
            },
          })
        })
      },
      { store, ...options },
      clock,
    ),
  )
  return {
    memory,
    clock,
    rigs,
    store: stores[0] as SharedMemoryStore,
    one: rigs[0] as Rig,
    other: rigs[1] as Rig,
    asked: () => asked,
    async release(response) {
      const held = (await eventually(() => waiting.shift(), 'the origin is asked')) as NonNullable<
        (typeof waiting)[0]
      >
      if (response instanceof TrafficError) held.reject(response)
      else held.resolve(response)
      await turns()
    },
  }
}

/** Of a store that is not alone. */
function claimsOf({ claims }: SharedMemoryStore): NonNullable<SharedMemoryStore['claims']> {
  return claims ?? assert.fail()
}

/** Until what was told to other threads has arrived. */
async function turns(): Promise<void> {
  for (let count = 0; count < 20; count++) await new Promise((resolve) => setImmediate(resolve))
}

test('a thousand who ask for the same at once, in four threads, are one request to the origin', async () => {
  const { rigs, asked, release } = threads(4)
  const responses = rigs.flatMap(({ get }) => Array.from({ length: 250 }, () => get()))
  await release(answer(200, MINUTE, 'content'))
  const all = await Promise.all(responses)
  for (const response of all) assert.equal(await textOf(response), 'content')
  assert.equal(asked(), 1)
  assert.deepEqual(
    [all[0], all[1], all[999]].map((each) => each && statusOf(each)),
    [
      'fwd=uri-miss; ttl=60; stored',
      'fwd=uri-miss; ttl=60; stored; collapsed',
      'fwd=uri-miss; ttl=60; stored; collapsed',
    ],
  )
  const late = await (rigs[3] as Rig).get()
  assert.equal(statusOf(late), 'hit; ttl=60')
})

test('who finds that another thread asks, just as that one has ended, does not wait for it', async () => {
  const { store, one, memory, clock, asked, release } = threads()
  const claims = claimsOf(store)
  const late = new SharedMemoryStore(memory, 2)
  // Between the look at the claim and the first look at how it stands, its owner goes on.
  Object.defineProperty(late, 'claims', {
    value: {
      claim(...given: Parameters<typeof claims.claim>) {
        const own = claims.claim(...given)
        const others = claimsOf(new SharedMemoryStore(memory, 3)).claim(...given)
        assert.ok(own?.whose === 'ours' && others?.whose === 'other')
        own.end('failed', clock.wallTime())
        return others
      },
    },
  })
  const { get } = rig(() => one.get(), { store: late }, clock)
  const first = get()
  const second = get()
  await release(answer(200, MINUTE, 'content'))
  assert.equal(await textOf(await first), 'content')
  assert.equal(await textOf(await second), 'content')
  assert.equal(asked(), 1)
})

test('content that arrives soon is waited for; what is slow or large each thread fetches by itself', async () => {
  const { one, other, asked, release, clock } = threads()
  const first = one.get()
  const second = other.get()
  const filled = new FilledBody()
  await release(answer(200, MINUTE, filled.body))
  const sink = new RecordingSink()
  ;(await first).body.flowTo(sink)
  filled.push('early ')
  await turns()
  assert.equal(asked(), 1)
  filled.push('late')
  filled.body.end()
  assert.equal(await textOf(await second), 'early late')
  assert.equal(asked(), 1)

  const slow = new FilledBody()
  const third = one.get('/slow')
  const fourth = other.get('/slow')
  await release(answer(200, MINUTE, slow.body))
  ;(await third).body.flowTo(new RecordingSink())
  await clock.advance(450)
  assert.equal(asked(), 2)
  await clock.advance(100)
  await release(answer(200, MINUTE, 'own'))
  assert.equal(await textOf(await fourth), 'own')
  assert.equal(asked(), 3)
  await turns()
  assert.equal(await textOf(await other.get('/slow')), 'own')
  // Who comes now does not begin to wait for what has been slow for so long.
  void other.get('/slow', { 'x-else': '1' })
  slow.body.end()
})

test('one who reads slowly holds up no other thread', async () => {
  const { one, other, release, clock } = threads(2, { buffer: 10 })
  const first = one.get()
  const second = other.get()
  const filled = new FilledBody()
  await release(answer(200, MINUTE, filled.body))
  const sink = new RecordingSink()
  sink.room = false
  ;(await first).body.flowTo(sink)
  assert.equal(filled.push('one byte a second'), false)
  await turns()
  await clock.advance(510)
  await release(answer(200, MINUTE, 'own'))
  assert.equal(await textOf(await second), 'own')
})

test('a thread that ends while it has the claim is waited for no longer, whoever finds out', async () => {
  for (const found of ['told', 'successor', 'next'] as const) {
    const { one, rigs, other, asked, release, memory } = threads(3)
    void one.get()
    await turns()
    const responses = [other, rigs[2] as Rig].map(({ get }) => get())
    await turns()
    assert.equal(asked(), 1)
    if (found === 'told') cacheThreadEnded(memory, 0)
    else if (found === 'successor') void new SharedMemoryStore(memory, 0)
    else {
      // Nobody waits yet: whoever comes takes it over.
      const claims = claimsOf(new SharedMemoryStore(memory, 5))
      const next = new SharedMemoryStore(memory, 7)
      assert.equal(claims.claim('name', 0, 10, false)?.whose, 'ours')
      assert.equal(claimsOf(new SharedMemoryStore(memory, 6)).claim('name', 0, 10, false)?.whose, 'other')
      // As for who comes between its end and the moment in which its claims are given back.
      markEnded(new Views(memory), 5)
      assert.equal(claimsOf(next).claim('name', 0, 10, false)?.whose, 'ours')
      cacheThreadEnded(memory, 0)
    }
    await turns()
    assert.equal(asked(), 2, 'one of the two asks, the other one waits')
    await release(answer(200, MINUTE, 'of the dead one'))
    await release(answer(200, MINUTE, 'content'))
    for (const response of responses) assert.match(await textOf(await response), /content|dead/)
    assert.equal(asked(), 2)
  }
})

test('where there is no room for another claim, each thread asks for itself', async () => {
  const { one, other, asked, release, store, clock } = threads()
  const now = clock.wallTime()
  const claims = claimsOf(new SharedMemoryStore(threads().memory, 7))
  let taken = 0
  while (claims.claim(`name ${taken}`, 0, 10_000, false) !== undefined) taken++
  assert.ok(taken > 30, `${taken} claims`)
  for (let each = 0; each < 4_000; each++) claimsOf(store).claim(`name ${each}`, now, 10_000, false)
  const responses = [one.get(), other.get(), one.get()]
  await release(answer(200, MINUTE, 'one'))
  await release(answer(200, MINUTE, 'other'))
  assert.deepEqual(await Promise.all((await Promise.all(responses)).map(textOf)), ['one', 'other', 'one'])
  assert.equal(asked(), 2)
})

test('a claim that nobody waits for gives way when what it remembers is old', async () => {
  const claims = claimsOf(new SharedMemoryStore(threads().memory, 7))
  for (let each = 0; each < 4_000; each++) {
    const claim = claims.claim(`name ${each}`, each, 10_000, false)
    assert.equal(claim?.whose, 'ours', `name ${each}`)
    if (claim?.whose === 'ours') claim.end('unshared', each)
  }
  assert.deepEqual(claims.claim('name 3999', 4_000, 10_000, false), { whose: 'nobody', end: 'unshared' })
  assert.equal(claims.claim('name 3999', 13_999, 10_000, false)?.whose, 'ours')
})

const DAY = 86_400_000

for (const jump of [DAY, -DAY])
  test(`where the clock jumps by ${jump} ms, what was found out before is forgotten, and nobody waits for longer`, async () => {
    const { store, one, other, asked, release, clock } = threads()
    for (const end of ['stored', 'unkept', 'unshared'] as const) {
      const claim = claimsOf(store).claim(end, DAY, 10_000, false)
      if (claim?.whose === 'ours') claim.end(end, DAY)
      assert.equal(claimsOf(store).claim(end, DAY + jump, 10_000, false)?.whose, 'ours', end)
    }
    const first = one.get()
    await turns()
    const second = other.get()
    await turns()
    assert.equal(asked(), 1)
    const wall = clock.wallTime.bind(clock)
    clock.wallTime = () => wall() + jump
    await clock.advance(31_000)
    await turns()
    assert.equal(asked(), 2, 'who has waited for half a minute asks')
    await release(answer(200, MINUTE, 'first'))
    await release(answer(200, MINUTE, 'second'))
    assert.deepEqual([await textOf(await first), await textOf(await second)], ['first', 'second'])
  })

test('an origin that never answers is waited for as long as a request may take, and half a minute at most', async () => {
  const { one, other, asked, release, clock } = threads()
  void one.get()
  await turns()
  const impatient = other.exchange()
  const refused = other.handle(impatient)
  const patient = other.get()
  impatient.cancel(GONE)
  await assert.rejects(refused, GONE)
  await clock.advance(29_000)
  assert.equal(asked(), 1)
  await clock.advance(1_100)
  await turns()
  assert.equal(asked(), 2)
  void other.get()
  await turns()
  assert.equal(asked(), 2, 'those of one thread still wait for each other')
  await release(answer(200, MINUTE, 'late'))
  await release(answer(200, MINUTE, 'own'))
  assert.equal(await textOf(await patient), 'own')
})

test('what is not for all goes to the first; nobody waits for it, in any thread', async () => {
  const { one, other, asked, release, clock, memory } = threads(2, { hitForMiss: 5_000 })
  const own = { 'cache-control': 'private' }
  const responses = [one.get(), other.get(), other.get()]
  await release(answer(200, own, 'first'))
  assert.equal(asked(), 3)
  await release(answer(200, own, 'second'))
  await release(answer(200, own, 'third'))
  const texts = await Promise.all((await Promise.all(responses)).map(textOf))
  assert.deepEqual(texts.toSorted(), ['first', 'second', 'third'])
  const { get } = rig(() => answer(200, own, 'fourth'), { store: new SharedMemoryStore(memory, 5) }, clock)
  assert.equal(await textOf(await get()), 'fourth', 'a thread that has not asked for it yet')
  void other.get()
  void other.get()
  await turns()
  assert.equal(asked(), 5)
  await clock.advance(5_000)
  void other.get()
  void one.get()
  await turns()
  assert.equal(asked(), 6, 'it may have changed')
})

test('where the origin fails, each thread asks it once', async () => {
  const down = new TrafficError('connect_failed', 'down')
  const { rigs, asked, release } = threads(3)
  const responses = rigs.flatMap(({ get }) => [get(), get()])
  const settled = Promise.allSettled(responses)
  await release(down)
  await turns()
  assert.equal(asked(), 3)
  await release(answer(503, {}, 'failed'))
  await release(answer(200, MINUTE, 'content'))
  const results = (await settled).map((each) => (each.status === 'fulfilled' ? each.value.status : 'error'))
  assert.deepEqual(results, ['error', 'error', 503, 503, 200, 200])
  assert.equal(asked(), 3)
})

test('where all who asked in one thread have left, another one asks', async () => {
  for (const when of ['before the head', 'in the content'] as const) {
    const { one, other, asked, release } = threads()
    const exchange = one.exchange()
    const first = one.handle(exchange)
    const second = other.get()
    await turns()
    if (when === 'in the content') {
      const filled = new FilledBody()
      await release(answer(200, MINUTE, filled.body))
      ;(await first).body.flowTo(new RecordingSink())
      filled.push('half')
    }
    exchange.cancel(GONE)
    if (when === 'before the head') await assert.rejects(first, GONE)
    await release(answer(200, MINUTE, 'content'))
    assert.equal(await textOf(await second), 'content')
    assert.equal(asked(), 2)
  }
})

test('what was asked for before a purge is no answer to who waits for it in another thread', async () => {
  for (const how of ['hard', 'soft'] as const) {
    const { one, other, asked, release, store } = threads()
    const first = one.get()
    await turns()
    await store.purge({ by: 'all' }, how, 1)
    const second = other.get()
    await turns()
    await release(answer(200, MINUTE, 'old'))
    assert.equal(await textOf(await first), 'old')
    await release(answer(200, MINUTE, 'new'))
    assert.equal(await textOf(await second), 'new')
    assert.equal(asked(), 2)
  }
})

test('what may not be used again without asking answers those who have waited for it', async () => {
  const { one, other, asked, release } = threads()
  const responses = [one.get(), other.get(), other.get()]
  await release(answer(200, { 'cache-control': 'no-cache', etag: '"1"' }, 'content'))
  for (const response of responses) assert.equal(await textOf(await response), 'content')
  assert.equal(asked(), 1)
  void other.get()
  await eventually(() => asked() === 2, 'the next one asks')
})

test('a revalidation is one for all threads, waited for or not', async () => {
  const { one, other, asked, release, clock } = threads()
  const control = { 'cache-control': 'max-age=60, stale-while-revalidate=30', etag: '"1"' }
  void one.get()
  await release(answer(200, control, 'content'))
  await clock.advance(61_000)
  for (const { get } of [one, other, one, other])
    assert.equal(statusOf(await get()), 'hit; ttl=-1; detail=stale-while-revalidate')
  assert.equal(asked(), 2)
  await release(answer(304, control))
  assert.equal(statusOf(await other.get()), 'hit; ttl=60')
  await clock.advance(100_000)
  const responses = [one.get(), other.get(), other.get('/x', { 'if-none-match': '"1"' })]
  await release(answer(304, control))
  assert.deepEqual(
    (await Promise.all(responses)).map(({ status }) => status),
    [200, 200, 304],
  )
  assert.equal(asked(), 3)
})

test('those who want another variant ask for theirs, once in all threads', async () => {
  const { one, other, asked, release } = threads()
  const language = (value: string): Fields => ({ 'accept-language': value })
  const responses = [one.get('/x', language('de')), other.get('/x', language('en'))]
  responses.push(one.get('/x', language('en')), other.get('/x', language('de')))
  await release(answer(200, { ...MINUTE, vary: 'accept-language' }, 'deutsch'))
  await release(answer(200, { ...MINUTE, vary: 'accept-language' }, 'english'))
  const texts = await Promise.all((await Promise.all(responses)).map(textOf))
  assert.deepEqual(texts, ['deutsch', 'english', 'english', 'deutsch'])
  assert.equal(asked(), 2)
})

test('what was stored between a look-up and the claim after it is looked up again, once', async () => {
  const { one, asked, release, store } = threads()
  const claims = claimsOf(store)
  const now = one.clock.wallTime()
  const claim = claims.claim('name', now, 10_000, false)
  if (claim?.whose === 'ours') claim.end('stored', now)
  assert.deepEqual(claims.claim('name', now + 5, 10_000, false), { whose: 'nobody', end: 'stored' })
  assert.equal(claims.claim('name', now + 5, 10_000, true)?.whose, 'ours')
  // Removed at once: who asks then is answered by the origin, and not sent in circles.
  void one.get()
  await release(answer(200, MINUTE, 'old'))
  await store.purge({ by: 'all' }, 'hard', 1)
  const [second, third] = [one.get(), one.get()]
  await turns()
  assert.equal(asked(), 2, 'without a pause')
  await release(answer(200, MINUTE, 'new'))
  assert.deepEqual([await textOf(await second), await textOf(await third)], ['new', 'new'])
  assert.equal(asked(), 2)
})

test('a response that the store has no room for is passed on within a thread, and not waited for in others', async () => {
  const { one, other, asked, release } = threads()
  const responses = [one.get(), one.get(), other.get(), other.get()]
  const large = 'x'.repeat(200_000)
  await release(answer(200, MINUTE, large))
  assert.equal(asked(), 2)
  await release(answer(200, MINUTE, large))
  for (const response of responses) assert.equal((await textOf(await response)).length, large.length)
  void one.get()
  void other.get()
  await turns()
  assert.equal(asked(), 4, 'nor is the next one')
})

test('a store that is alone has no claims, and its requests are collapsed all the same', async () => {
  const store = new SharedMemoryStore(threads().memory, 7, true)
  assert.equal(store.claims, undefined)
  let asked = 0
  const { get } = rig(
    () => {
      asked++
      return answer(200, MINUTE, 'content')
    },
    { store },
  )
  const texts = await Promise.all([get(), get(), get()].map(async (response) => textOf(await response)))
  assert.deepEqual([texts, asked], [['content', 'content', 'content'], 1])
})
