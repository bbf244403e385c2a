import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Body, collect, StreamBody } from '../../../src/message/body.ts'
import { ProcessStore } from '../../../src/policies/cache/process-store.ts'
import type { CacheKey, CacheStore, StoredEntry, StoredHead } from '../../../src/policies/cache/store.ts'
import { TieredStore } from '../../../src/policies/cache/tiered-store.ts'
import { CACHE_STORE_CASES } from '../../../src/testing/cache-store-cases.ts'
import type { HttpResponse } from '../../../src/message/response.ts'
import { answer, rig, statusOf } from './rig.ts'
import { storedHead } from './stored-head.ts'

const KEY = { text: 'k' }

for (const { name, run } of CACHE_STORE_CASES) {
  test(`in two process stores, ${name}`, () =>
    run((limits) => new TieredStore(new ProcessStore(limits), new ProcessStore(limits))))
  test(`in a process store before one that answers later, ${name}`, () =>
    run((limits) => new TieredStore(new ProcessStore(limits), later(new ProcessStore(limits)))))
}

/** The same store, whose answers are promises. */
function later(store: CacheStore): CacheStore {
  return changed(store, {
    find: async (key) => store.find(key),
    update: async (...given) => store.update(...given),
    remove: async (...given) => store.remove(...given),
    purge: async (...given) => store.purge(...given),
  })
}

function changed(store: CacheStore, changes: Partial<CacheStore>): CacheStore {
  return {
    find: (key) => store.find(key),
    moment: () => store.moment(),
    begin: (...given) => store.begin(...given),
    update: (...given) => store.update(...given),
    remove: (...given) => store.remove(...given),
    purge: (...given) => store.purge(...given),
    stats: () => store.stats(),
    close: () => store.close(),
    ...changes,
  }
}

async function keep(store: CacheStore, content: string, head: Partial<StoredHead> = {}): Promise<boolean> {
  const writer = store.begin(KEY, storedHead(head), content.length, store.moment())
  writer?.write(Buffer.from(content))
  return (await writer?.commit()) === true
}

async function contentsIn(store: CacheStore): Promise<string[]> {
  const contents: string[] = []
  for (const entry of await store.find(KEY)) {
    contents.push((await collect(entry.open())).toString())
    entry.release()
  }
  return contents
}

/** Content that is in no memory. */
function streamed(store: CacheStore): CacheStore {
  const stream = (entry: StoredEntry): StoredEntry => ({
    head: entry.head,
    length: entry.length,
    open(first = 0, last = entry.length - 1): Body {
      const { whole } = entry.open(first, last)
      const body: StreamBody = new StreamBody(entry.length, {
        resumeBody() {
          body.push(whole?.bytes ?? assert.fail())
          body.end()
        },
        cancelBody: () => undefined,
      })
      return body
    },
    release: () => entry.release(),
  })
  return changed(store, { find: async (key) => (await store.find(key)).map(stream) })
}

test('what is found behind is brought forward, and told where it was found', async () => {
  const [front, behind] = [new ProcessStore(), new ProcessStore()]
  const store = new TieredStore(front, behind, { name: 'disk' })
  await keep(behind, 'content')
  const [entry] = await store.find(KEY)
  assert.equal(entry?.from, 'disk')
  assert.deepEqual(await contentsIn(front), ['content'])
  const [again] = await store.find(KEY)
  assert.equal(again?.from, undefined)
})

test('what is streamed from behind is brought forward while it is read in full, once, and not by its parts', async () => {
  const [front, behind] = [new ProcessStore(), new ProcessStore()]
  const store = new TieredStore(front, streamed(behind))
  await keep(behind, 'content')
  const [entry] = await store.find(KEY)
  assert.equal((await collect(entry?.open(1, 3) ?? assert.fail())).toString(), 'ont')
  assert.deepEqual(await contentsIn(front), [])
  const [one, other] = [entry?.open(), entry?.open()]
  await Promise.all([one, other].map(async (body) => collect(body ?? assert.fail())))
  assert.deepEqual(await contentsIn(front), ['content'])
  assert.equal(front.stats().admitted, 1)
})

