import { KeyHash } from './key-hash.ts'

/** Whether the state of an entry says no more than that of a new one: then its slot may be given to another key. */
export type IsSpent = (state: bigint) => boolean

/** Bytes before the first slot: the seed of the hash, and what fills up a cache line. */
const HEADER = 64
const SLOT = 16
/** How many slots a key may be in, from the one that its hash names. */
const PROBES = 16
/** How many slots are looked at, at most, to say how full a table is: some milliseconds. */
const LOOKED_AT = 2 ** 16

/**
 * Makes the memory of a table, all of it spent. What is not used of it costs address space only.
 * @param keys how many keys to keep at least, until they get in each other's way
 * @param seed 8 random bytes that nobody outside can know
 */
export function allocateSharedTable(keys: number, seed: Uint8Array): SharedArrayBuffer {
  let slots = PROBES
  while (slots < keys * 1.5) slots *= 2
  const memory = new SharedArrayBuffer(HEADER + slots * SLOT)
  new Uint8Array(memory).set(seed.subarray(0, 8))
  return memory
}

/**
 * A hash table that threads share without a lock or a message: keys, as hashes of 64 bits, and 64 bits of state for each, which
 * is 0 for a new key. Both are changed by compare-and-swap alone, so that a thread that ends in the middle leaves nothing
 * behind that others wait for. A key is never removed: its slot is given to another key once its state is spent.
 *
 * What can go wrong, and how far: two keys with the same hash share an entry (of 100,000 keys, in one of 4 · 10⁹ tables). Where
 * all 16 slots of a key are in use, the first of them is taken from its key, which starts anew. A key that comes to life again
 * in the very instant in which its spent entry goes to another may leave its change of state to that one.
 */
export class SharedTable {
  private readonly keys: Int32Array
  /** Slot n: key at 2n, state at 2n + 1. */
  private readonly words: BigInt64Array
  private readonly mask: number
  private readonly keyHash: KeyHash
  private readonly isSpent: IsSpent
  /** The key that is looked for, as a word: reused. */
  private readonly wanted = new BigInt64Array(1)
  private readonly wantedHalves = new Int32Array(this.wanted.buffer)
  /** The key that `vacant` saw in the slot that it chose: no other one may be driven out. */
  private occupant = 0n

  /**
   * @param memory as `allocateSharedTable` made it
   * @throws TypeError if it did not
   */
  constructor(memory: SharedArrayBuffer, isSpent: IsSpent) {
    const slots = (memory.byteLength - HEADER) / SLOT
    if (!(slots >= PROBES) || !Number.isInteger(Math.log2(slots)))
      throw new TypeError(`a shared table of ${memory.byteLength} bytes: use allocateSharedTable to make it`)
    this.keys = new Int32Array(memory, HEADER)
    this.words = new BigInt64Array(memory, HEADER)
    this.mask = slots - 1
    const [first = 0, second = 0] = new Int32Array(memory, 0, 2)
    this.keyHash = new KeyHash(first, second)
    this.isSpent = isSpent
  }

  /** Where the state of a key is, for `read` and `swap`; an entry is made for a new one. */
  place(key: string): number {
    const { keyHash } = this
    keyHash.hash(key)
    // 0 stands for an empty slot.
    const low = keyHash.low === 0 && keyHash.high === 0 ? 1 : keyHash.low
    return this.find(low, keyHash.high) ?? this.enter(low, keyHash.high)
  }

  read(place: number): bigint {
    return Atomics.load(this.words, place)
  }

  /** Whether the state was `from`, and is `to` now. */
  swap(place: number, from: bigint, to: bigint): boolean {
    return Atomics.compareExchange(this.words, place, from, to) === from
  }

  /** The state of a key, 0 if there is none; no entry is made. */
  look(key: string): bigint {
    const { keyHash } = this
    keyHash.hash(key)
    const place = this.find(keyHash.low === 0 && keyHash.high === 0 ? 1 : keyHash.low, keyHash.high)
    return place === undefined ? 0n : this.read(place)
  }

  get capacity(): number {
    return this.mask + 1
  }

  /** How many entries are not spent. Keys lie evenly, so that of a large table a part tells enough. */
  used(): number {
    const { words, mask } = this
    const looked = Math.min(mask + 1, LOOKED_AT)
    let used = 0
    for (let slot = 0; slot < looked; slot++) {
      const state = Atomics.load(words, slot * 2 + 1)
      if (state !== 0n && !this.isSpent(state)) used++
    }
    return Math.round((used * (mask + 1)) / looked)
  }

  /** Makes the entry of a key new again. */
  clear(key: string): void {
    Atomics.store(this.words, this.place(key), 0n)
  }

  clearAll(): void {
    for (let slot = 0; slot <= this.mask; slot++) Atomics.store(this.words, slot * 2 + 1, 0n)
  }

  private find(low: number, high: number): number | undefined {
    const { keys, mask } = this
    for (let probe = 0; probe < PROBES; probe++) {
      const slot = (low + probe) & mask
      const found = Atomics.load(keys, slot * 4)
      // Half of a key that is just being entered matches nothing; whoever enters it looks again.
      if (found === low && Atomics.load(keys, slot * 4 + 1) === high) return slot * 2 + 1
      if (found === 0 && Atomics.load(keys, slot * 4 + 1) === 0) return undefined
    }
    return undefined
  }

  private enter(low: number, high: number): number {
    const { words } = this
    for (;;) {
      const slot = this.vacant(low)
      const before = this.occupant
      const state = Atomics.load(words, slot * 2 + 1)
      this.wantedHalves[0] = low
      this.wantedHalves[1] = high
      const key = this.wanted[0] as bigint // it has one element
      if (Atomics.compareExchange(words, slot * 2, before, key) === before) {
        // A spent state is as good as a new one; any other is not this key's.
        if (!this.isSpent(state)) this.swap(slot * 2 + 1, state, 0n)
      }
      // By now, another thread may have entered the same key: the first of the two is the one to use.
      const place = this.find(low, high)
      if (place !== undefined) return place
    }
  }

  /**
   * The slot that a new key should take: an empty one, a spent one, or else the first. Empty ones before spent ones that come
   * before them: what looks spent may be a key that another thread has just entered, and not yet counted.
   */
  private vacant(low: number): number {
    const { words, mask } = this
    let spent: number | undefined
    for (let probe = 0; probe < PROBES; probe++) {
      const slot = (low + probe) & mask
      const key = Atomics.load(words, slot * 2)
      if (key !== 0n && (spent !== undefined || !this.isSpent(Atomics.load(words, slot * 2 + 1)))) continue
      this.occupant = key
      if (key === 0n) return slot
      spent = slot
    }
    if (spent !== undefined) return spent
    this.occupant = Atomics.load(words, (low & mask) * 2)
    return low & mask
  }
}
