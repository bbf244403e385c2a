import { type Field, fieldName, fieldOf } from '../../../src/h2/field.ts'
import { FieldKind } from '../../../src/h2/field-kinds.ts'
import { HpackEncoder, mostBytes } from '../../../src/h2/hpack-encoder.ts'
import { FIRST_DYNAMIC_INDEX } from '../../../src/h2/static-table.ts'
import { Random } from '../../wire/fuzz/random.ts'
import { BlockWriter } from './block-writer.ts'
import { mutated } from './block-mutation.ts'

/** The blocks of one connection, in their order. */
export interface Sequence {
  /** SETTINGS_HEADER_TABLE_SIZE of the reader, which is acknowledged before the first block. */
  readonly tableSize: number
  readonly blocks: readonly Buffer[]
  /** Whether nghttp2 is to send some of the fields back, for us to read. */
  readonly echo: boolean
  /** SETTINGS_HEADER_TABLE_SIZE of who wrote the blocks, for what is sent back. */
  readonly answerTableSize: number
}

const TABLE_SIZES: readonly number[] = [4096, 0, 200, 1000, 65_536]
const MOST_BLOCKS = 400
/** One block of so many is changed, which most often ends the connection. */
const CHANGED = 160
const MOST_FIELDS = 8

const NAMES =
  `accept user-agent cookie x-secret x-a x-b cache-control etag x-long-name x-request-id authorization
content-type if-none-match traceparent x!#$%&'*+-.^_\`|~ a`.split(/\s+/)
const ODD_NAMES = [
  '',
  'X-Upper',
  ':odd',
  ':path',
  ':status',
  'connection',
  'content-length',
  'te',
  'host',
  'a b',
  'é',
  'x\0y',
]
const VALUES = ['', 'a', 'b', '200', 'text/html', 'no-cache', 'trailers', 'caf\xe9 \xff', 'v'.repeat(130)]
const PRINTABLE = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)).join('')

/** The table as its writer believes it to be: what an index may name. */
class Believed {
  private sizes: number[] = []
  private total = 0
  private capacity: number

  constructor(capacity: number) {
    this.capacity = capacity
  }

  get length(): number {
    return this.sizes.length
  }

  insert(size: number): void {
    this.sizes.push(size)
    this.total += size
    this.trim()
  }

  resize(capacity: number): void {
    this.capacity = capacity
    this.trim()
  }

  private trim(): void {
    while (this.total > this.capacity) this.total -= this.sizes.shift() ?? 0
  }
}

/** Makes the same sequences for the same seed: blocks that are right, and some that were changed. */
export class BlockGenerator {
  private readonly random: Random
  private readonly writer = new BlockWriter()

  constructor(seed: number) {
    this.random = new Random(seed)
  }

  next(): Sequence {
    const { random } = this
    const tableSize = random.pick(TABLE_SIZES)
    const count = 1 + random.below(MOST_BLOCKS)
    const blocks = random.oneIn(4) ? this.ofEncoder(tableSize, count) : this.ofGrammar(tableSize, count)
    const answerTableSize = random.pick(TABLE_SIZES)
    return { tableSize, blocks, echo: random.oneIn(8), answerTableSize }
  }

  /** As our own encoder writes them. */
  private ofEncoder(tableSize: number, count: number): Buffer[] {
    const encoder = new HpackEncoder({ secrets: new Set(['x-secret']) })
    // A table of more than it has at first is offered, and not taken.
    encoder.limitTable(tableSize)
    return Array.from({ length: count }, () => {
      const more = Array.from({ length: this.random.below(MOST_FIELDS) }, () =>
        fieldOf(fieldName(this.name()), this.value().trim(), this.random.oneIn(16)),
      )
      const fields = [HINTS, ...more.filter(({ kind }) => kind !== FieldKind.malformed)]
      const out = Buffer.alloc(mostBytes(fields))
      return this.perhapsChanged(out.subarray(0, encoder.encode(out, 0, fields)))
    })
  }

