import { DynamicTable } from './dynamic-table.ts'
import { connectionFault, type Http2Fault } from './fault.ts'
import { type Field, type FieldName, fieldName, fieldOf, STATIC_FIELDS } from './field.ts'
import type { FieldSection } from './field-section.ts'
import { decodeHuffman } from './huffman.ts'
import { FIRST_DYNAMIC_INDEX } from './static-table.ts'

/** Until our SETTINGS are acknowledged (RFC 9113 6.5.2). Bytes. */
const INITIAL_TABLE_SIZE = 4096
/** The smallest size since the last block, and the one that holds now: more has nobody to tell (RFC 7541 4.2). */
const MOST_UPDATES = 2
/** A prefix and four bytes: below 2^28, more than anything that is read may be long. */
const MOST_SHIFT = 21

/**
 * Reads the blocks of one connection, in their order (RFC 7541). A fault ends the connection, as its table can no longer be trusted.
 * Positions and the fault are members, so that nothing is allocated for a number.
 */
export class HpackDecoder {
  private readonly table: DynamicTable = new DynamicTable(INITIAL_TABLE_SIZE)
  /** What the table may be sized to. */
  private limit = INITIAL_TABLE_SIZE
  /** The smallest limit since the last block: the next block must begin by telling a size within it. */
  private owed: number | undefined = undefined
  private bytes: Buffer = NOTHING
  private position = 0
  private end = 0
  private problem = ''

  /** What its dynamic table takes now, in bytes: never more than the limit. */
  get tableSize(): number {
    return this.table.size
  }

  /** The dynamic table's entries, the newest first. */
  get entries(): Field[] {
    return Array.from({ length: this.table.length }, (_, age) => this.table.at(age) as Field) // as many as `length` says
  }

  /** The peer has acknowledged our SETTINGS_HEADER_TABLE_SIZE. */
  limitTable(size: number): void {
    if (size < this.table.capacity) this.owed = Math.min(size, this.owed ?? size)
    this.limit = size
  }

  /**
   * Adds the fields of a whole block, which stands at `start` to `end`, to a section. Where the section has passed a limit, only what
   * the table needs is done for the rest.
   * @returns the fault that ends the connection, if there is one
   */
  decode(bytes: Buffer, start: number, end: number, section: FieldSection): Http2Fault | undefined {
    this.bytes = bytes
    this.position = start
    this.end = end
    const done = this.sizeUpdates() && this.fields(section)
    // The buffer is not ours to keep.
    this.bytes = NOTHING
    return done ? undefined : connectionFault('COMPRESSION_ERROR', this.problem)
  }

  private sizeUpdates(): boolean {
    for (let count = 0; this.position < this.end; count++) {
      const first = this.bytes[this.position] as number // within the block
      if ((first & 0xe0) !== 0x20) break
      this.position++
      if (count === MOST_UPDATES) return this.refuse('more than two table size updates (RFC 7541 4.2)')
      const size = this.integer(first & 0x1f, 0x1f)
      if (size < 0) return false
      if (size > (this.owed ?? this.limit)) {
        return this.refuse(`a table size of ${size}, above SETTINGS_HEADER_TABLE_SIZE (RFC 7541 6.3)`)
      }
      this.owed = undefined
      this.table.resize(size)
    }
    if (this.owed === undefined) return true
    return this.refuse('no table size update, though SETTINGS_HEADER_TABLE_SIZE was lowered (RFC 7541 4.2)')
  }

  private fields(section: FieldSection): boolean {
    while (this.position < this.end) {
      const first = this.byte()
      if (first >= 0x80) {
        const index = this.integer(first & 0x7f, 0x7f)
        const field = this.at(index)
        if (field === undefined) return this.noEntry(index)
        section.add(field)
      } else if (first >= 0x40) {
        const field = this.literal(first & 0x3f, 0x3f, false)
        if (field === undefined) return false
        this.table.insert(field)
        section.add(field)
      } else if (first >= 0x20) {
        return this.refuse('a table size update behind a field (RFC 7541 4.2)')
      } else if (section.tooLarge) {
        if (!this.skipLiteral(first & 0x0f)) return false
      } else {
        const field = this.literal(first & 0x0f, 0x0f, first >= 0x10)
        if (field === undefined) return false
        section.add(field)
      }
    }
    return true
  }

  private literal(index: number, mask: number, neverIndexed: boolean): Field | undefined {
    const name = this.name(this.integer(index, mask))
    if (name === undefined) return undefined
    const value = this.string()
    return value === undefined ? undefined : fieldOf(name, value, neverIndexed)
  }

  private name(index: number): FieldName | undefined {
    if (index !== 0) {
      const field = this.at(index)
      if (field === undefined) this.noEntry(index)
      return field?.name
    }
    const text = this.string()
    return text === undefined ? undefined : fieldName(text)
  }

  /** A literal that nobody will look at and that goes into no table. */
  private skipLiteral(prefix: number): boolean {
    const index = this.integer(prefix, 0x0f)
    if (index !== 0 && this.at(index) === undefined) return this.noEntry(index)
    return (index !== 0 || this.skipString()) && this.skipString()
  }

  private skipString(): boolean {
    const length = this.stringLength()
    if (length < 0) return false
    this.position += length
    return true
  }

  private string(): string | undefined {
    const isHuffman = this.position < this.end && (this.bytes[this.position] as number) >= 0x80
    const length = this.stringLength()
    if (length < 0) return undefined
    const start = this.position
    this.position += length
    if (!isHuffman) return length === 0 ? '' : this.bytes.toString('latin1', start, this.position)
    const text = decodeHuffman(this.bytes, start, this.position)
    if (text === undefined)
      this.refuse('a Huffman code with wrong padding or the end of the string (RFC 7541 5.2)')
    return text
  }

  /** How many bytes of a string follow, all of them within the block; -1 if the block ends before. */
  private stringLength(): number {
    if (this.position >= this.end) return this.cutOff()
    const length = this.integer(this.byte() & 0x7f, 0x7f)
    return length > this.end - this.position ? this.cutOff() : length
  }

  /** An integer whose first byte was read, with `prefix` in the bits of `mask` (RFC 7541 5.1); -1 if it is none. */
  private integer(prefix: number, mask: number): number {
    if (prefix < mask) return prefix
    let value = prefix
    for (let shift = 0; shift <= MOST_SHIFT; shift += 7) {
      if (this.position >= this.end) return this.cutOff()
      const byte = this.byte()
      value += (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    this.refuse('an integer of more than five bytes (RFC 7541 5.1)')
    return -1
  }

  private at(index: number): Field | undefined {
    return index < FIRST_DYNAMIC_INDEX ? STATIC_FIELDS[index - 1] : this.table.at(index - FIRST_DYNAMIC_INDEX)
  }

  /** Callers have looked whether there is one. */
  private byte(): number {
    return this.bytes[this.position++] as number
  }

  /** The reason that came first stays: an index below 0 says that the integer was none. */
  private noEntry(index: number): false {
    return index < 0 ? false : this.refuse(`index ${index}, where no table has an entry (RFC 7541 2.3.3)`)
  }

  private cutOff(): -1 {
    this.refuse('a field that the block cuts off (RFC 9113 4.3)')
    return -1
  }

  private refuse(what: string): false {
    this.problem = `a field block holds ${what}`
    return false
  }
}

const NOTHING = Buffer.alloc(0)
