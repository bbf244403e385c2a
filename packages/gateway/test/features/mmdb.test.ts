import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Reader } from 'mmdb-lib'
import { type AddressBytes, Mmdb, writeBytes } from '../../src/features/geo/mmdb.ts'
import { MmdbError, type MmdbValue } from '../../src/features/geo/mmdb-data.ts'
import { bitsOf, control, type MmdbOptions, pointer, writeMmdb, type Written } from './mmdb-writer.ts'
import { cpuTimeOf } from '../../../../scripts/testing/cpu-time.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const place: AddressBytes = { bytes: new Uint8Array(16), length: 4 }

function lookUp(file: Mmdb, address: string): MmdbValue | undefined {
  assert.ok(writeBytes(address, place))
  const found = file.find(place.bytes, place.length)
  return found === 0 ? undefined : file.record(found)
}

/** Maps as objects, to be compared with what was written. */
function plain(value: MmdbValue | undefined): unknown {
  if (value instanceof Map) return Object.fromEntries(Array.from(value, ([key, each]) => [key, plain(each)]))
  return Array.isArray(value) ? value.map((each) => plain(each as MmdbValue)) : value
}

const byte = fc.integer({ min: 0, max: 255 })
const v4 = fc.tuple(byte, byte, byte, byte).map((bytes) => bytes.join('.'))
/** Of few networks, so that they lie within each other. */
const near4 = fc
  .tuple(fc.constantFrom(1, 10), fc.constantFrom(0, 128), byte, byte)
  .map((bytes) => bytes.join('.'))
const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16))
const v6 = fc.array(group, { minLength: 7, maxLength: 7 }).map((groups) => `2001:${groups.join(':')}`)
const network4 = fc
  .tuple(near4, fc.integer({ min: 1, max: 32 }))
  .map(([address, bits]) => `${address}/${bits}`)
const network6 = fc.tuple(v6, fc.integer({ min: 4, max: 128 })).map(([address, bits]) => `${address}/${bits}`)
const record: fc.Arbitrary<Written> = fc.record(
  {
    country: fc.record(
      { iso_code: fc.constantFrom('DE', 'FR', 'US'), geoname_id: fc.nat() },
      { noNullPrototype: true },
    ),
    names: fc.dictionary(fc.constantFrom('en', 'de', 'zh-CN', '__proto__'), fc.string({ maxLength: 400 }), {
      noNullPrototype: true,
    }),
    list: fc.array(fc.oneof(fc.boolean(), fc.nat(2 ** 31), fc.string()), { maxLength: 30 }),
  },
  { noNullPrototype: true },
)

describe('a MaxMind DB file', () => {
  it('gives what a search for the longest network gives, for every record size, and what mmdb-lib gives', () => {
    const networks = fc.dictionary(fc.oneof(network4, network6), record, { minKeys: 1, maxKeys: 12 })
    const sizes = fc.constantFrom<24 | 28 | 32>(24, 28, 32)
    fc.assert(
      fc.property(
        networks,
        sizes,
        fc.array(fc.oneof(v4, near4, v6), { maxLength: 20 }),
        (table, recordSize, others) => {
          const bytes = writeMmdb(table, { recordSize })
          const file = new Mmdb(bytes)
          file.check()
          const library = new Reader(bytes)
          const inside = Object.keys(table).map((network) => network.split('/')[0] ?? '')
          for (const address of [...inside, ...others]) {
            const expected = longest(table, address)
            assert.deepEqual(plain(lookUp(file, address)), expected, address)
            assert.deepEqual(withoutProto(library.get(address)), withoutProto(expected), address)
          }
        },
      ),
      { numRuns: 150 },
    )
  })

  it('for IPv4 knows no IPv6 address, whatever its first bits', () => {
    const file = new Mmdb(writeMmdb({ '32.1.0.0/16': 'v4' }, { ipVersion: 4 }))
    assert.equal(lookUp(file, '32.1.2.3'), 'v4')
    assert.equal(lookUp(file, '::ffff:32.1.2.3'), 'v4')
    assert.equal(lookUp(file, '::ffff:2001:203%eth0'), 'v4', 'the same in hexadecimal, with a zone')
    assert.equal(lookUp(file, '2001:db8::1'), undefined)
  })

  it('leads to records of all kinds and sizes', () => {
    const values = [
      '',
      'x'.repeat(28),
      'x'.repeat(29),
      'ü'.repeat(150),
      'x'.repeat(70_000),
      0,
      255,
      2 ** 32,
      true,
      false,
      [],
    ]
    const file = new Mmdb(writeMmdb({ '1.0.0.0/8': values, '2.0.0.0/8': { again: values } }))
    assert.deepEqual(lookUp(file, '1.1.1.1'), values)
    assert.deepEqual(plain(lookUp(file, '2.1.1.1')), { again: values }, 'through pointers')
  })
})

