import type { Field } from './field.ts'

/** No entry is smaller (RFC 7541 4.1). Bytes. */
const SMALLEST_ENTRY = 32

/** The dynamic table of a decoder (RFC 7541 2.3.2, 4): the newest entry first, in a ring, so that none is ever moved. */
export class DynamicTable {
  /** A power of two long, with room for as many entries as the capacity can hold. */
  private ring: (Field | undefined)[]
  /** Where the newest entry is. */
  private head = 0
  private entries = 0
  private bytes = 0
  private most: number

  /** @param capacity what the sizes of all entries may come to, in bytes */
  constructor(capacity: number) {
    this.most = capacity
    this.ring = new Array<Field | undefined>(roomFor(capacity)).fill(undefined)
  }

  get size(): number {
    return this.bytes
  }

  get length(): number {
    return this.entries
  }

  get capacity(): number {
    return this.most
  }

  /** The entry that came `age` entries before the newest; undefined if there is none. */
  at(age: number): Field | undefined {
    if (age < 0 || age >= this.entries) return undefined
    return this.ring[(this.head - age) & (this.ring.length - 1)]
  }

  /** Makes room first; a field that is larger than the whole table empties it, which is no error (RFC 7541 4.4). */
  insert(field: Field): void {
    this.evictTo(this.most - field.size)
    if (field.size > this.most) return
    this.head = (this.head + 1) & (this.ring.length - 1)
    this.ring[this.head] = field
    this.entries++
    this.bytes += field.size
  }

  /** Evicts what has no room any more (RFC 7541 4.3). */
  resize(capacity: number): void {
    this.most = capacity
    this.evictTo(capacity)
    const room = roomFor(capacity)
    if (room <= this.ring.length) return
    const oldestFirst = Array.from({ length: this.entries }, (_, index) => this.at(this.entries - 1 - index))
    this.ring = [...oldestFirst, ...new Array<undefined>(room - this.entries).fill(undefined)]
    this.head = (this.entries - 1) & (room - 1)
  }

  private evictTo(size: number): void {
    while (this.entries > 0 && this.bytes > size) {
      const oldest = (this.head - this.entries + 1) & (this.ring.length - 1)
      this.bytes -= (this.ring[oldest] as Field).size // there are as many as `entries` says
      this.ring[oldest] = undefined
      this.entries--
    }
  }
}

function roomFor(capacity: number): number {
  let room = 1
  while (room * SMALLEST_ENTRY < capacity) room *= 2
  return room
}
