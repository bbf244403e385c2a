import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askedRange } from '../../../src/fields/byte-ranges.ts'
import { ProcessStore } from '../../../src/policies/cache/process-store.ts'
import type { CacheKey, CacheStore, StoredHead } from '../../../src/policies/cache/store.ts'
import { TieredStore } from '../../../src/policies/cache/tiered-store.ts'
import { answer, type Origin, rig, statusOf, textOf } from './rig.ts'

const CONTENT = '0123456789'

/** Three stores, one behind the other, and the first two as one that notes the keys that it is asked for. */
class Tiers {
  readonly memory: ProcessStore
  readonly disk: ProcessStore = new ProcessStore()
  readonly far: ProcessStore = new ProcessStore()
  readonly store: CacheStore
  private readonly keys = new Map<string, CacheKey>()

  constructor(memory: ProcessStore = new ProcessStore()) {
    this.memory = memory
    const near = new TieredStore(memory, this.disk, { name: 'disk' })
    const find = near.find.bind(near)
    near.find = (key) => {
      this.keys.set(key.text, key)
      return find(key)
    }
    this.store = new TieredStore(near, this.far, { name: 'redis' })
  }

  /** One of them gives way to others. */
  forget(store: ProcessStore, isMeant: (head: StoredHead) => boolean): void {
    let count = 0
    for (const key of this.keys.values())
      for (const entry of store.find(key)) if (isMeant(entry.head) && store.remove(key, entry)) count++
    assert.notEqual(count, 0)
  }
}

const inTongues: Origin = ({ headers }) =>
  answer(200, { 'cache-control': 'max-age=60', vary: 'x-tongue' }, headers.get('x-tongue') ?? '')

const inParts: Origin = ({ headers }) => {
  const fields = { 'cache-control': 'max-age=60', 'content-type': 'a/b', etag: '"1"' }
  const range = askedRange(headers.get('range'), CONTENT.length)
  if (typeof range !== 'object') return answer(200, fields, CONTENT)
  const told = { 'content-range': `bytes ${range.first}-${range.last}/${CONTENT.length}` }
  return answer(206, { ...fields, ...told }, CONTENT.slice(range.first, range.last + 1))
}

test('a variant that the third store alone has is found, though the first two have others of the same key', async () => {
  const tiers = new Tiers()
  const { get, seen } = rig(inTongues, { store: tiers.store })
  for (const tongue of ['de', 'en', 'fr']) await textOf(await get('/x', { 'x-tongue': tongue }))
  tiers.forget(tiers.disk, ({ variant }) => variant.includes('fr'))
  const all = (): boolean => true
  for (const [tongue, gone, from] of [
    ['fr', all, '; detail=redis'],
    ['en', (head: StoredHead) => !head.variant.includes('fr'), '; detail=disk'],
    ['fr', undefined, ''],
  ] as const) {
    if (gone !== undefined) tiers.forget(tiers.memory, gone)
    const response = await get('/x', { 'x-tongue': tongue })
    assert.deepEqual([statusOf(response), await textOf(response)], [`hit; ttl=60${from}`, tongue])
  }
  assert.equal(seen.length, 3)
})

test('a part that has given way in the first store is found behind, though the first has others', async () => {
  const tiers = new Tiers()
  const { get, seen } = rig(inParts, { store: tiers.store })
  for (const range of ['bytes=0-3', 'bytes=4-6', 'bytes=7-9']) await textOf(await get('/x', { range }))
  tiers.forget(tiers.memory, ({ range }) => range?.first === 4)
  const response = await get('/x', { range: 'bytes=2-8' })
  assert.deepEqual([statusOf(response), await textOf(response)], ['hit; ttl=60; detail=disk', '2345678'])
  const whole = await get('/x')
  assert.deepEqual([whole.status, statusOf(whole), await textOf(whole)], [200, 'hit; ttl=60', CONTENT])
  assert.equal(seen.length, 3)
})

test('what has become too large for the first store does not hide behind what that had before', async () => {
  const tiers = new Tiers(new ProcessStore({ maxBytes: 8192, maxObject: 1024 }))
  const { get, seen, clock } = rig(
    (_seen, number) =>
      answer(200, { 'cache-control': 'max-age=60' }, number === 1 ? 'small' : '2'.repeat(4096)),
    { store: tiers.store },
  )
  await textOf(await get())
  await clock.advance(61_000)
  assert.equal(statusOf(await get()), 'fwd=stale; ttl=60; stored')
  for (let turn = 0; turn < 2; turn++) {
    const response = await get()
    assert.equal(statusOf(response), 'hit; ttl=60; detail=disk')
    assert.equal((await textOf(response)).length, 4096)
  }
  assert.equal(seen.length, 2)
})
