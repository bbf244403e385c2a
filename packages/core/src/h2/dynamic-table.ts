import type { Field } from './field.ts'

/** Entries that there is room for at first; a power of two. Many connections never have more, and an idle one keeps its tables. */
const FEW = 8

/**
 * A dynamic table (RFC 7541 2.3.2, 4), as a decoder needs it. Entries are numbered from 1 in the order of their insertion, and stand in a
 * ring at the place of their number, so that none is ever moved.
 */
export class DynamicTable {
  /** A power of two long, and made larger when it is full: the capacity bounds how many entries there are (RFC 7541 4.1). */
  private ring: (Field | undefined)[] = emptyRing(FEW)
  /** The number of the newest entry. */
  private inserted = 0
  /** The number of the last entry that was evicted: those above are there. */
  private evicted = 0
  private bytes = 0
  private most: number

  /** @param capacity what the sizes of all entries may come to, in bytes */
  constructor(capacity: number) {
    this.most = capacity
  }

  get size(): number {
    return this.bytes
  }

  get length(): number {
    return this.inserted - this.evicted
  }

  get capacity(): number {
    return this.most
  }

  /** The entry that came `age` entries before the newest; undefined if there is none. */
  at(age: number): Field | undefined {
    const number = this.inserted - age
    if (age < 0 || number <= this.evicted) return undefined
    return this.ring[number & (this.ring.length - 1)]
  }

  /**
   * Makes room first; a field that is larger than the whole table empties it, which is no error (RFC 7541 4.4).
   * @returns the entry's number; 0 for a field that is too large for one
   */
  insert(field: Field): number {
    this.evictTo(this.most - field.size)
    if (field.size > this.most) return 0
    if (this.length === this.ring.length) this.grow()
    const number = ++this.inserted
    this.ring[number & (this.ring.length - 1)] = field
    this.bytes += field.size
    return number
  }

  /** Evicts what has no room any more (RFC 7541 4.3). */
  resize(capacity: number): void {
    this.most = capacity
    this.evictTo(capacity)
  }

  /** How many entries came behind that one, as `at` counts; -1 if it was evicted. */
  protected ageOf(number: number): number {
    return number > this.evicted ? this.inserted - number : -1
  }

  /** An entry is evicted: for a table that keeps more of it than is in here. */
  protected forget(_field: Field, _number: number): void {}

  private grow(): void {
    const { ring } = this
    const larger = emptyRing(2 * ring.length)
    for (let number = this.evicted + 1; number <= this.inserted; number++) {
      larger[number & (larger.length - 1)] = ring[number & (ring.length - 1)]
    }
    this.ring = larger
  }

  private evictTo(size: number): void {
    while (this.bytes > size && this.evicted < this.inserted) {
      const number = ++this.evicted
      const place = number & (this.ring.length - 1)
      const field = this.ring[place] as Field // there is one for each number that is not evicted
      this.ring[place] = undefined
      this.bytes -= field.size
      this.forget(field, number)
    }
  }
}

function emptyRing(room: number): (Field | undefined)[] {
  return new Array<Field | undefined>(room).fill(undefined)
}
