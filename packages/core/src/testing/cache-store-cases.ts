import assert from 'node:assert/strict'
import { collect, WholeBody } from '../message/body.ts'
import { putWhole } from '../policies/cache/storing-body.ts'
import type {
  CacheKey,
  CacheStore,
  MaybePromise,
  Selection,
  StoredEntry,
  StoredHead,
} from '../policies/cache/store.ts'

/** What a store is made with for a case. */
export interface CacheStoreLimits {
  /** Bytes in all. */
  readonly maxBytes: number
  /** Bytes of content that one may have. */
  readonly maxObject: number
}

/** One thing that every `CacheStore` does. */
export interface CacheStoreCase {
  /** A sentence on its behaviour. */
  readonly name: string
  /** @throws AssertionError if the store does not. It is closed at the end. */
  readonly run: (make: (limits: CacheStoreLimits) => MaybePromise<CacheStore>) => Promise<void>
}

const LIMITS: CacheStoreLimits = { maxBytes: 8 * 1024 * 1024, maxObject: 1024 * 1024 }
const NOW = Date.UTC(2026, 0, 1)
const KEY: CacheKey = { text: '4:http9:a.example2:/x' }
const OTHER: CacheKey = { text: '4:http9:a.example2:/y' }

const HEAD: StoredHead = {
  status: 200,
  fields: ['content-type', 'text/plain', 'etag', '"1"', 'set-cookie', 'a=1', 'set-cookie', 'b=\xff'],
  requestedAt: NOW - 20,
  receivedAt: NOW,
  initialAge: 1_020,
  lifetime: 60_000,
  staleWhileRevalidate: 5_000,
  staleIfError: 0,
  rules: 3,
  selecting: ['accept-language'],
  variant: '15:accept-language2:de',
  url: 'http://a.example/x?q=1',
  route: 'shop',
  tags: ['products', 'p-1'],
  groups: ['http://a.example scripts'],
}

function headWith(changes: Partial<StoredHead>): StoredHead {
  return { ...HEAD, ...changes }
}

async function keep(store: CacheStore, key: CacheKey, head: StoredHead, content: string): Promise<boolean> {
  const writer = store.begin(key, head, content.length, store.moment())
  if (writer === undefined) return false
  if (content.length > 0 && !writer.write(Buffer.from(content, 'latin1'))) return false
  return writer.commit()
}

async function textOf(entry: StoredEntry | undefined, first?: number, last?: number): Promise<string> {
  assert.ok(entry !== undefined, 'nothing is found')
  return (await collect(entry.open(first, last))).toString('latin1')
}

async function textsAt(store: CacheStore, key: CacheKey): Promise<string[]> {
  const found = await store.find(key)
  const texts: string[] = []
  for (const entry of found) {
    texts.push(await textOf(entry))
    entry.release()
  }
  return texts
}

/** Undefined where a field that may be left out is. */
function plain(head: StoredHead): object {
  const { range, staleSince, ...rest } = head
  return { ...rest, range: range === undefined ? undefined : { ...range }, staleSince }
}

/** Two bytes of nine. */
function part(first: number): StoredHead {
  return headWith({ status: 206, range: { first, last: first + 1, complete: 9 } })
}

const cases: CacheStoreCase[] = []

function define(name: string, body: (store: CacheStore) => Promise<void>, limits = LIMITS): void {
  cases.push({
    name,
    async run(make) {
      const store = await make(limits)
      try {
        await body(store)
      } finally {
        await store.close()
      }
    },
  })
}

define('what was committed is found, head and content, and nothing under another key', async (store) => {
  assert.ok(await keep(store, KEY, HEAD, 'content'))
  const [entry, ...more] = await store.find(KEY)
  assert.ok(entry !== undefined && more.length === 0)
  assert.deepEqual(plain(entry.head), plain(HEAD))
  assert.equal(entry.length, 7)
  assert.equal(await textOf(entry), 'content')
  assert.equal(await textOf(entry, 1, 3), 'ont')
  entry.release()
  assert.deepEqual(await store.find(OTHER), [])
  assert.equal(store.stats().entries, 1)
  assert.equal(store.stats().admitted, 1)
})

