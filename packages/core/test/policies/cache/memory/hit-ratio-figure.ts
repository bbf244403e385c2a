// Hit ratios of ways to evict, on traces that are drawn from a seed: npx node packages/core/test/policies/cache/memory/hit-ratio-figure.ts
// The store itself is among them, with its pages and shards; what it is compared with counts objects of one size.
import { createCacheMemory } from '../../../../src/policies/cache/memory/cache-memory.ts'
import { SharedMemoryStore } from '../../../../src/policies/cache/memory/shared-memory-store.ts'
import { headOf } from './sample-content.ts'

/** Whether it had the key; it has it from now on, if it takes it. */
type Cache = (key: number) => boolean

const OBJECTS = 100_000
const REQUESTS = 400_000

function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

function zipf(skew: number, random: () => number): () => number {
  const sums = new Float64Array(OBJECTS)
  let sum = 0
  for (let rank = 0; rank < OBJECTS; rank++) sums[rank] = sum += 1 / (rank + 1) ** skew
  return () => {
    const wanted = random() * sum
    let low = 0
    let high = OBJECTS - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sums[middle] ?? 0) < wanted) low = middle + 1
      else high = middle
    }
    return low
  }
}

const TRACES: Record<string, () => Iterable<number>> = {
  'Zipf 0.7': () => drawn(0.7),
  'Zipf 0.9': () => drawn(0.9),
  'Zipf 1.1': () => drawn(1.1),
  /** A crawler asks for each page once, between the others: of 5 requests, 2 are its. */
  'Zipf 0.9 and a scan': () => drawn(0.9, { scan: 0.4 }),
  /** What is asked for most changes every 40,000 requests. */
  'Zipf 0.9, drifting': () => drawn(0.9, { drift: 40_000 }),
}

function* drawn(skew: number, { scan = 0, drift = 0 } = {}): Iterable<number> {
  const random = generator(7)
  const next = zipf(skew, random)
  let scanned = OBJECTS
  for (let request = 0; request < REQUESTS; request++) {
    if (scan > 0 && random() < scan) yield scanned++
    else if (drift > 0) yield (next() + Math.floor(request / drift) * 977) % OBJECTS
    else yield next()
  }
}

function lru(size: number): Cache {
  const keys = new Set<number>()
  return (key) => {
    const had = keys.delete(key)
    keys.add(key)
    if (keys.size > size) keys.delete(first(keys))
    return had
  }
}

function first(keys: Iterable<number>): number {
  for (const key of keys) return key
  throw new RangeError('there is none')
}

/** As its authors describe it (Yang and others, SOSP 2023). */
function s3fifo(size: number): Cache {
  const small = new Map<number, number>()
  const main = new Map<number, number>()
  const ghosts = new Set<number>()
  const evict = (): void => {
    if (small.size >= size / 10 || main.size === 0) {
      const key = first(small.keys())
      const reads = small.get(key) ?? 0
      small.delete(key)
      if (reads > 1) {
        main.set(key, 0)
        return
      }
      ghosts.add(key)
      if (ghosts.size > size) ghosts.delete(first(ghosts))
      return
    }
    const key = first(main.keys())
    const reads = main.get(key) ?? 0
    main.delete(key)
    if (reads > 0) main.set(key, reads - 1)
  }
  return (key) => {
    for (const queue of [small, main]) {
      const reads = queue.get(key)
      if (reads === undefined) continue
      queue.set(key, Math.min(3, reads + 1))
      return true
    }
    while (small.size + main.size >= size) evict()
    if (ghosts.delete(key)) main.set(key, 0)
    else small.set(key, 0)
    return false
  }
}

/** A window of 1 %, a main part of which a fifth is on probation, and exact counts that are halved (Einziger and others, 2017). */
function wTinyLfu(size: number): Cache {
  const window = new Set<number>()
  const probation = new Set<number>()
  const kept = new Set<number>()
  const counts = new Map<number, number>()
  let counted = 0
  const windowSize = Math.max(1, Math.floor(size / 100))
  const keptSize = Math.floor((size - windowSize) * 0.8)
  const count = (key: number): void => {
    counts.set(key, Math.min(15, (counts.get(key) ?? 0) + 1))
    if (++counted < size * 10) return
    counted = 0
    for (const [each, times] of counts)
      if (times < 2) counts.delete(each)
      else counts.set(each, times >> 1)
  }
  return (key) => {
    count(key)
    if (window.delete(key)) {
      window.add(key)
      return true
    }
    if (kept.delete(key)) {
      kept.add(key)
      return true
    }
    if (probation.delete(key)) {
      kept.add(key)
      if (kept.size > keptSize) {
        const demoted = first(kept)
        kept.delete(demoted)
        probation.add(demoted)
      }
      return true
    }
    window.add(key)
    if (window.size <= windowSize) return false
    const candidate = first(window)
    window.delete(candidate)
    if (probation.size + kept.size < size - windowSize) probation.add(candidate)
    else {
      const victim = first(probation)
      if ((counts.get(candidate) ?? 0) <= (counts.get(victim) ?? 0)) return false
      probation.delete(victim)
      probation.add(candidate)
    }
    return false
  }
}

const CONTENT = Buffer.alloc(1024)

function store(size: number): Cache {
  const bytes = Math.ceil(size * ROOM)
  const memory = createCacheMemory({ bytes, entries: size * 2, seed: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) })
  const shared = new SharedMemoryStore(memory, 0)
  return (key) => {
    const [entry] = shared.find({ text: `key ${key}` })
    entry?.release()
    if (entry !== undefined) return true
    const writer = shared.begin({ text: `key ${key}` }, headOf(key, key), CONTENT.length, shared.moment())
    writer?.write(CONTENT)
    void writer?.commit()
    return false
  }
}
/** Bytes of memory that one takes in the store: so each has room for the same number. */
const ROOM = roomOfOne()

function roomOfOne(): number {
  const memory = createCacheMemory({ bytes: 2 ** 24, seed: new Uint8Array(8) })
  const shared = new SharedMemoryStore(memory, 0)
  for (let key = 0; key < 1000; key++) {
    const writer = shared.begin(
      { text: `key ${key + 10_000}` },
      headOf(key + 10_000, key),
      CONTENT.length,
      shared.moment(),
    )
    writer?.write(CONTENT)
    void writer?.commit()
  }
  return shared.stats().bytes / 1000
}

const CACHES: Record<string, (size: number) => Cache> = {
  LRU: lru,
  'S3-FIFO': s3fifo,
  'W-TinyLFU': wTinyLfu,
  'the store': store,
}

for (const [name, trace] of Object.entries(TRACES))
  for (const share of [0.01, 0.1]) {
    const cells = Object.entries(CACHES).map(([which, make]) => {
      const cache = make(OBJECTS * share)
      let hits = 0
      for (const key of trace()) if (cache(key)) hits++
      return `${which} ${((100 * hits) / REQUESTS).toFixed(1)} %`
    })
    console.log(`${name}, room for ${share * 100} %: ${cells.join(', ')}`)
  }
