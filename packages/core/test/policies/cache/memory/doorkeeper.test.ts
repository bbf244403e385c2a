import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCacheMemory } from '../../../../src/policies/cache/memory/cache-memory.ts'
import { SharedMemoryStore } from '../../../../src/policies/cache/memory/shared-memory-store.ts'
import { headOf } from './sample-content.ts'

const CONTENT = Buffer.alloc(1024)
let made = 0

function storeOf1MiB(): SharedMemoryStore {
  const memory = createCacheMemory({ bytes: 1024 * 1024, seed: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) })
  return new SharedMemoryStore(memory, 0)
}

/** As a cache asks for it. @returns whether it was there, or was stored */
function ask(store: SharedMemoryStore, text: string): 'there' | 'stored' | 'refused' {
  const [entry] = store.find({ text })
  entry?.release()
  return entry === undefined ? bring(store, text) : 'there'
}

function bring(store: SharedMemoryStore, text: string): 'stored' | 'refused' {
  const writer = store.begin({ text }, headOf(made, made++), CONTENT.length, store.moment())
  writer?.write(CONTENT)
  return writer?.commit() === true ? 'stored' : 'refused'
}

function crawl(store: SharedMemoryStore, count: number): number {
  let stored = 0
  for (let page = 0; page < count; page++) if (ask(store, `page ${made}`) === 'stored') stored++
  return stored
}

test('while a crawler goes through a full memory, one page of sixteen is stored, and one that is asked for again is', () => {
  const store = storeOf1MiB()
  assert.equal(crawl(store, 500), 500, 'there is room')
  crawl(store, 2000)
  const stored = crawl(store, 2000)
  assert.ok(stored > 60 && stored < 250, `${stored} of 2000`)
  const asked = Array.from({ length: 40 }, (_, index) => `twice ${index}`)
  for (const each of asked) ask(store, each)
  const again = asked.filter((each) => ask(store, each) !== 'refused')
  assert.ok(again.length > 32, `${again.length} of 40 at their second time`)
})

test('two who ask for the same at once have it stored, and so has one whose answer takes the place of an older one', () => {
  const store = storeOf1MiB()
  crawl(store, 4000)
  const keys = Array.from({ length: 100 }, (_, index) => `both ${index}`)
  for (const text of keys) {
    assert.equal(store.find({ text }).length, 0)
    assert.equal(store.find({ text }).length, 0)
    assert.equal(bring(store, text), 'stored')
    for (const entry of store.find({ text })) entry.release()
    assert.equal(bring(store, text), 'stored', 'a newer one')
  }
})

test('when what is new is asked for again, all that is new is let in once more', () => {
  const store = storeOf1MiB()
  crawl(store, 4000)
  assert.ok(crawl(store, 1000) < 200)
  // Each page is read by two: the second one finds it, or has it stored, and a third one reads it.
  for (let page = 0; page < 3000; page++) for (let reader = 0; reader < 3; reader++) ask(store, `new ${page}`)
  let stored = 0
  for (let page = 0; page < 300; page++) if (ask(store, `later ${page}`) === 'stored') stored++
  assert.ok(stored > 250, `${stored} of 300`)
})
