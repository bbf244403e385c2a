/** What somebody has set for an endpoint by hand. Down and draining are the same to new exchanges: none. */
export type EndpointMark = 'up' | 'draining' | 'down'

const MARKS: readonly EndpointMark[] = ['up', 'draining', 'down']

const MARK_BITS = 0b011
const UNHEALTHY_BIT = 0b100

/** Each slot has two words: its bits, and its weight plus 1, or 0 while that is as configured. */
const WORDS = 2
/** The first word of all is the version. */
const HEAD = 1
/** What is added where the slots are used up. */
const FURTHER_SLOTS = 64

/**
 * What all threads must agree on: how endpoints are marked, what active checks say, and weights that were changed. It lies
 * in memory that may be shared, a slot for each endpoint, so that one thread checks for all and none sends a message. All
 * zero, as memory is at first, means: up, healthy, and weights as configured. It grows in parts, so that no slot ever moves.
 */
export class EndpointFlags {
  private readonly head: Int32Array
  private parts: readonly Int32Array[]

  /** @param memory at least one part, as `allocate` makes it; others as `grow` does */
  constructor(memory: readonly [SharedArrayBuffer, ...SharedArrayBuffer[]]) {
    this.head = new Int32Array(memory[0], 0, HEAD)
    this.parts = partsOf(memory)
  }

  /** The first part. */
  static allocate(slots: number): SharedArrayBuffer {
    return new SharedArrayBuffer((HEAD + slots * WORDS) * Int32Array.BYTES_PER_ELEMENT)
  }

  /** A further part, to follow those that there are. */
  static furtherPart(): SharedArrayBuffer {
    return new SharedArrayBuffer(FURTHER_SLOTS * WORDS * Int32Array.BYTES_PER_ELEMENT)
  }

  /** How many slots there are. */
  get slots(): number {
    return this.parts.reduce((sum, part) => sum + part.length / WORDS, 0)
  }

  /** Takes over further parts; those that it has are the first of them. */
  extend(memory: readonly SharedArrayBuffer[]): void {
    if (memory.length > this.parts.length) this.parts = partsOf(memory)
  }

  /** Another number after each change. */
  get version(): number {
    return Atomics.load(this.head, 0)
  }

  mark(slot: number): EndpointMark {
    return MARKS[this.load(slot, 0) & MARK_BITS] ?? 'down'
  }

  setMark(slot: number, mark: EndpointMark): void {
    this.change(slot, MARK_BITS, MARKS.indexOf(mark))
  }

  healthy(slot: number): boolean {
    return (this.load(slot, 0) & UNHEALTHY_BIT) === 0
  }

  setHealthy(slot: number, healthy: boolean): void {
    this.change(slot, UNHEALTHY_BIT, healthy ? 0 : UNHEALTHY_BIT)
  }

  /** Undefined while it is as configured. */
  weight(slot: number): number | undefined {
    const stored = this.load(slot, 1)
    return stored === 0 ? undefined : stored - 1
  }

  /** @param weight undefined: as configured again */
  setWeight(slot: number, weight: number | undefined): void {
    const [part, index] = this.place(slot)
    Atomics.store(part, index + 1, weight === undefined ? 0 : weight + 1)
    Atomics.add(this.head, 0, 1)
  }

  /** As memory is at first: for an endpoint that gets a slot which another one had. */
  clear(slot: number): void {
    const [part, index] = this.place(slot)
    Atomics.store(part, index, 0)
    this.setWeight(slot, undefined)
  }

  private load(slot: number, word: 0 | 1): number {
    const [part, index] = this.place(slot)
    return Atomics.load(part, index + word)
  }

  /** Marks and health are written by different hands. */
  private change(slot: number, mask: number, bits: number): void {
    const [part, index] = this.place(slot)
    for (;;) {
      const before = Atomics.load(part, index)
      const after = (before & ~mask) | bits
      if (after === before) return
      if (Atomics.compareExchange(part, index, before, after) === before) break
    }
    Atomics.add(this.head, 0, 1)
  }

  private place(slot: number): readonly [Int32Array, number] {
    let index = slot * WORDS
    for (const part of this.parts) {
      if (index < part.length) return [part, index]
      index -= part.length
    }
    throw new TypeError(`the memory has ${this.slots} slots for endpoints, and none of number ${slot}`)
  }
}

function partsOf([first, ...others]: readonly SharedArrayBuffer[]): readonly Int32Array[] {
  if (first === undefined) throw new TypeError('there is no memory for the state of endpoints')
  const head = HEAD * Int32Array.BYTES_PER_ELEMENT
  return [new Int32Array(first, head), ...others.map((part) => new Int32Array(part))]
}
