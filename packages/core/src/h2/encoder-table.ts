import { DynamicTable } from './dynamic-table.ts'
import { ownText } from '../message/own-text.ts'
import { Field, LONGEST_VALUE } from './field.ts'
import { FIRST_DYNAMIC_INDEX } from './static-table.ts'

/** More than this is not used of what peers allow: a table that a worker keeps for each connection. Bytes. */
export const LARGEST_TABLE = 4096

/** Names in use are few, forged ones many. */
const NAMES_LIMIT = 256
/** Places for fields that are found by identity, a power of two: a connection sends some ten that repeat. */
const PLACES = 32
/**
 * A name has credit for entries: each that would have been needed costs so much, and each use of one earns 1, since to insert and to evict
 * takes as long as several look-ups. So it is worth entries while three of four of its fields are found.
 */
const COST = 3
/** What a name begins with, and the most that it has: what it was long ago counts for little. */
const CREDIT = 32 * COST
/** A name without credit gets an entry once in so many tries: what differs may begin to repeat. */
const RETRY = 64

/** An entry, which may be evicted by now. */
interface Entry {
  readonly number: number
  readonly name: KnownName
  readonly value: string
}

/** What is known of the fields of a name. */
interface KnownName {
  newest: Entry | undefined
  /** Entries by value, where there was ever more than one: most names have the same value in all that a connection sends. */
  values: Map<string, Entry> | undefined
  credit: number
  /** Tries without credit. */
  refused: number
}

/** The dynamic table of an encoder: finds entries by field, and judges what is worth one. */
export class EncoderTable extends DynamicTable {
  /**
   * Fields that were found or inserted, each at the place that its serial number gives, and their entries: so those that repeat are found
   * mostly. One that has lost its place to another is found by its name and value. A `Map` took three times as long.
   */
  private readonly fields: (Field | undefined)[] = new Array<Field | undefined>(PLACES).fill(undefined)
  private readonly entries: (Entry | undefined)[] = new Array<Entry | undefined>(PLACES).fill(undefined)
  private readonly names = new Map<string, KnownName>()

  constructor() {
    super(LARGEST_TABLE)
  }

  /** How many names it knows, evicted ones among them: bounded, whatever is sent. */
  get known(): number {
    return this.names.size
  }

  /** The index of the field's entry if this very object was found or inserted before; 0 if not, or if that is not known any more. */
  indexOfObject(field: Field): number {
    const place = field.serial & (PLACES - 1)
    return this.fields[place] === field ? this.use(this.entries[place]) : 0
  }

  /** The index of an entry of the same name and value; 0 if there is none. */
  indexOfEqual(field: Field): number {
    const entry = entryOf(this.names.get(field.name.text), field.value)
    const index = this.use(entry)
    // What is longer comes as another object each time, each with text of its own.
    if (entry !== undefined && index !== 0 && field.value.length <= LONGEST_VALUE) this.remember(field, entry)
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
    if (known.credit < COST) return ++known.refused % RETRY === 0
    known.credit -= COST
    return true
  }

  override insert(given: Field): number {
    const field = ownField(given)
    const number = super.insert(field)
    if (number === 0) return 0
    const name = this.knownName(field.name.text)
    const entry = { number, name, value: field.value }
    const { newest } = name
    if (newest !== undefined && newest.value !== field.value)
      name.values ??= new Map([[newest.value, newest]])
    name.values?.set(field.value, entry)
    name.newest = entry
    this.remember(field, entry)
    return number
  }

  protected override forget(field: Field, number: number): void {
    const name = this.names.get(field.name.text)
    if (name === undefined) return
    if (name.newest?.number === number) name.newest = undefined
    if (name.values?.get(field.value)?.number === number) name.values.delete(field.value)
  }

  private use(entry: Entry | undefined): number {
    const index = this.indexOf(entry)
    if (entry !== undefined && index !== 0 && entry.name.credit < CREDIT) entry.name.credit++
    return index
  }

  private indexOf(entry: Entry | undefined): number {
    const age = entry === undefined ? -1 : this.ageOf(entry.number)
    return age < 0 ? 0 : FIRST_DYNAMIC_INDEX + age
  }

  private remember(field: Field, entry: Entry): void {
    const place = field.serial & (PLACES - 1)
    this.fields[place] = field
    this.entries[place] = entry
  }

  private knownName(name: string): KnownName {
    let known = this.names.get(name)
    if (known === undefined) {
      if (this.names.size >= NAMES_LIMIT) this.names.clear()
      known = { newest: undefined, values: undefined, credit: CREDIT, refused: 0 }
      this.names.set(name, known)
    }
    return known
  }
}

/** What is longer than fields are kept for may be a part of a head. */
function ownField(field: Field): Field {
  const { name, value, staticIndex, neverIndexed } = field
  return value.length > LONGEST_VALUE ? new Field(name, ownText(value), staticIndex, neverIndexed) : field
}

function entryOf(name: KnownName | undefined, value: string): Entry | undefined {
  const newest = name?.newest
  return newest?.value === value ? newest : name?.values?.get(value)
}
