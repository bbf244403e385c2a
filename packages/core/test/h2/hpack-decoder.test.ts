import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cpuTimeOf } from '../../../../scripts/testing/cpu-time.ts'
import { FieldSection } from '../../src/h2/field-section.ts'
import { HpackDecoder } from '../../src/h2/hpack-decoder.ts'
import {
  decodeAll,
  decodeInto,
  EOS,
  field,
  hex,
  huffman,
  huffmanOf,
  integer,
  literal,
  NO_LIMITS,
  pair,
  plain,
} from './hpack-blocks.ts'

function refusal(block: Buffer, decoder: HpackDecoder = new HpackDecoder()): string | undefined {
  const fault = decodeInto(decoder, block, new FieldSection(NO_LIMITS))
  assert.equal(fault?.code ?? 'COMPRESSION_ERROR', 'COMPRESSION_ERROR')
  assert.equal(fault?.scope ?? 'connection', 'connection')
  return fault?.message
}

function string(...parts: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(parts)
  return Buffer.concat([integer(0x80, 7, bytes.length), bytes])
}

const GET = Buffer.of(0x82)
const A = 'a'.charCodeAt(0)

/** What is refused, and a word of the reason. */
const REFUSED: Readonly<Record<string, readonly [block: Buffer, reason: RegExp]>> = {
  'index 0': [hex('80'), /index 0,/],
  'an index behind the static table, where the dynamic one is empty': [hex('be'), /index 62,/],
  'an index far behind': [integer(0x80, 7, 100_000), /index 100000,/],
  'the name of no entry': [Buffer.concat([integer(0x40, 6, 62), plain('a')]), /index 62,/],
  'the name of no entry, not to be indexed': [Buffer.concat([integer(0, 4, 70), plain('a')]), /index 70,/],
  'an index that is cut off': [hex('ff'), /cuts off/],
  'an index that is cut off later': [hex('ff80'), /cuts off/],
  'an index of six bytes': [hex('ff80808080 00'), /five bytes/],
  'an index beyond 2^32': [hex('ffffffffffffffff0f'), /five bytes/],
  'a length of six bytes': [hex('4001617f8080808001'), /five bytes/],
  'a literal without a name': [hex('40'), /cuts off/],
  'a name that is cut off': [hex('400261'), /cuts off/],
  'a literal without a value': [hex('400161'), /cuts off/],
  'a value that is cut off': [hex('4001610261'), /cuts off/],
  'a value whose length no block has': [hex('400161ffffffff7f61'), /cuts off/],
  'a table size update behind a field': [Buffer.concat([GET, hex('20')]), /behind a field/],
  'three table size updates': [hex('202020'), /more than two/],
  'a table size above the limit': [integer(0x20, 5, 4097), /4097/],
  'a table size that is cut off': [hex('3f'), /cuts off/],
  'padding of zeros': [Buffer.concat([hex('400161'), string(hex('18'))]), /padding/],
  'padding that is not all ones': [Buffer.concat([hex('400161'), string(hex('1e'))]), /padding/],
  'padding of eight bits': [Buffer.concat([hex('400161'), string(huffmanOf([A]), hex('ff'))]), /padding/],
  'nothing but padding': [Buffer.concat([hex('400161'), string(hex('ff'))]), /padding/],
  'padding of two bytes': [Buffer.concat([hex('400161'), string(huffmanOf([A]), hex('ffff'))]), /padding/],
  'the end of the string': [Buffer.concat([hex('400161'), string(huffmanOf([A, EOS]))]), /end of the string/],
  'the end of the string in the midst': [
    Buffer.concat([hex('400161'), string(huffmanOf([A, EOS, A]))]),
    /end of the string/,
  ],
  'the same in a name': [
    Buffer.concat([hex('40'), string(huffmanOf([EOS])), plain('a')]),
    /end of the string/,
  ],
}

for (const [what, [block, reason]] of Object.entries(REFUSED)) {
  test(`a block that holds ${what} ends the connection`, () => assert.match(refusal(block) ?? '', reason))
}

