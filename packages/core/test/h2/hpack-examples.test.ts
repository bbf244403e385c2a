import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HpackDecoder } from '../../src/h2/hpack-decoder.ts'
import { HpackEncoder } from '../../src/h2/hpack-encoder.ts'
import { decodeAll, encode, field, hex, literal, pair, type Pair } from './hpack-blocks.ts'

/** The examples of RFC 7541 appendix C, all of them. */

interface Example {
  readonly section: string
  readonly block: string
  readonly fields: readonly Pair[]
  /** The dynamic table behind it, the newest entry first, and its size. */
  readonly table: readonly Pair[]
  readonly size: number
}

const AUTHORITY: Pair = [':authority', 'www.example.com']
const NO_CACHE: Pair = ['cache-control', 'no-cache']
const CUSTOM: Pair = ['custom-key', 'custom-value']
const GET: readonly Pair[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
]
const FIRST = [...GET, AUTHORITY]
const SECOND = [...FIRST, NO_CACHE]
const THIRD: readonly Pair[] = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':path', '/index.html'],
  AUTHORITY,
  CUSTOM,
]

const PRIVATE: Pair = ['cache-control', 'private']
const DATE: Pair = ['date', 'Mon, 21 Oct 2013 20:13:21 GMT']
const LATER: Pair = ['date', 'Mon, 21 Oct 2013 20:13:22 GMT']
const LOCATION: Pair = ['location', 'https://www.example.com']
const GZIP: Pair = ['content-encoding', 'gzip']
const COOKIE: Pair = ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1']

function requests(section: string, blocks: readonly [string, string, string]): readonly Example[] {
  const [first, second, third] = blocks
  return [
    { section: `${section}.1`, block: first, fields: FIRST, table: [AUTHORITY], size: 57 },
    { section: `${section}.2`, block: second, fields: SECOND, table: [NO_CACHE, AUTHORITY], size: 110 },
    { section: `${section}.3`, block: third, fields: THIRD, table: [CUSTOM, NO_CACHE, AUTHORITY], size: 164 },
  ]
}

function responses(section: string, blocks: readonly [string, string, string]): readonly Example[] {
  const [first, second, third] = blocks
  const rest = [PRIVATE, DATE, LOCATION]
  const newest = [LOCATION, DATE, PRIVATE]
  return [
    {
      section: `${section}.1`,
      block: first,
      fields: [[':status', '302'], ...rest],
      table: [...newest, [':status', '302']],
      size: 222,
    },
    {
      section: `${section}.2`,
      block: second,
      fields: [[':status', '307'], ...rest],
      table: [[':status', '307'], ...newest],
      size: 222,
    },
    {
      section: `${section}.3`,
      block: third,
      fields: [[':status', '200'], PRIVATE, LATER, LOCATION, GZIP, COOKIE],
      table: [COOKIE, GZIP, LATER],
      size: 215,
    },
  ]
}

const REPRESENTATIONS: readonly Example[] = [
  {
    section: 'C.2.1',
    block: '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572',
    fields: [['custom-key', 'custom-header']],
    table: [['custom-key', 'custom-header']],
    size: 55,
  },
  {
    section: 'C.2.2',
    block: '040c 2f73 616d 706c 652f 7061 7468',
    fields: [[':path', '/sample/path']],
    table: [],
    size: 0,
  },
  {
    section: 'C.2.3',
    block: '1008 7061 7373 776f 7264 0673 6563 7265 74',
    fields: [['password', 'secret']],
    table: [],
    size: 0,
  },
  { section: 'C.2.4', block: '82', fields: [[':method', 'GET']], table: [], size: 0 },
]

const PLAIN_REQUESTS = requests('C.3', [
  '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
  '8286 84be 5808 6e6f 2d63 6163 6865',
  '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
])
const HUFFMAN_REQUESTS = requests('C.4', [
  '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
  '8286 84be 5886 a8eb 1064 9cbf',
  '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
])
const PLAIN_RESPONSES = responses('C.5', [
  `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32
   3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
  '4803 3330 37c1 c0bf',
  `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970
   7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61
   6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31`,
])
const HUFFMAN_RESPONSES = responses('C.6', [
  `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad
   1718 63c7 8f0b 97c8 e9ae 82ae 43d3`,
  '4883 640e ffc1 c0bf',
  `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2
   e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
])

function assertDecodes(decoder: HpackDecoder, { section, block, fields, table, size }: Example): void {
  assert.deepEqual(decodeAll(decoder, hex(block)), fields, section)
  assert.deepEqual(decoder.entries.map(pair), table, section)
  assert.equal(decoder.tableSize, size, section)
}

for (const example of REPRESENTATIONS) {
  test(`example ${example.section} of RFC 7541 is decoded`, () => assertDecodes(new HpackDecoder(), example))
}

test('the examples C.3 to C.6 of RFC 7541 are decoded, each with the dynamic table that it leaves', () => {
  for (const examples of [PLAIN_REQUESTS, HUFFMAN_REQUESTS]) {
    const decoder = new HpackDecoder()
    for (const example of examples) assertDecodes(decoder, example)
  }
  for (const examples of [PLAIN_RESPONSES, HUFFMAN_RESPONSES]) {
    const decoder = new HpackDecoder()
    // They are for a table of 256 bytes, which is told first.
    decoder.limitTable(256)
    decodeAll(decoder, hex('3fe1 01'))
    for (const example of examples) assertDecodes(decoder, example)
  }
})

test('the integers of example C.1 of RFC 7541 are read and written, as sizes of a table', () => {
  for (const [size, block] of [
    [10, '2a'],
    [1337, '3f9a 0a'],
    [42, '3f0b'],
  ] as const) {
    const encoder = new HpackEncoder()
    encoder.limitTable(size)
    assert.equal(encode(encoder, []).toString('hex'), block.replaceAll(' ', ''))
    const decoder = new HpackDecoder()
    decodeAll(decoder, hex(block))
    // An entry of just that size fits, one that is larger does not.
    decodeAll(decoder, literal('a', 'v'.repeat(Math.max(0, size - 33))))
    assert.equal(decoder.tableSize, size < 33 ? 0 : size)
    decodeAll(decoder, literal('a', 'v'.repeat(Math.max(0, size - 32))))
    assert.equal(decoder.tableSize, 0)
  }
})

test('the encoder writes the examples C.2 and C.3 of RFC 7541 byte by byte', () => {
  for (const { section, block, fields } of REPRESENTATIONS) {
    const written = encode(
      new HpackEncoder(),
      fields.map(([name, value]) => field(name, value, name === 'password')),
    )
    assert.equal(written.toString('hex'), hex(block).toString('hex'), section)
  }
  const encoder = new HpackEncoder()
  for (const { section, block, fields, size } of PLAIN_REQUESTS) {
    const written = encode(
      encoder,
      fields.map(([name, value]) => field(name, value)),
    )
    assert.equal(written.toString('hex'), hex(block).toString('hex'), section)
    assert.equal(encoder.tableSize, size, section)
  }
})
