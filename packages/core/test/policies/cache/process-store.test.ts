import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cpuTimeOf } from '../../../../../scripts/testing/cpu-time.ts'
import { ProcessStore } from '../../../src/policies/cache/process-store.ts'
import type { StoredHead } from '../../../src/policies/cache/store.ts'
import { CACHE_STORE_CASES } from '../../../src/testing/cache-store-cases.ts'
import { storedHead } from './stored-head.ts'

for (const { name, run } of CACHE_STORE_CASES) {
  test(`in a process store, ${name}`, () => run((limits) => new ProcessStore(limits)))
}

function keep(store: ProcessStore, text: string, size: number, head: Partial<StoredHead> = {}): boolean {
  const writer = store.begin({ text }, storedHead(head), size, store.moment())
  writer?.write(new Uint8Array(size))
  return writer?.commit() === true
}

test('the key goes first that was not asked for in the longest time', () => {
  const store = new ProcessStore({ maxEntries: 2 })
  keep(store, 'a', 1)
  keep(store, 'b', 1)
  store.find({ text: 'a' })
  keep(store, 'c', 1)
  assert.deepEqual(
    ['a', 'b', 'c'].map((text) => store.find({ text }).length),
    [1, 0, 1],
  )
  assert.equal(store.stats().evictions, 1)
})

test('a hit costs the same however many keys there are', () => {
  const costs = [100, 20_000].map((count) => {
    const store = new ProcessStore()
    for (let index = 0; index < count; index++) keep(store, `k${index}`, 1)
    return cpuTimeOf(() => {
      for (let turn = 0; turn < 20_000; turn++) store.find({ text: 'k1' })
    })
  })
  const [few = 0, many = 0] = costs
  assert.ok(many < few * 20 + 100, `${few} ms with 100 keys, ${many} ms with 20,000`)
})

test('many variants of one key cannot fill the store', () => {
  const store = new ProcessStore({ maxEntries: 3 })
  for (let index = 0; index < 10; index++) keep(store, 'a', 1, { variant: `v${index}` })
  assert.ok(store.stats().entries <= 3)
  assert.equal(store.find({ text: 'a' })[0]?.head.variant, 'v9')
})

test('bounds that are no whole numbers above 0 are refused', () => {
  for (const maxBytes of [0, -1, 1.5, Number.NaN])
    assert.throws(() => new ProcessStore({ maxBytes }), TypeError)
})