test('Huffman code may end in one to seven ones, and decodes to each of the 256 bytes', () => {
  for (let byte = 0; byte < 256; byte++) {
    for (const text of [String.fromCharCode(byte), `a${String.fromCharCode(byte, byte)}0`]) {
      const section = new FieldSection(NO_LIMITS)
      const decoder = new HpackDecoder()
      assert.equal(decodeInto(decoder, Buffer.concat([hex('400161'), huffman(text)]), section), undefined)
      assert.equal(decoder.entries[0]?.value, text)
    }
  }
})

test('integers of up to five bytes are read, with zeros that are not needed', () => {
  assert.match(refusal(hex('ff00')) ?? '', /index 127,/)
  assert.match(refusal(hex('ff80808000')) ?? '', /index 127,/)
  assert.equal(refusal(hex('3f80808000')), undefined)
  assert.match(refusal(hex('ffffffff7f')) ?? '', /index 268435582,/)
})

test('an index is that of the newest entry first, and the oldest are evicted', () => {
  const decoder = new HpackDecoder()
  for (let each = 0; each < 200; each++) decodeAll(decoder, literal(`name-${each}`, 'v'.repeat(100)))
  assert.equal(decoder.tableSize <= 4096, true)
  assert.equal(decoder.entries.length, 29)
  assert.deepEqual(
    decodeAll(decoder, integer(0x80, 7, 62)).map(([name]) => name),
    ['name-199'],
  )
  assert.deepEqual(
    decodeAll(decoder, integer(0x80, 7, 62 + 28)).map(([name]) => name),
    ['name-171'],
  )
  assert.match(refusal(integer(0x80, 7, 62 + 29), decoder) ?? '', /index 91/)
})

test('a literal may take its name from the very entry that it evicts (RFC 7541 4.4)', () => {
  const decoder = new HpackDecoder()
  decodeAll(decoder, literal('name', 'v'.repeat(4000)))
  const block = Buffer.concat([integer(0x40, 6, 62), plain('w'.repeat(4000))])
  assert.deepEqual(decodeAll(decoder, block), [['name', 'w'.repeat(4000)]])
  assert.equal(decoder.entries.length, 1)
})

test('a field that is larger than the table empties it', () => {
  const decoder = new HpackDecoder()
  decodeAll(decoder, literal('a', 'b'))
  decodeAll(decoder, literal('a', 'b'.repeat(5000)))
  assert.deepEqual(decoder.entries, [])
})

test('a larger table that was acknowledged keeps what is there and takes more', () => {
  const decoder = new HpackDecoder()
  decodeAll(decoder, literal('first', 'a'))
  decoder.limitTable(100_000)
  decodeAll(decoder, integer(0x20, 5, 100_000))
  for (let each = 0; each < 1000; each++) decodeAll(decoder, literal('each', String(each)))
  assert.equal(decoder.entries.length, 1001)
  assert.deepEqual(decodeAll(decoder, integer(0x80, 7, 62 + 1000)), [['first', 'a']])
})

test('after a lower limit the next block must begin with a size within the lowest that was told', () => {
  const lowered = (...sizes: readonly number[]): HpackDecoder => {
    const decoder = new HpackDecoder()
    for (const size of sizes) decoder.limitTable(size)
    return decoder
  }
  assert.match(refusal(GET, lowered(100)) ?? '', /no table size update/)
  assert.match(refusal(Buffer.alloc(0), lowered(100)) ?? '', /no table size update/)
  assert.match(refusal(integer(0x20, 5, 101), lowered(100)) ?? '', /size of 101/)
  assert.equal(refusal(Buffer.concat([integer(0x20, 5, 100), GET]), lowered(100)), undefined)
  // Lowered and raised again: the lowest is told first.
  assert.match(refusal(integer(0x20, 5, 4096), lowered(0, 4096)) ?? '', /size of 4096/)
  assert.equal(refusal(Buffer.concat([hex('20'), integer(0x20, 5, 4096), GET]), lowered(0, 4096)), undefined)
  assert.match(
    refusal(Buffer.concat([hex('20'), integer(0x20, 5, 51), GET]), lowered(0, 50)) ?? '',
    /size of 51/,
  )
  assert.match(refusal(Buffer.concat([integer(0x20, 5, 50), GET]), lowered(0, 50)) ?? '', /size of 50/)
  const decoder = lowered(64)
  assert.equal(refusal(hex('3f2182'), decoder), undefined)
  assert.equal(refusal(GET, decoder), undefined, 'once is enough')
  // A table that was sized down by its own doing owes nothing.
  const small = new HpackDecoder()
  assert.equal(refusal(hex('2082'), small), undefined)
  small.limitTable(2048)
  assert.equal(refusal(GET, small), undefined)
})

