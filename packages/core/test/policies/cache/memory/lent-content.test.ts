import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BodySink } from '../../../../src/message/body.ts'
import { createCacheMemory } from '../../../../src/policies/cache/memory/cache-memory.ts'
import { SharedMemoryStore } from '../../../../src/policies/cache/memory/shared-memory-store.ts'
import type { StoredEntry } from '../../../../src/policies/cache/store.ts'
import { contentOf, headOf } from './sample-content.ts'

const SEED = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
const LENGTH = 200_000

function storeWith(seed: number): SharedMemoryStore {
  const store = new SharedMemoryStore(
    createCacheMemory({ bytes: 1024 * 1024, largest: LENGTH, seed: SEED }),
    0,
  )
  put(store, 0, seed)
  return store
}

function put(store: SharedMemoryStore, index: number, seed: number): void {
  const writer = store.begin({ text: `key ${index}` }, headOf(index, seed), LENGTH, store.moment())
  writer?.write(contentOf(seed, LENGTH))
  void writer?.commit()
}

function found(store: SharedMemoryStore): StoredEntry {
  const [entry] = store.find({ text: 'key 0' })
  assert.ok(entry)
  return entry
}

/** A connection that has handed what it was lent to the kernel, and says so when the test does. */
class Borrower implements BodySink {
  readonly lent: { readonly chunk: Uint8Array; readonly returned: () => void }[] = []
  ended = false
  room = true

  write(): boolean {
    throw new Error('it is lent what it can give back')
  }

  lend(chunk: Uint8Array, returned: () => void): boolean {
    this.lent.push({ chunk, returned })
    return this.room
  }

  end(): void {
    this.ended = true
  }

  fail(): void {}
}

test('a large content is lent as it lies in memory, and stays there until it is given back, whatever is stored meanwhile', () => {
  const store = storeWith(1)
  const entry = found(store)
  const borrower = new Borrower()
  entry.open().flowTo(borrower)
  entry.release()
  assert.equal(borrower.ended, true)
  assert.ok(borrower.lent.every(({ chunk }) => chunk.buffer instanceof SharedArrayBuffer))
  void store.purge({ by: 'all' }, 'hard', 0)
  for (let index = 1; index < 20; index++) put(store, index, index + 1)
  assert.ok(Buffer.concat(borrower.lent.map(({ chunk }) => chunk)).equals(contentOf(1, LENGTH)))
  const before = borrower.lent.map(({ chunk }) => Buffer.from(chunk))
  for (const { returned } of borrower.lent) returned()
  for (let index = 20; index < 60; index++) put(store, index, index + 1)
  const same = borrower.lent.every(({ chunk }, index) => before[index]?.equals(chunk) === true)
  assert.equal(same, false, 'its room is used again once it is given back')
})

test('all that goes into one write is lent at once, in however many pieces it lies, and no more until there is room', () => {
  const large = 2_500_000
  const store = new SharedMemoryStore(
    createCacheMemory({ bytes: 16 * 1024 * 1024, largest: large, seed: SEED }),
    0,
  )
  const writer = store.begin({ text: 'key 0' }, headOf(0, 1), large, store.moment())
  const other = store.begin({ text: 'key 1' }, headOf(1, 1), large, store.moment())
  // Two that arrive by turns lie in each other's way.
  for (let at = 0; at < large; at += 50_000)
    for (const each of [writer, other]) each?.write(contentOf(at, 50_000))
  void writer?.commit()
  const entry = found(store)
  const borrower = new Borrower()
  borrower.room = false
  const body = entry.open()
  body.flowTo(borrower)
  const bytes = (): number => borrower.lent.reduce((sum, { chunk }) => sum + chunk.byteLength, 0)
  assert.equal(bytes(), 1024 * 1024)
  assert.ok(borrower.lent.length > 1, `${borrower.lent.length} pieces`)
  body.resume()
  assert.equal(bytes(), 2 * 1024 * 1024)
  body.resume()
  assert.deepEqual([bytes(), borrower.ended], [large, true])
  entry.release()
})

test('a sink that cannot give back what it is lent gets copies', () => {
  const store = storeWith(1)
  const chunks: Uint8Array[] = []
  const entry = found(store)
  entry.open().flowTo({ write: (chunk) => chunks.push(chunk) > 0, end: () => {}, fail: () => {} })
  entry.release()
  assert.ok(chunks.every((chunk) => !(chunk.buffer instanceof SharedArrayBuffer)))
  assert.ok(Buffer.concat(chunks).equals(contentOf(1, LENGTH)))
})