test('what is purged while it is brought forward stays purged', async () => {
  const [front, behind] = [new ProcessStore(), new ProcessStore()]
  const store = new TieredStore(front, streamed(behind))
  await keep(behind, 'content')
  const [entry] = await store.find(KEY)
  const body = entry?.open() ?? assert.fail()
  assert.equal(await store.purge({ by: 'all' }, 'hard', 0), 1)
  assert.equal((await collect(body)).toString(), 'content')
  assert.deepEqual(await contentsIn(store), [])
})

test('a purge that takes its time behind is not undone by what is found there meanwhile', async () => {
  const [front, behind] = [new ProcessStore(), new ProcessStore()]
  let purge: () => void = assert.fail
  const gate = new Promise<void>((resolve) => (purge = resolve))
  const slow = changed(behind, {
    purge: async (...given) => {
      await gate
      return behind.purge(...given)
    },
  })
  const store = new TieredStore(front, slow)
  await keep(behind, 'old')
  const purged = store.purge({ by: 'all' }, 'hard', 0)
  assert.deepEqual(await contentsIn(store), ['old'])
  purge()
  await purged
  assert.deepEqual(await contentsIn(store), [])
})

test('something newer than what is brought forward stays', async () => {
  const [front, behind] = [new ProcessStore(), new ProcessStore()]
  const store = new TieredStore(front, streamed(behind))
  await keep(behind, 'old', { receivedAt: 1 })
  const [entry] = await store.find(KEY)
  const body = entry?.open() ?? assert.fail()
  await keep(store, 'new', { receivedAt: 2 })
  await collect(body)
  assert.deepEqual(await contentsIn(store), ['new'])
})

test('an entry is updated and removed in both, wherever it was found', async () => {
  for (const found of ['front', 'behind']) {
    const [front, behind] = [new ProcessStore(), new ProcessStore()]
    const store = new TieredStore(front, later(behind))
    await keep(found === 'front' ? store : behind, 'content', { receivedAt: 1 })
    const [entry] = await store.find(KEY)
    assert.equal(await store.update(KEY, entry ?? assert.fail(), storedHead({ receivedAt: 2 })), true)
    assert.equal(behind.find(KEY)[0]?.head.receivedAt, 2)
    const [updated] = await store.find(KEY)
    assert.equal(updated?.head.receivedAt, 2)
    assert.equal(await store.remove(KEY, updated ?? assert.fail()), true)
    assert.deepEqual([front.stats().entries, behind.stats().entries], [0, 0])
  }
})

test('an entry that has been replaced behind does not get the head of another content', async () => {
  const [front, behind] = [new ProcessStore(), new ProcessStore()]
  const store = new TieredStore(front, behind)
  await keep(store, 'content', { receivedAt: 1 })
  const [entry] = await store.find(KEY)
  await keep(behind, 'another', { receivedAt: 2 })
  await store.update(KEY, entry ?? assert.fail(), storedHead({ receivedAt: 3 }))
  assert.equal(behind.find(KEY)[0]?.head.receivedAt, 2)
})

test('content too large for the first is kept behind alone', async () => {
  const store = new TieredStore(new ProcessStore({ maxObject: 3 }), new ProcessStore())
  assert.equal(await keep(store, 'content'), true)
  assert.deepEqual(await contentsIn(store), ['content'])
})

