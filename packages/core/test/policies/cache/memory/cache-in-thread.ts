import { parentPort, workerData } from 'node:worker_threads'
import { collect } from '../../../../src/message/body.ts'
import type { CacheMemory } from '../../../../src/policies/cache/memory/cache-memory.ts'
import { SharedMemoryStore } from '../../../../src/policies/cache/memory/shared-memory-store.ts'
import { contentOf, headOf, seedOf } from './sample-content.ts'

/** What the thread is to do: random operations, until it is ended or has done so many. */
export interface CacheInThread {
  readonly memory: CacheMemory
  readonly thread: number
  readonly seed: number
  readonly operations: number
}

const { memory, thread, seed, operations } = workerData as CacheInThread
const store = new SharedMemoryStore(memory, thread)
let state = seed
const KEYS = 200
/** Contents follow from these few numbers, made once. */
const SEEDS = 16
const LENGTHS = [0, 90, 1_000, 1_000, 1_000, 3_000, 9_000, 40_000, 130_000]
const LONGEST = 130_000
const contents = Array.from({ length: SEEDS }, (_, index) => contentOf(index, LONGEST))

function random(below: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) | 0
  return (state >>> 8) % below
}

/** Any content that is found is one that was put in, whole, with its own head. */
async function read(index: number): Promise<void> {
  for (const entry of store.find({ text: `key ${index}` })) {
    const { head, length } = entry
    if (head.url !== `http://shop.example/products/${index}`) throw new Error(`key ${index} has ${head.url}`)
    // Some are read when others have had their turn, and may have put something else in their place.
    if (random(8) === 0) await new Promise(setImmediate)
    const content = await collect(entry.open())
    const expected = contents[seedOf(head)]?.subarray(0, length)
    if (expected === undefined || !content.equals(expected)) throw new Error(`content of key ${index}`)
    if (random(40) === 0)
      store.update({ text: `key ${index}` }, entry, { ...head, tags: [`tag ${random(9)}`] })
    if (random(90) === 0) store.remove({ text: `key ${index}` }, entry)
    entry.release()
  }
}

function write(index: number): void {
  const chosen = random(SEEDS)
  const length = LENGTHS[random(LENGTHS.length)] ?? 0
  const content = contents[chosen] ?? contentOf(chosen, length)
  const writer = store.begin(
    { text: `key ${index}` },
    headOf(index, chosen),
    random(2) === 0 ? length : undefined,
    store.moment(),
  )
  for (let at = 0; at < length; at += 20_000)
    if (writer?.write(content.subarray(at, Math.min(length, at + 20_000))) === false) return
  if (random(20) === 0) writer?.abort()
  else void writer?.commit()
}

async function run(): Promise<void> {
  for (let done = 0; done < operations; done++) {
    const index = random(KEYS)
    const what = random(1000)
    if (what < 600) await read(index)
    else if (what < 990) write(index)
    else if (what < 998) await store.purge({ by: 'tag', value: `tag ${random(7)}` }, 'hard', 1)
    else
      await store.purge(
        { by: what === 998 ? 'prefix' : 'url', value: `http://shop.example/products/${index}` },
        'soft',
        1,
      )
    if (done % 50 === 0) parentPort?.postMessage(done)
  }
  parentPort?.postMessage('done')
}

await run()
