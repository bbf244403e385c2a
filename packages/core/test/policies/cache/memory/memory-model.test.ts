import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../../../../../../scripts/testing/property.ts'
import { collect } from '../../../../src/message/body.ts'
import { createCacheMemory } from '../../../../src/policies/cache/memory/cache-memory.ts'
import { SharedMemoryStore } from '../../../../src/policies/cache/memory/shared-memory-store.ts'
import type { Selection, StoredEntry, StoredHead } from '../../../../src/policies/cache/store.ts'
import { contentOf, headOf, seedOf } from './sample-content.ts'
import { verify } from './verify.ts'

const SEED = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
const RUNS = Number(process.env['HEADGATE_CACHE_RUNS'] ?? 40)
const KEYS = 10

/** A step: what is done, to which key and variant, from which of two threads. */
const step = fc.record({
  what: fc.constantFrom(
    'put',
    'put',
    'put',
    'put',
    'find',
    'find',
    'hold',
    'drop',
    'update',
    'remove',
    'purge',
    'abort',
  ),
  key: fc.nat(KEYS - 1),
  variant: fc.constantFrom('', 'de', 'en'),
  length: fc.oneof(fc.nat(300), fc.nat(5_000), fc.nat(70_000)),
  thread: fc.nat(1),
  pieces: fc.integer({ min: 1, max: 4 }),
  by: fc.constantFrom('key', 'url', 'tag', 'route', 'all', 'prefix'),
  how: fc.constantFrom('hard', 'soft'),
  wide: fc.nat(40),
})
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

interface Stored {
  readonly seed: number
  readonly length: number
  head: StoredHead
}

/** What a store should hold at most: whatever it has of these is exactly this. */
class Model {
  readonly stored = new Map<string, Stored>()
  readonly held: { readonly entry: StoredEntry; readonly seed: number }[] = []
  private readonly stores: readonly SharedMemoryStore[]
  private seed = 0

  constructor(stores: readonly SharedMemoryStore[]) {
    this.stores = stores
  }

  async apply(given: Step): Promise<void> {
    const store = this.stores[given.thread] ?? assert.fail()
    switch (given.what) {
      case 'put':
      case 'abort':
        return this.put(store, given)
      case 'find':
        return this.check(store, given.key)
      case 'hold':
        return this.hold(store, given.key)
      case 'drop':
        return this.drop()
      case 'purge':
        return this.purge(store, given)
      default:
        return this.change(store, given)
    }
  }

  private put(store: SharedMemoryStore, { what, key, variant, length, pieces }: Step): void {
    const seed = ++this.seed
    const head = headOf(key, seed, { variant })
    const content = contentOf(seed, length)
    const writer = store.begin(
      { text: `key ${key}` },
      head,
      pieces % 2 === 0 ? length : undefined,
      store.moment(),
    )
    if (writer === undefined) return
    const piece = Math.ceil(length / pieces) + 1
    let taken = true
    for (let at = 0; at < length && taken; at += piece) taken = writer.write(content.subarray(at, at + piece))
    if (what === 'abort') writer.abort()
    else if (taken && writer.commit()) this.stored.set(`${key} ${variant}`, { seed, length, head })
    // Where there was no room for the new one, the old one may be gone as well.
  }

  private async check(store: SharedMemoryStore, key: number): Promise<void> {
    const seen = new Set<string>()
    for (const entry of store.find({ text: `key ${key}` })) {
      const { variant } = entry.head
      assert.ok(!seen.has(variant), 'a variant is found twice')
      seen.add(variant)
      const stored = this.stored.get(`${key} ${variant}`) ?? assert.fail('what is gone is found')
      assert.deepEqual(entry.head, stored.head)
      assert.equal(entry.length, stored.length)
      assert.ok((await collect(entry.open())).equals(contentOf(stored.seed, stored.length)), 'content')
      if (stored.length > 10) {
        const part = await collect(entry.open(5, stored.length - 3))
        assert.ok(part.equals(contentOf(stored.seed, stored.length).subarray(5, stored.length - 2)), 'a part')
      }
      entry.release()
    }
  }

  private hold(store: SharedMemoryStore, key: number): void {
    for (const entry of store.find({ text: `key ${key}` }))
      this.held.push({ entry, seed: seedOf(entry.head) })
  }

  /** What was held has stayed as it was. */
  async drop(): Promise<void> {
    const held = this.held.shift()
    if (held === undefined) return
    const { entry, seed } = held
    const body = entry.open()
    entry.release()
    assert.ok((await collect(body)).equals(contentOf(seed, entry.length)), 'content that was held')
  }

  private change(store: SharedMemoryStore, { what, key, variant, wide }: Step): void {
    const name = `${key} ${variant}`
    for (const entry of store.find({ text: `key ${key}` })) {
      if (entry.head.variant === variant) {
        const { fields } = entry.head
        const head = { ...entry.head, fields: [...fields, 'x-more', 'x'.repeat(wide)] }
        if (what === 'remove') assert.equal(store.remove({ text: `key ${key}` }, entry), true)
        const updated = store.update({ text: `key ${key}` }, entry, head)
        const stored = this.stored.get(name)
        if (what === 'remove' || !updated || stored === undefined) this.stored.delete(name)
        else stored.head = head
        if (what === 'remove') assert.equal(updated, false)
      }
      entry.release()
    }
  }

  private async purge(store: SharedMemoryStore, { key, by, how }: Step): Promise<void> {
    const values: Record<string, string> = {
      url: `http://shop.example/products/${key}`,
      prefix: 'http://shop.example/products/',
      tag: `tag ${key % 5}`,
      route: `route ${key % 3}`,
    }
    const selection = (
      by === 'all' ? { by } : by === 'key' ? { by, key: { text: `key ${key}` } } : { by, value: values[by] }
    ) as Selection // the value of each kind is above
    await store.purge(selection, how, 7)
    for (const [name, stored] of this.stored) {
      const { head } = stored
      const isMeant =
        by === 'all' ||
        by === 'prefix' ||
        (by === 'key' && name.startsWith(`${key} `)) ||
        (by === 'url' && head.url === values['url']) ||
        (by === 'tag' && head.tags.includes(values['tag'] ?? '')) ||
        (by === 'route' && head.route === values['route'])
      if (!isMeant) continue
      if (how === 'hard') this.stored.delete(name)
      else stored.head = { ...head, staleSince: head.staleSince ?? 7 }
    }
  }
}

test('whatever two threads do to a small store, it has nothing but what was put in last, and all of its memory is accounted for', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120 }), async (steps) => {
      const memory = createCacheMemory({ bytes: 512 * 1024, entries: 22, threads: 3, seed: SEED })
      const model = new Model([new SharedMemoryStore(memory, 0), new SharedMemoryStore(memory, 1)])
      for (const each of steps) await model.apply(each)
      verify(memory, 2)
      while (model.held.length > 0) await model.drop()
      verify(memory, 2)
    }),
    { numRuns: RUNS },
  )
})