define('a head keeps its range and its staleness', async (store) => {
  const head = headWith({ status: 206, range: { first: 4, last: 9, complete: 20 }, staleSince: NOW })
  assert.ok(await keep(store, KEY, head, '456789'))
  const [entry] = await store.find(KEY)
  assert.deepEqual(plain(entry?.head ?? assert.fail()), plain(head))
})

define('content may be empty, or come in many chunks, whose memory is used again', async (store) => {
  assert.ok(await keep(store, OTHER, HEAD, ''))
  assert.deepEqual(await textsAt(store, OTHER), [''])
  const writer = store.begin(KEY, HEAD, undefined, store.moment()) ?? assert.fail()
  const chunk = Buffer.alloc(10_000)
  let expected = ''
  for (let index = 0; index < 50; index++) {
    chunk.fill(97 + (index % 26))
    expected += chunk.toString('latin1')
    assert.equal(writer.write(chunk), true)
  }
  chunk.fill(0)
  assert.equal(await writer.commit(), true)
  assert.deepEqual(await textsAt(store, KEY), [expected])
})

define(
  'content that is here at once is taken as bytes or as text, and refused where its length is another',
  async (store) => {
    for (const length of [0, 100, 100_000])
      for (const announced of [length, undefined]) {
        const text = 'ab\xff'.repeat(length / 3 + 1).slice(0, length)
        for (const content of [
          WholeBody.fromLatin1(text),
          WholeBody.fromBytes(Buffer.from(text, 'latin1')),
        ]) {
          const writer = store.begin(KEY, HEAD, announced, store.moment()) ?? assert.fail()
          assert.equal(await putWhole(writer, content), true)
          assert.deepEqual(await textsAt(store, KEY), [text])
        }
      }
    const wrong = store.begin(OTHER, HEAD, 10, store.moment()) ?? assert.fail()
    assert.equal(await putWhole(wrong, WholeBody.fromLatin1('short')), false)
    assert.deepEqual(await store.find(OTHER), [])
  },
)

define('what is not committed is not found', async (store) => {
  const open = store.begin(KEY, HEAD, 4, store.moment()) ?? assert.fail()
  open.write(Buffer.from('half'))
  assert.deepEqual(await store.find(KEY), [])
  open.abort()
  assert.deepEqual(await store.find(KEY), [])
  assert.equal(await open.commit(), false, 'what was given up cannot be committed')
})

define('content of another length than was announced is not taken', async (store) => {
  const writer = store.begin(KEY, HEAD, 10, store.moment()) ?? assert.fail()
  writer.write(Buffer.from('short'))
  assert.equal(await writer.commit(), false)
  assert.deepEqual(await store.find(KEY), [])
})

define('content larger than one may have is refused, announced or not', async (store) => {
  const large = Buffer.alloc(300 * 1024)
  assert.equal(store.begin(KEY, HEAD, 2 * 1024 * 1024, store.moment()), undefined)
  const writer = store.begin(KEY, HEAD, undefined, store.moment()) ?? assert.fail()
  let taken = 0
  while (taken < 10 && writer.write(large)) taken++
  assert.ok(taken < 4, `${taken} chunks of 300 KiB were taken`)
  assert.equal(await writer.commit(), false)
  assert.deepEqual(await store.find(KEY), [])
  assert.ok(store.stats().refused >= 1)
})

define(
  'variants are kept beside each other, the newest first, and the same variant is replaced',
  async (store) => {
    await keep(store, KEY, headWith({ variant: 'de' }), 'alt')
    await keep(store, KEY, headWith({ variant: 'en' }), 'old')
    await keep(store, KEY, headWith({ variant: 'de' }), 'neu')
    assert.deepEqual(await textsAt(store, KEY), ['neu', 'old'])
    assert.equal(store.stats().entries, 2)
  },
)