describe('a broken MaxMind DB file', () => {
  const whole = writeMmdb({
    '1.0.0.0/8': { country: { iso_code: 'AU' } },
    '2001:db8::/32': { country: { iso_code: 'DE' } },
  })

  const refused: Readonly<Record<string, [Buffer, RegExp]>> = {
    empty: [Buffer.alloc(0), /has no metadata at its end: it is cut short, or no MaxMind DB file/],
    'something else': [Buffer.from('country,network\n'.repeat(100)), /no MaxMind DB file/],
    'cut in half': [whole.subarray(0, whole.length / 2), /cut short/],
    'cut in its metadata': [whole.subarray(0, -20), /metadata is broken: it may be cut short/],
    'without its first half': [whole.subarray(whole.length / 2), /a part is missing/],
    'without one byte of its tree': [
      Buffer.concat([whole.subarray(0, 10), whole.subarray(11)]),
      /a part is missing/,
    ],
    'of a record size that there is not': [of({ record_size: 20 }), /record_size is 20/],
    'of a version to come': [of({ binary_format_major_version: 3 }), /binary_format_major_version is 3/],
    'without a number of nodes': [of({ node_count: 'many' }), /node_count is "many"/],
    'of more nodes than it has': [of({ node_count: 2 ** 31 }), /too short for its 2147483648 nodes/],
    'of IPv5': [of({ ip_version: 5 }), /ip_version is 5/],
  }
  for (const [name, [bytes, message]] of Object.entries(refused)) {
    it(`is refused with the reason: ${name}`, () => {
      assert.throws(
        () => new Mmdb(bytes),
        (error) => error instanceof MmdbError && message.test(error.message),
      )
    })
  }

  it('is refused where its tree leads nowhere', () => {
    const bytes = Buffer.from(whole)
    bytes.writeUIntBE(0xfffff0, 0, 3)
    assert.throws(() => new Mmdb(bytes).check(), /node 0 of its tree leads nowhere/)
  })

  it('takes bounded time and memory, wherever its pointers lead', () => {
    const bombs = {
      'a record in itself': [pointer(0)],
      'a list of itself': [control(11, 1), pointer(0)],
      'lists of two that double forty times': doubling(40, 3),
      'lists that say that they are large': Array.from({ length: 30 }, () => control(11, 16_000_000)),
      'a map of nothing': [control(7, 16_000_000)],
      'many pointers to a large text': [
        control(11, 50_000),
        ...new Array<Buffer>(50_000).fill(pointer(200_000)),
      ],
      'a pointer out of the file': [pointer(2 ** 26)],
      'a number of 300 bytes': [control(9, 300), Buffer.alloc(300)],
      'a key that is a number': [control(7, 1), control(5, 1), Buffer.from([1]), control(5, 0)],
      'an unknown type': [Buffer.from([0, 200])],
    }
    for (const [name, parts] of Object.entries(bombs)) {
      const text = Buffer.concat([control(2, 60_000), Buffer.alloc(60_000)])
      const file = new Mmdb(withData(Buffer.concat([...parts, Buffer.alloc(Math.max(0, 200_000 - 1)), text])))
      const took = cpuTimeOf(() => assert.throws(() => lookUp(file, '1.2.3.4'), MmdbError, name))
      assert.ok(took < 500, `${name}: ${took} ms`)
    }
  })

  it('crashes nothing, cut anywhere or with any bytes changed', () => {
    const changes = fc.array(fc.record({ at: fc.nat(whole.length - 1), to: byte }), {
      minLength: 1,
      maxLength: 4,
    })
    fc.assert(
      fc.property(changes, fc.option(fc.nat(whole.length)), (flips, cut) => {
        const bytes = Buffer.from(whole.subarray(0, cut ?? whole.length))
        for (const { at, to } of flips) if (at < bytes.length) bytes[at] = to
        try {
          const file = new Mmdb(bytes)
          for (const address of ['1.2.3.4', '9.9.9.9', '2001:db8::1', '::']) lookUp(file, address)
          file.check()
        } catch (error) {
          assert.ok(error instanceof MmdbError, String(error))
        }
      }),
      { numRuns: 3000 },
    )
    for (let cut = 0; cut < whole.length; cut++)
      assert.throws(() => new Mmdb(whole.subarray(0, cut)), MmdbError)
  })
})

/** By comparing bits with all networks. */
function longest(table: Readonly<Record<string, Written>>, address: string): Written | undefined {
  const bits = bitsOf(address, 6)
  let found: { length: number; value: Written } | undefined
  for (const [network, value] of Object.entries(table)) {
    const own = bitsOf(network, 6)
    if (own.some((bit, index) => bit !== bits[index])) continue
    // Of two that are the same network, the one written later holds.
    if (found === undefined || own.length >= found.length) found = { length: own.length, value }
  }
  return found?.value
}

/** mmdb-lib takes the key `__proto__` for what it is in JavaScript. */
function withoutProto(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value ?? null, (key, each: unknown) =>
      key === '__proto__' || key === 'names' ? undefined : each,
    ),
  )
}

function of(metadata: NonNullable<MmdbOptions['metadata']>): Buffer {
  return writeMmdb({ '1.0.0.0/8': 'x' }, { metadata })
}

/** A file of one node, whose addresses all lead to the start of these data. */
function withData(data: Buffer): Buffer {
  const file = writeMmdb({ '0.0.0.0/1': 'x', '128.0.0.0/1': 'x' }, { ipVersion: 4, recordSize: 24 })
  const marker = file.lastIndexOf(Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'))
  return Buffer.concat([file.subarray(0, 6 + 16), data, file.subarray(marker)])
}

/** Lists of two pointers to the next one. */
function doubling(times: number, size: number): Buffer[] {
  return Array.from({ length: times }, (_, index) => {
    const next = pointer((index + 1) * (size * 2))
    return Buffer.concat([
      control(11, 2),
      next,
      next,
      Buffer.alloc(Math.max(0, size * 2 - 1 - 1 - next.length * 2)),
    ])
  })
}
