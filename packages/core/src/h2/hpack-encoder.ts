import { type TrafficError, unsendable } from '../message/errors.ts'
import { EncoderTable, LARGEST_TABLE } from './encoder-table.ts'
import { type Field, malformation } from './field.ts'
import { FieldKind, Indexing } from './field-kinds.ts'
import type { Fields } from './field-list.ts'

/** The first bits of a literal, and how many of the byte hold the index of its name (RFC 7541 6.2). */
const INDEXED = 0x40
const NOT_INDEXED = 0x00
const NEVER_INDEXED = 0x10

/** What the table size updates at a block's beginning may take: two, of a byte and an integer of up to two. Bytes. */
const MOST_UPDATE_BYTES = 6

export interface EncoderOptions {
  /** Names, in lower case, whose values are secrets, beside those that always are. */
  readonly secrets?: ReadonlySet<string>
}

const NONE: ReadonlySet<string> = new Set()

/**
 * Writes the blocks of one connection, in their order (RFC 7541). Strings are not Huffman-coded, which would take longer than all else.
 *
 * Nothing secret is put into the table: a connection to an origin is shared by all clients, and one of them could guess what
 * another sent by how short its own guesses become (RFC 7541 7.1, CRIME). So are never indexed: credentials and cookies, what the
 * configuration declares secret, and what came as never indexed.
 */
export class HpackEncoder {
  private readonly table = new EncoderTable()
  private readonly secrets: ReadonlySet<string>
  /** The smallest capacity since the last block; undefined if it did not change. */
  private smallest: number | undefined = undefined

  constructor({ secrets = NONE }: EncoderOptions = {}) {
    this.secrets = secrets
  }

  /** What its dynamic table takes now, in bytes. */
  get tableSize(): number {
    return this.table.size
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE, which holds from now on; the next block tells what is made of it. */
  limitTable(size: number): void {
    const capacity = Math.min(size, LARGEST_TABLE)
    if (capacity === this.table.capacity) return
    this.smallest = Math.min(capacity, this.smallest ?? capacity)
    this.table.resize(capacity)
  }

  /**
   * Writes a block, which takes no more than `mostBytes` of its fields. It must be sent: the peer's table follows ours.
   * @returns the end
   * @throws TrafficError `internal` if a field is malformed, before anything is written: a policy made it
   */
  encode(out: Buffer, start: number, fields: Fields): number {
    const { length } = fields
    for (let index = 0; index < length; index++) {
      const field = fields.at(index) as Field // within the list
      if (field.kind === FieldKind.malformed) throw unsafe(field)
    }
    let position = this.sizeUpdates(out, start)
    for (let index = 0; index < length; index++)
      position = this.field(out, position, fields.at(index) as Field) // within the list
    return position
  }

  /** What has become of the table's size since the last block (RFC 7541 4.2). */
  private sizeUpdates(out: Buffer, start: number): number {
    const { smallest } = this
    if (smallest === undefined) return start
    this.smallest = undefined
    const { capacity } = this.table
    const position = smallest < capacity ? writeInteger(out, start, 0x20, 0x1f, smallest) : start
    return writeInteger(out, position, 0x20, 0x1f, capacity)
  }

  private field(out: Buffer, start: number, field: Field): number {
    if (field.staticIndex !== 0) {
      out[start] = 0x80 | field.staticIndex
      return start + 1
    }
    if (field.neverIndexed || field.name.indexing !== Indexing.repeats)
      return this.unindexed(out, start, field)
    const index = this.table.indexOfObject(field)
    return index === 0 ? this.otherField(out, start, field) : writeInteger(out, start, 0x80, 0x7f, index)
  }

  private unindexed(out: Buffer, start: number, field: Field): number {
    const { name, neverIndexed } = field
    const isSecret = neverIndexed || name.indexing === Indexing.never || this.secrets.has(name.text)
    return this.literal(out, start, isSecret ? NEVER_INDEXED : NOT_INDEXED, 0x0f, field)
  }

  /** One that was not sent before, or as another object. */
  private otherField(out: Buffer, start: number, field: Field): number {
    if (this.secrets.has(field.name.text)) return this.literal(out, start, NEVER_INDEXED, 0x0f, field)
    const index = this.table.indexOfEqual(field)
    if (index !== 0) return writeInteger(out, start, 0x80, 0x7f, index)
    if (!this.table.isWorthwhile(field)) return this.literal(out, start, NOT_INDEXED, 0x0f, field)
    const end = this.literal(out, start, INDEXED, 0x3f, field)
    this.table.insert(field)
    return end
  }

  private literal(out: Buffer, start: number, first: number, mask: number, { name, value }: Field): number {
    const index = name.staticIndex !== 0 ? name.staticIndex : this.table.indexOfName(name.text)
    const position = writeInteger(out, start, first, mask, index)
    return writeString(out, index === 0 ? writeString(out, position, name.text) : position, value)
  }
}

/** What a block of these fields may take, in bytes. */
export function mostBytes(fields: Fields): number {
  let most = MOST_UPDATE_BYTES
  // A field's bytes are name, value, and at most three integers of five bytes: less than its `size` counts.
  for (let index = 0; index < fields.length; index++) most += (fields.at(index) as Field).size
  return most
}

/** An integer whose first byte has other bits beside those of `mask` (RFC 7541 5.1). @returns the end */
function writeInteger(out: Buffer, start: number, first: number, mask: number, value: number): number {
  let position = start
  if (value < mask) {
    out[position++] = first | value
    return position
  }
  out[position++] = first | mask
  let rest = value - mask
  for (; rest >= 0x80; rest >>>= 7) out[position++] = (rest & 0x7f) | 0x80
  out[position++] = rest
  return position
}

/** Below this a loop is quicker than a call into the runtime. Characters. */
const SHORT = 24

function writeString(out: Buffer, start: number, text: string): number {
  const { length } = text
  const position = writeInteger(out, start, 0, 0x7f, length)
  if (length > SHORT) return position + out.write(text, position, length, 'latin1')
  for (let index = 0; index < length; index++) out[position + index] = text.charCodeAt(index)
  return position + length
}

function unsafe(field: Field): TrafficError {
  return unsendable(malformation(field), 'set fields through HeaderList.set')
}