  private ofGrammar(tableSize: number, count: number): Buffer[] {
    const table = new Believed(Math.min(tableSize, 4096))
    // Who reads has lowered its table: the first block must tell.
    let owed = tableSize < 4096
    return Array.from({ length: count }, () => {
      const { random, writer } = this
      if (owed || random.oneIn(24)) this.sizeUpdates(table, tableSize)
      owed = false
      if (!random.oneIn(1000)) this.literal(undefined, 8, '', '103')
      for (let fields = random.below(MOST_FIELDS); fields > 0; fields--) this.field(table)
      return this.perhapsChanged(writer.take())
    })
  }

  private sizeUpdates(table: Believed, tableSize: number): void {
    const { random, writer } = this
    // Three say nothing that two do not (RFC 7541 4.2).
    for (let count = random.oneIn(100) ? 3 : 1 + random.below(2); count > 0; count--) {
      const size = random.oneIn(100) ? tableSize + 1 : random.below(Math.min(tableSize, 5000) + 1)
      writer.integer(0x20, 0x1f, size, this.longer())
      table.resize(size)
    }
  }

  private field(table: Believed): void {
    const { random, writer } = this
    if (random.oneIn(3)) {
      const index =
        table.length > 0 && random.oneIn(2)
          ? FIRST_DYNAMIC_INDEX + random.below(table.length)
          : this.staticIndex()
      writer.integer(
        0x80,
        0x7f,
        random.oneIn(2000) ? FIRST_DYNAMIC_INDEX + table.length : index,
        this.longer(),
      )
      return
    }
    const known = random.oneIn(3)
    const name = known ? this.staticIndex() : 0
    const byTable = !known && table.length > 0 && random.oneIn(4)
    const index = byTable ? FIRST_DYNAMIC_INDEX + random.below(table.length) : name
    this.literal(table, index, index === 0 ? this.name() : '', this.value())
  }

  private literal(table: Believed | undefined, index: number, name: string, value: string): void {
    const { random, writer } = this
    const kind = table === undefined ? 2 : random.below(4)
    if (kind < 2) writer.integer(0x40, 0x3f, index, this.longer())
    else writer.integer(kind === 2 ? 0 : 0x10, 0x0f, index, this.longer())
    if (index === 0) writer.string(name, random.oneIn(2))
    writer.string(value, random.oneIn(2))
    // The length of a name that is told by its index is guessed: a belief that is wrong makes an index that is.
    if (kind < 2) table?.insert(32 + value.length + (index === 0 ? name.length : 16))
  }

  /** Of a regular field; seldom one that makes the message malformed by its name, or by the empty value that the table has for it. */
  private staticIndex(): number {
    const index = 15 + this.random.below(47)
    return MALFORMED.has(index) && !this.random.oneIn(50) ? 16 : index
  }

  private name(): string {
    const { random } = this
    if (random.oneIn(500)) return random.pick(ODD_NAMES)
    return random.oneIn(4) ? `x-${random.next().toString(36)}` : random.pick(NAMES)
  }

  private value(): string {
    const { random } = this
    const kind = random.below(16)
    if (kind < 8) return random.pick(VALUES)
    if (kind === 8 && random.oneIn(16)) return 'w'.repeat(random.below(4200))
    if (kind === 9 && random.oneIn(24)) return String.fromCharCode(random.below(256), random.below(256), 120)
    const start = random.below(PRINTABLE.length)
    return PRINTABLE.slice(start, start + random.below(40))
  }

  /** Integers with zeros behind them are still integers, and up to five bytes are read (RFC 7541 5.1). */
  private longer(): number {
    return this.random.oneIn(2000) ? 1 + this.random.below(6) : 0
  }

  private perhapsChanged(block: Buffer): Buffer {
    return this.random.oneIn(CHANGED) ? mutated(block, this.random) : block
  }
}

/** Content-Length, Expect, Host, Transfer-Encoding. */
const MALFORMED: ReadonlySet<number> = new Set([28, 35, 38, 57])

const HINTS: Field = fieldOf(fieldName(':status'), '103')