define('parts are kept beside each other and beside the whole', async (store) => {
  await keep(store, KEY, part(0), '01')
  await keep(store, KEY, part(4), '45')
  await keep(store, KEY, HEAD, '012345678')
  await keep(store, KEY, part(0), 'ab')
  assert.deepEqual(await textsAt(store, KEY), ['ab', '012345678', '45'])
})

define('a head is replaced by an update, and the content stays', async (store) => {
  await keep(store, KEY, HEAD, 'content')
  const [entry] = await store.find(KEY)
  const newer = headWith({
    receivedAt: NOW + 5,
    fields: ['etag', '"1"', 'x-new', 'a much longer value than before'],
  })
  assert.equal(await store.update(KEY, entry ?? assert.fail(), newer), true)
  const [updated, ...more] = await store.find(KEY)
  assert.equal(more.length, 0)
  assert.deepEqual(plain(updated?.head ?? assert.fail()), plain(newer))
  assert.equal(await textOf(updated), 'content')
  assert.equal(store.stats().entries, 1)
})

define('what is gone can be neither updated nor removed', async (store) => {
  await keep(store, KEY, HEAD, 'content')
  const [entry] = await store.find(KEY)
  assert.ok(entry !== undefined)
  assert.equal(await store.remove(KEY, entry), true)
  assert.equal(await store.remove(KEY, entry), false)
  assert.equal(await store.update(KEY, entry, HEAD), false)
  assert.deepEqual(await store.find(KEY), [])
  assert.equal(store.stats().entries, 0)
})

define('one variant is removed and the other stays', async (store) => {
  await keep(store, KEY, headWith({ variant: 'de' }), 'de')
  await keep(store, KEY, headWith({ variant: 'en' }), 'en')
  const found = await store.find(KEY)
  await store.remove(KEY, found[1] ?? assert.fail())
  assert.deepEqual(await textsAt(store, KEY), ['en'])
})

define('a body that was opened goes on whatever is purged or stored meanwhile', async (store) => {
  const content = 'x'.repeat(500_000)
  await keep(store, KEY, HEAD, content)
  const [entry] = await store.find(KEY)
  const body = entry?.open() ?? assert.fail()
  entry?.release()
  await store.purge({ by: 'all' }, 'hard', NOW)
  for (let index = 0; index < 30; index++) await keep(store, { text: `k${index}` }, HEAD, 'y'.repeat(500_000))
  assert.equal((await collect(body)).toString('latin1'), content)
})

const SELECTIONS: readonly (readonly [Selection, readonly string[]])[] = [
  [{ by: 'all' }, []],
  [{ by: 'key', key: KEY }, ['b', 'c', 'd']],
  [{ by: 'url', value: 'http://a.example/shop/1' }, ['b', 'c', 'd']],
  [{ by: 'url', value: 'http://a.example/shop/1?q' }, ['a', 'b', 'd']],
  [{ by: 'prefix', value: 'http://a.example/shop' }, ['d']],
  [{ by: 'prefix', value: 'http://a.example/shop/' }, ['d']],
  [{ by: 'prefix', value: 'http://a.example/shop/1' }, ['b', 'd']],
  [{ by: 'tag', value: 't1' }, ['c', 'd']],
  [{ by: 'tag', value: 't' }, ['a', 'b', 'c', 'd']],
  [{ by: 'route', value: 'r2' }, ['a', 'b', 'd']],
  [{ by: 'group', value: 'g' }, ['b', 'c', 'd']],
]

