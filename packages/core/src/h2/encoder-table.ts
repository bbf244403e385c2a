import type { Field } from './field.ts'
import { FIRST_DYNAMIC_INDEX } from './static-table.ts'

/** More than this is not used of what peers allow: a table that a worker keeps for each connection. Bytes. */
export const LARGEST_TABLE = 4096
/** Places for entries, of which none is smaller than 32 bytes. A power of two. */
const PLACES = LARGEST_TABLE / 32

/** Names in use are few, forged ones many. */
const NAMES_LIMIT = 256
/** Of each entry there may be several such objects in use. */
const OBJECTS_LIMIT = 4 * PLACES
/** After so many insertions of a name it is judged by how often they were of use. */
const TRIES = 32

/** What is known of the fields of a name. Entries are numbered from 1 in the order of their insertion. */
interface KnownName {
  /** The number of the newest entry that has this name. */
  newest: number
  /** The number of the entry for each value. */
  readonly values: Map<string, number>
  tries: number
  uses: number
}

/** The dynamic table of an encoder: finds entries by field, and judges what is worth one. */
export class EncoderTable {
  private capacity = LARGEST_TABLE
  private bytes = 0
  private inserted = 0
  private evicted = 0
  private readonly ring = new Array<Field | undefined>(PLACES).fill(undefined)
  /** Entries by the very object, which is how fields that repeat are found mostly. */
  private readonly objects = new Map<Field, number>()
  private readonly names = new Map<string, KnownName>()

  get size(): number {
    return this.bytes
  }

  /** The index of the field's entry if this very object was found or inserted before; 0 if not. */
  indexOfObject(field: Field): number {
    return this.indexOf(this.objects.get(field))
  }

  /** The index of an entry of the same name and value; 0 if there is none. */
  indexOfEqual(field: Field): number {
    const known = this.names.get(field.name.text)
    const number = known?.values.get(field.value)
    const index = this.indexOf(number)
    if (known === undefined || number === undefined || index === 0) return 0
    known.uses++
    this.remember(field, number)
    return index
  }

  /** The index of an entry of that name; 0 if there is none. */
  indexOfName(name: string): number {
    return this.indexOf(this.names.get(name)?.newest)
  }

  /** Whether an entry is likely to be of use: the values of some names never come again. */
  isWorthwhile(field: Field): boolean {
    if (field.size > this.capacity >> 1) return false
    const known = this.knownName(field.name.text)
    known.tries++
    // Looked at again now and then: what comes once may begin to repeat.
    return known.tries <= TRIES || known.uses >= known.tries || known.tries % 64 === 0
  }

  insert(field: Field): void {
    this.evictTo(this.capacity - field.size)
    if (field.size > this.capacity) return
    const number = ++this.inserted
    this.ring[number & (PLACES - 1)] = field
    this.bytes += field.size
    const known = this.knownName(field.name.text)
    known.newest = number
    known.values.set(field.value, number)
    this.remember(field, number)
  }

  resize(capacity: number): void {
    this.capacity = capacity
    this.evictTo(capacity)
  }

  private indexOf(number: number | undefined): number {
    if (number === undefined || number <= this.evicted) return 0
    return FIRST_DYNAMIC_INDEX + this.inserted - number
  }

  private evictTo(size: number): void {
    while (this.bytes > size && this.evicted < this.inserted) {
      const number = ++this.evicted
      const place = number & (PLACES - 1)
      const field = this.ring[place] as Field // there is one for each number that is not evicted
      this.ring[place] = undefined
      this.bytes -= field.size
      if (this.objects.get(field) === number) this.objects.delete(field)
      const values = this.names.get(field.name.text)?.values
      if (values?.get(field.value) === number) values.delete(field.value)
    }
  }

  private remember(field: Field, number: number): void {
    if (this.objects.size >= OBJECTS_LIMIT) this.objects.clear()
    this.objects.set(field, number)
  }

  private knownName(name: string): KnownName {
    let known = this.names.get(name)
    if (known === undefined) {
      if (this.names.size >= NAMES_LIMIT) this.names.clear()
      known = { newest: 0, values: new Map(), tries: 0, uses: 0 }
      this.names.set(name, known)
    }
    return known
  }
}