test('a store behind that fails in all it does breaks nothing but a purge, and is reported', async () => {
  const fail = (): never => {
    throw new Error('gone')
  }
  const reject = async (): Promise<never> => fail()
  const writing = { write: () => true, commit: reject, abort: fail }
  const failing: readonly Partial<CacheStore>[] = [
    { find: fail, moment: fail, begin: fail, update: fail, remove: fail, stats: fail },
    { find: reject, update: reject, remove: reject, begin: () => writing },
    { begin: () => ({ ...writing, write: fail }) },
  ]
  for (const changes of failing) {
    const errors: unknown[] = []
    const front = new ProcessStore()
    const behind = changed(new ProcessStore(), changes)
    const store = new TieredStore(front, behind, { onError: (error) => errors.push(error) })
    assert.deepEqual(await contentsIn(store), [])
    assert.equal(await keep(store, 'content'), true)
    const [entry] = await store.find(KEY)
    assert.equal(await store.update(KEY, entry ?? assert.fail(), storedHead({ receivedAt: 5 })), true)
    const [updated] = await store.find(KEY)
    assert.equal(store.stats().entries, 1)
    assert.equal(await store.remove(KEY, updated ?? assert.fail()), true)
    store.begin(KEY, storedHead(), 1, store.moment())?.abort()
    assert.ok(errors.length > 0)
  }
})

test('a purge that fails behind rejects, and has purged the first', async () => {
  for (const purge of [() => assert.fail('gone'), async () => assert.fail('gone')]) {
    const front = new ProcessStore()
    const store = new TieredStore(front, changed(new ProcessStore(), { purge }))
    await keep(store, 'content')
    await assert.rejects(async () => store.purge({ by: 'all' }, 'hard', 0), /gone/)
    assert.equal(front.stats().entries, 0)
  }
})

test('what was asked for before more purges than are remembered is not stored', async () => {
  const store = new TieredStore(new ProcessStore(), new ProcessStore())
  const before = store.moment()
  for (let index = 0; index < 300; index++) {
    await store.purge({ by: 'tag', value: 'other' }, 'hard', 0)
    store.moment()
  }
  assert.equal(store.begin(KEY, storedHead(), 1, before), undefined)
  assert.notEqual(store.begin(KEY, storedHead(), 1, store.moment()), undefined)
})

test('a hit from behind says so in Cache-Status, and one after it does not', async () => {
  const behind = new ProcessStore()
  const origin = (): HttpResponse => answer(200, { 'cache-control': 'max-age=60' }, 'content')
  const said: unknown[] = []
  for (const front of [new ProcessStore(), new ProcessStore()]) {
    const { get } = rig(origin, { store: new TieredStore(front, behind, { name: 'disk' }) })
    for (let turn = 0; turn < 3; turn++) said.push(statusOf(await get()))
  }
  assert.deepEqual(said, [
    'fwd=uri-miss; ttl=60; stored',
    'hit; ttl=60',
    'hit; ttl=60',
    'hit; ttl=60; detail=disk',
    'hit; ttl=60',
    'hit; ttl=60',
  ])
})

test('a variant that is kept behind answers, though the first has another one of the same key', async () => {
  for (const isSlow of [false, true]) {
    const [front, behind] = [new ProcessStore(), new ProcessStore()]
    const keys: CacheKey[] = []
    const noting = changed(front, {
      find(key) {
        keys.push(key)
        return front.find(key)
      },
    })
    const { get, seen } = rig(
      ({ headers }) =>
        answer(200, { 'cache-control': 'max-age=60', vary: 'x-part' }, headers.get('x-part') ?? ''),
      { store: new TieredStore(noting, isSlow ? later(behind) : behind) },
    )
    const of = async (part: string): Promise<[string | undefined, string]> => {
      const response = await get('/x', { 'x-part': part })
      return [statusOf(response), (await collect(response.body)).toString()]
    }
    await of('one')
    await of('two')
    const key = keys[0] ?? assert.fail()
    const [two] = front.find(key).filter(({ head }) => head.variant.includes('two'))
    front.remove(key, two ?? assert.fail())
    assert.deepEqual(await of('two'), ['hit; ttl=60; detail=behind', 'two'])
    assert.deepEqual(await of('two'), ['hit; ttl=60', 'two'])
    assert.equal((await of('three'))[0], 'fwd=vary-miss; ttl=60; stored')
    assert.equal(seen.length, 3)
  }
})