const STORED: readonly (readonly [string, CacheKey, Partial<StoredHead>])[] = [
  ['a', KEY, { url: 'http://a.example/shop/1', tags: ['t1', 't2'], route: 'r1', groups: ['g'] }],
  ['b', { text: 'b' }, { url: 'http://a.example/shop/2', tags: ['t1'], route: 'r1', groups: [] }],
  ['c', { text: 'c' }, { url: 'http://a.example/shop/1?q', tags: [], route: 'r2', groups: [] }],
  ['d', { text: 'd' }, { url: 'http://a.example/shopping', tags: ['t3'], route: 'r1', groups: [] }],
]

for (const [selection, left] of SELECTIONS) {
  const value = 'value' in selection ? ` ${selection.value}` : ''
  define(`a purge by ${selection.by}${value} removes what is meant and tells how many`, async (store) => {
    for (const [content, key, head] of STORED) await keep(store, key, headWith(head), content)
    assert.equal(await store.purge(selection, 'hard', NOW), STORED.length - left.length)
    const found: string[] = []
    for (const [, key] of STORED) found.push(...(await textsAt(store, key)))
    assert.deepEqual(found, left)
    assert.equal(store.stats().entries, left.length)
  })
}

define('a soft purge marks what is meant as stale, and keeps it', async (store) => {
  await keep(store, KEY, HEAD, 'content')
  await keep(store, OTHER, headWith({ route: 'other' }), 'other')
  assert.equal(await store.purge({ by: 'route', value: 'shop' }, 'soft', NOW + 7), 1)
  const [entry] = await store.find(KEY)
  assert.equal(entry?.head.staleSince, NOW + 7)
  assert.equal(await textOf(entry), 'content')
  assert.equal((await store.find(OTHER))[0]?.head.staleSince, undefined)
})

for (const selection of [{ by: 'all' }, { by: 'key', key: KEY }, { by: 'tag', value: 'p-1' }] as const) {
  define(
    `what is on its way into the store when a purge by ${selection.by} is for it is not taken`,
    async (store) => {
      const writer = store.begin(KEY, HEAD, 4, store.moment()) ?? assert.fail()
      writer.write(Buffer.from('old'))
      await store.purge(selection, 'hard', NOW)
      writer.write(Buffer.from('!'))
      assert.equal(await writer.commit(), false)
      assert.deepEqual(await store.find(KEY), [])
    },
  )
}

define('what was asked for before a purge that is for it, and comes after, is not taken', async (store) => {
  const before = store.moment()
  await store.purge({ by: 'url', value: HEAD.url }, 'hard', NOW)
  const writer = store.begin(KEY, HEAD, 3, before)
  writer?.write(Buffer.from('old'))
  if (writer !== undefined) assert.equal(await writer.commit(), false)
  assert.deepEqual(await store.find(KEY), [])
  assert.ok(await keep(store, KEY, HEAD, 'new'), 'what was asked for after it is')
  assert.deepEqual(await textsAt(store, KEY), ['new'])
})

define(
  'the store stays within its bytes, whatever is put into it, and goes on taking',
  async (store) => {
    for (let index = 0; index < 400; index++) {
      await keep(store, { text: `k${index}` }, HEAD, String.fromCharCode(97 + (index % 26)).repeat(16 * 1024))
      const { bytes, capacity } = store.stats()
      assert.ok(bytes <= capacity, `${bytes} bytes in ${capacity}`)
    }
    const { entries, evictions, refused } = store.stats()
    assert.ok(entries > 0 && entries < 400 && evictions + refused > 0, JSON.stringify(store.stats()))
    for (let index = 0; index < 400; index++) {
      const [text] = await textsAt(store, { text: `k${index}` })
      if (text !== undefined) assert.equal(text, String.fromCharCode(97 + (index % 26)).repeat(16 * 1024))
    }
  },
  { maxBytes: 1024 * 1024, maxObject: 256 * 1024 },
)

/**
 * The suite that every `CacheStore` passes. With node:test:
 * `for (const { name, run } of CACHE_STORE_CASES) test(name, () => run(makeStore))`
 */
export const CACHE_STORE_CASES: readonly CacheStoreCase[] = cases
