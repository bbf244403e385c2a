import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FieldSection } from '../../src/h2/field-section.ts'
import { HpackDecoder } from '../../src/h2/hpack-decoder.ts'
import { HpackEncoder } from '../../src/h2/hpack-encoder.ts'
import {
  decodeAll,
  decodeInto,
  encode,
  field,
  hex,
  huffman,
  integer,
  NO_LIMITS,
  pair,
  plain,
  type Pair,
} from './hpack-blocks.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const NAMES = [
  ':path',
  ':status',
  'accept',
  'cookie',
  'content-type',
  'x-a',
  'x-b',
  'x-c',
  'x-long-name',
  'etag',
]
const name = fc.oneof(fc.constantFrom(...NAMES), fc.stringMatching(/^[a-z0-9!#$%&'*+.^_`|~-]{1,40}$/))
const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code))
const value = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('', 'a', 'b', '200', '/', 'text/html', 'v'.repeat(400)) },
  fc.stringMatching(/^[!-~]{0,200}$/),
)
const sent = fc
  .tuple(name, value, fc.boolean())
  .map(([name, value, never]) => field(name, value, never && value === 'b'))
const wellFormed = sent.filter((each) => each.kind !== 1)
const block = fc.record({
  fields: fc.array(wellFormed, { maxLength: 12 }),
  sizes: fc.array(fc.constantFrom(0, 31, 64, 100, 256, 1000, 4096, 65_536), { maxLength: 3 }),
})

test('what the encoder writes the decoder reads, whatever fields and table sizes there are', () => {
  fc.assert(
    fc.property(fc.array(block, { maxLength: 12 }), (blocks) => {
      const encoder = new HpackEncoder()
      const decoder = new HpackDecoder()
      for (const { fields, sizes } of blocks) {
        for (const size of sizes) {
          encoder.limitTable(size)
          decoder.limitTable(size)
        }
        const section = new FieldSection(NO_LIMITS)
        const written = encode(encoder, fields)
        assert.equal(
          decodeInto(decoder, Buffer.concat([Buffer.alloc(3), written]).subarray(3), section),
          undefined,
        )
        const regular = fields.filter((each) => !each.name.text.startsWith(':'))
        assert.deepEqual(section.fields.map(pair), regular.map(pair))
        assert.deepEqual(
          section.fields.map((each) => each.neverIndexed || each.name.indexing === 2),
          regular.map((each) => each.neverIndexed || each.name.indexing === 2),
        )
        assert.equal(decoder.tableSize, encoder.tableSize)
      }
    }),
    { numRuns: 200 },
  )
})

/** The dynamic table as RFC 7541 section 4 tells it, word by word. */
class Model {
  entries: Pair[] = []
  capacity = 4096

  get size(): number {
    return this.entries.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0)
  }

  insert(pair: Pair): void {
    this.entries.unshift(pair)
    this.trim()
  }

  trim(): void {
    while (this.size > this.capacity) this.entries.pop()
  }
}

const step = fc.record({
  kind: fc.constantFrom('index' as const, 'indexed' as const, 'literal' as const, 'resize' as const),
  name: fc.constantFrom('a', 'b', 'name'),
  value: fc.oneof(
    fc.constantFrom('1', '2'),
    fc.array(byte, { maxLength: 300 }).map((bytes) => bytes.join('')),
  ),
  huffman: fc.boolean(),
  byIndex: fc.boolean(),
  index: fc.nat({ max: 30 }),
  size: fc.integer({ min: 0, max: 4096 }),
})

test('the decoder’s table is what RFC 7541 says, after any representations', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const decoder = new HpackDecoder()
      const model = new Model()
      for (const { kind, name, value, index, size, ...how } of steps) {
        const text = how.huffman ? huffman : plain
        const entry = model.entries[index]
        if (kind === 'resize') {
          model.capacity = size
          model.trim()
          assert.deepEqual(decodeAll(decoder, integer(0x20, 5, size)), [])
        } else if (kind === 'index') {
          const read = (): readonly Pair[] => decodeAll(decoder, integer(0x80, 7, 62 + index))
          if (entry === undefined) assert.throws(read, /COMPRESSION_ERROR/)
          else assert.deepEqual(read(), [entry])
        } else {
          const [first, bits] = kind === 'indexed' ? ([0x40, 6] as const) : ([0x00, 4] as const)
          const known = how.byIndex && entry !== undefined
          const head = known
            ? integer(first, bits, 62 + index)
            : Buffer.concat([Buffer.of(first), text(name)])
          const made: Pair = [known ? entry[0] : name, value]
          assert.deepEqual(decodeAll(decoder, Buffer.concat([head, text(value)])), [made])
          if (kind === 'indexed') model.insert(made)
        }
        assert.deepEqual(decoder.entries.map(pair), model.entries)
        assert.equal(decoder.tableSize, model.size)
      }
    }),
    { numRuns: 150 },
  )
})

test('whatever bytes come, a block is read or refused, and the table stays within its limit', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 8 }), (blocks) => {
      const decoder = new HpackDecoder()
      for (const bytes of blocks) {
        const section = new FieldSection({ maxSize: 500, maxFields: 10, maxCrumbs: 100 })
        const fault = decodeInto(decoder, Buffer.from(bytes), section)
        assert.ok(decoder.tableSize <= 4096)
        assert.ok(section.fields.length <= 10)
        if (fault !== undefined) return
      }
    }),
    { numRuns: 1000 },
  )
})

test('a section that is too large leaves the table as one without a limit does', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(wellFormed, { maxLength: 8 }), { maxLength: 6 }),
      fc.nat({ max: 200 }),
      (blocks, maxSize) => {
        const encoder = new HpackEncoder()
        const [bounded, unbounded] = [new HpackDecoder(), new HpackDecoder()]
        for (const fields of blocks) {
          const written = encode(encoder, fields)
          decodeAll(unbounded, written)
          assert.equal(
            decodeInto(bounded, written, new FieldSection({ maxSize, maxFields: 4, maxCrumbs: 100 })),
            undefined,
          )
          assert.deepEqual(bounded.entries.map(pair), unbounded.entries.map(pair))
        }
      },
    ),
    { numRuns: 150 },
  )
})

test('each text survives Huffman code, and each code with a flipped bit is read as something else or refused', () => {
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 60 }), fc.nat(), (bytes, flip) => {
      const text = bytes.join('')
      const block = Buffer.concat([hex('000161'), huffman(text)])
      assert.deepEqual(decodeAll(new HpackDecoder(), block), [['a', text]])
      const start = 4
      if (block.length === start || block.length > 127) return
      const at = start + (flip % (block.length - start))
      block[at] = (block[at] ?? 0) ^ (1 << (flip % 8))
      const section = new FieldSection(NO_LIMITS)
      const fault = decodeInto(new HpackDecoder(), block, section)
      if (fault === undefined) assert.notEqual(section.fields[0]?.value, text)
    }),
    { numRuns: 500 },
  )
})