test('a literal that nobody may index stays one, and its equal that may be indexed is another', () => {
  const section = new FieldSection(NO_LIMITS)
  const decoder = new HpackDecoder()
  const block = Buffer.concat([literal('x-key', 'secret', 0x10), literal('x-key', 'secret', 0x00)])
  assert.equal(decodeInto(decoder, block, section), undefined)
  assert.deepEqual(
    section.fields.map((each) => each.neverIndexed),
    [true, false],
  )
  assert.deepEqual(decoder.entries, [])
})

test('a repeated field is the same object, whether it came by index or as a literal', () => {
  const section = new FieldSection(NO_LIMITS)
  const block = Buffer.concat([literal('x-a', 'b'), integer(0x80, 7, 62), literal('x-a', 'b', 0x00)])
  decodeInto(new HpackDecoder(), block, section)
  assert.equal(section.fields.length, 3)
  assert.equal(new Set(section.fields).size, 1)
  assert.equal(field('x-a', 'b'), section.fields[0])
})

test('beyond the limit on size or number nothing is collected, and the table follows all the same', () => {
  const decoder = new HpackDecoder()
  for (const limits of [
    { maxSize: 40, maxFields: Infinity, maxCrumbs: Infinity },
    { maxSize: Infinity, maxFields: 1, maxCrumbs: 100 },
  ]) {
    const section = new FieldSection(limits)
    const block = Buffer.concat([
      literal('a', 'b'),
      literal('c', 'd'),
      literal('skipped', 'value', 0x00),
      Buffer.concat([integer(0x10, 4, 31), huffman('text/html')]),
      literal('e', 'f'),
    ])
    assert.equal(decodeInto(decoder, block, section), undefined)
    assert.equal(section.tooLarge, true)
    assert.deepEqual(section.fields.map(pair), [['a', 'b']])
    assert.deepEqual(decoder.entries.slice(0, 3).map(pair), [
      ['e', 'f'],
      ['c', 'd'],
      ['a', 'b'],
    ])
  }
  const over = (block: Buffer): string | undefined => {
    const section = new FieldSection({ maxSize: 0, maxFields: 0, maxCrumbs: 100 })
    return decodeInto(new HpackDecoder(), Buffer.concat([GET, block]), section)?.message
  }
  assert.match(over(hex('000161 05')) ?? '', /cuts off/, 'what is skipped must be there')
  assert.match(over(hex('0f2f 00')) ?? '', /index 62/)
  const unreadable = string(hex('18'))
  assert.equal(over(Buffer.concat([hex('000161'), unreadable])), undefined, 'nor is it looked at')
  assert.match(
    over(Buffer.concat([hex('400161'), unreadable])) ?? '',
    /padding/,
    'but what the table takes is',
  )
})

test('the size of a section counts name, value and 32 bytes for each field (RFC 9113 10.5.1)', () => {
  const section = new FieldSection({ maxSize: 42 + 35, maxFields: 100, maxCrumbs: 100 })
  section.add(field(':method', 'GET'))
  section.add(field('a', 'bc'))
  assert.equal(section.size, 77)
  assert.equal(section.tooLarge, false)
  section.add(field('a', ''))
  assert.equal(section.tooLarge, true)
})

test('a field of 4 KB that is indexed a million times costs next to nothing beyond the limit', () => {
  const decoder = new HpackDecoder()
  const bomb = Buffer.concat([literal('bomb', 'x'.repeat(4000)), Buffer.alloc(1_000_000, 0xbe)])
  const section = new FieldSection({ maxSize: 65_536, maxFields: 200, maxCrumbs: 100 })
  const took = cpuTimeOf(() => decodeInto(decoder, bomb, section))
  assert.equal(section.tooLarge, true)
  assert.equal(section.fields.length, 16)
  assert.ok(took < 500, `${took} ms`)
})
