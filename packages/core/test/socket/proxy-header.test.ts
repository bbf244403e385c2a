import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import { fc } from '../../../../scripts/testing/property.ts'
import { crc32c } from '../../src/socket/proxy-protocol/crc32c.ts'
import type { ProxiedConnection } from '../../src/socket/proxy-protocol/proxied.ts'
import { readProxyHeader } from '../../src/socket/proxy-protocol/read-header.ts'
import { writeLine } from '../../src/socket/proxy-protocol/version-1.ts'
import { SIGNATURE } from '../../src/socket/proxy-protocol/version-2.ts'
import { writeBinary } from '../../src/socket/proxy-protocol/write-binary.ts'

const REQUEST = Buffer.from('GET / HTTP/1.1\r\n\r\n')

/** A header of version 2 with these bytes in it. */
function binary(command: number, family: number, rest: Buffer | string, length?: number): Buffer {
  const content = typeof rest === 'string' ? Buffer.from(rest, 'hex') : rest
  const fixed = Buffer.from([command, family, 0, 0])
  fixed.writeUInt16BE(length ?? content.length, 2)
  return Buffer.concat([SIGNATURE, fixed, content])
}

const line = (text: string): Buffer => Buffer.from(text, 'latin1')

/** 192.0.2.1:4711 to 198.51.100.2:443. */
const INET = 'c0000201c6336402126701bb'
const INET6 = '20010db800000000000000000000000120010db8000000000000000000000002126701bb'
const V4: ProxiedConnection = {
  source: { address: '192.0.2.1', port: 4711 },
  destination: { address: '198.51.100.2', port: 443 },
}
const V6: ProxiedConnection = {
  source: { address: '2001:db8::1', port: 4711 },
  destination: { address: '2001:db8::2', port: 443 },
}
/** TLS 1.3, with a certificate of alice that was verified. */
const SSL = '2000260700000000210007544c5376312e33220005616c69636523000c5341455f3132385f47434d5f'
const TLS = { version: 'TLSv1.3', cipher: 'SAE_128_GCM_', commonName: 'alice', verified: true }

const HEADERS: Readonly<Record<string, readonly [Buffer, ProxiedConnection | undefined]>> = {
  TCP4: [line('PROXY TCP4 192.0.2.1 198.51.100.2 4711 443\r\n'), V4],
  TCP6: [line('PROXY TCP6 2001:db8::1 2001:db8::2 4711 443\r\n'), V6],
  UNKNOWN: [line('PROXY UNKNOWN\r\n'), undefined],
  'UNKNOWN, with anything behind': [line('PROXY UNKNOWN ffff::1 whatever 0 x\r\n'), undefined],
  'a line as long as one may be': [line(`PROXY UNKNOWN ${'f'.repeat(91)}\r\n`), undefined],
  'version 2, IPv4': [binary(0x21, 0x11, INET), V4],
  'version 2, IPv6': [binary(0x21, 0x21, INET6), V6],
  'version 2, IPv4 that is mapped into IPv6': [
    binary(0x21, 0x21, `00000000000000000000ffffc000020100000000000000000000ffffc6336402126701bb`),
    V4,
  ],
  'version 2, LOCAL': [binary(0x20, 0x00, ''), undefined],
  'version 2, LOCAL, with anything behind': [binary(0x20, 0x77, 'ffffff'), undefined],
  'version 2, of no family': [binary(0x21, 0x00, ''), undefined],
  'version 2, between unix sockets': [binary(0x21, 0x31, Buffer.alloc(216)), undefined],
  'version 2, with values that nobody knows': [binary(0x21, 0x11, `${INET}ea000361626304000001000201f0`), V4],
  'version 2, with TLS': [binary(0x21, 0x11, INET + SSL), { ...V4, tls: TLS }],
  'version 2, from a client without TLS': [binary(0x21, 0x11, `${INET}2000050000000001`), V4],
}

for (const [name, [header, connection]] of Object.entries(HEADERS)) {
  test(`${name} is read, wherever it is cut, and nothing of what follows`, () => {
    for (let cut = 0; cut < header.length; cut++)
      assert.deepEqual(readProxyHeader(header.subarray(0, cut)), { kind: 'unfinished' }, `after ${cut} bytes`)
    const expected = { kind: 'header', size: header.length, connection }
    assert.deepEqual(readProxyHeader(header), expected)
    assert.deepEqual(readProxyHeader(Buffer.concat([header, REQUEST])), expected)
    assert.deepEqual(readProxyHeader(Buffer.concat([header, header])), expected)
  })
}

const BROKEN_SUM = Buffer.from(writeBinary(V4))
BROKEN_SUM[17] = 1

const MALFORMED: Readonly<Record<string, Buffer>> = {
  'a request': REQUEST,
  'a ClientHello': line('\x16\x03\x01\x02\0\x01'),
  'the preface of HTTP/2': line('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  'lower case': line('proxy TCP4 192.0.2.1 198.51.100.2 4711 443\r\n'),
  'blanks in front': line(' PROXY TCP4 192.0.2.1 198.51.100.2 4711 443\r\n'),
  'no protocol': line('PROXY \r\n'),
  'another protocol': line('PROXY UDP4 192.0.2.1 198.51.100.2 4711 443\r\n'),
  'a name of every object': line('PROXY constructor 192.0.2.1 198.51.100.2 4711 443\r\n'),
  'TCP4 with addresses of IPv6': line('PROXY TCP4 2001:db8::1 2001:db8::2 4711 443\r\n'),
  'TCP6 with addresses of IPv4': line('PROXY TCP6 192.0.2.1 198.51.100.2 4711 443\r\n'),
  'an address with a zone': line('PROXY TCP6 fe80::1%eth0 2001:db8::2 4711 443\r\n'),
  'an address with a zero in front': line('PROXY TCP4 192.0.2.01 198.51.100.2 4711 443\r\n'),
  'a host name': line('PROXY TCP4 localhost 198.51.100.2 4711 443\r\n'),
  'two blanks': line('PROXY TCP4  192.0.2.1 198.51.100.2 4711 443\r\n'),
  'a tab': line('PROXY TCP4\t192.0.2.1 198.51.100.2 4711 443\r\n'),
  'a blank at the end': line('PROXY TCP4 192.0.2.1 198.51.100.2 4711 443 \r\n'),
  'no ports': line('PROXY TCP4 192.0.2.1 198.51.100.2\r\n'),
  'one port': line('PROXY TCP4 192.0.2.1 198.51.100.2 4711\r\n'),
  'five words': line('PROXY TCP4 192.0.2.1 198.51.100.2 4711 443 443\r\n'),
  'a port beyond 65535': line('PROXY TCP4 192.0.2.1 198.51.100.2 65536 443\r\n'),
  'a port with a zero in front': line('PROXY TCP4 192.0.2.1 198.51.100.2 04711 443\r\n'),
  'a port with a sign': line('PROXY TCP4 192.0.2.1 198.51.100.2 +4711 443\r\n'),
  'a bare LF': line('PROXY TCP4 192.0.2.1 198.51.100.2 4711 443\nGET / HTTP/1.1\r\n'),
  'a bare CR': line('PROXY TCP4 192.0.2.1 198.51.100.2 4711 443\rGET / HTTP/1.1\r\n'),
  'a NUL in what is passed over': line('PROXY UNKNOWN \0\r\n'),
  'a line that is longer than one may be': line(`PROXY UNKNOWN ${'f'.repeat(92)}\r\n`),
  'a line without an end': line(`PROXY TCP4 ${'1'.repeat(96)}`),
  'version 1 in binary form': binary(0x11, 0x11, INET),
  'another command': binary(0x22, 0x11, INET),
  'a datagram': binary(0x21, 0x12, INET),
  'another family': binary(0x21, 0x41, INET),
  'addresses that are cut short': binary(0x21, 0x11, INET.slice(0, -2)),
  'addresses of IPv6 that are cut short': binary(0x21, 0x21, INET),
  'paths that are cut short': binary(0x21, 0x31, Buffer.alloc(215)),
  'more than anybody sends': binary(0x21, 0x11, '', 8 * 1024 + 1),
  'a value without its length': binary(0x21, 0x11, `${INET}0400`),
  'a value that is cut short': binary(0x21, 0x11, `${INET}04000361`),
  'TLS in less than five bytes': binary(0x21, 0x11, `${INET}20000407000000`),
  'TLS with a value that is cut short': binary(0x21, 0x11, `${INET}20000807000000002100ff`),
  'TLS twice': binary(0x21, 0x11, `${INET}${SSL}${SSL}`),
  'a checksum of another size': binary(0x21, 0x11, `${INET}03000200000000`.slice(0, -4)),
  'a checksum that is not of these bytes': BROKEN_SUM,
}

describe('what is no header of the PROXY protocol is malformed', () => {
  for (const [name, bytes] of Object.entries(MALFORMED)) {
    it(name, () => {
      assert.equal(readProxyHeader(bytes).kind, 'malformed')
      // As soon as it shows, and never a header before.
      let isOver = false
      for (let cut = 0; cut <= bytes.length; cut++) {
        const { kind } = readProxyHeader(bytes.subarray(0, cut))
        assert.notEqual(kind, 'header')
        if (isOver) assert.equal(kind, 'malformed')
        isOver ||= kind === 'malformed'
      }
    })
  }
})

const PLAIN = { noNullPrototype: true } as const
const end = (address: fc.Arbitrary<string>): fc.Arbitrary<ProxiedConnection['source']> =>
  fc.record({ address, port: fc.integer({ min: 0, max: 65_535 }) }, PLAIN)
const pair = (address: fc.Arbitrary<string>): fc.Arbitrary<ProxiedConnection> =>
  fc.record({ source: end(address), destination: end(address) }, PLAIN)
/** As the platform writes them. */
const ipv6 = fc.ipV6().map((text) => new URL(`http://[${text}]`).hostname.slice(1, -1))
const text = fc.option(fc.string({ maxLength: 20, unit: 'grapheme' }), { nil: undefined })
const tls = fc.record(
  { version: text, cipher: text, commonName: text, verified: fc.boolean() },
  { noNullPrototype: true },
)

test('what is written is what is read', () => {
  const isNotMapped = ({ source, destination }: ProxiedConnection): boolean =>
    [source, destination].every(({ address }) => !address.startsWith('::ffff:'))
  const connections = fc.oneof(pair(fc.ipV4()), pair(ipv6).filter(isNotMapped))
  fc.assert(
    fc.property(connections, fc.option(tls, { nil: undefined }), (connection, told) => {
      const whole = told === undefined ? connection : { ...connection, tls: told }
      const [first, second] = [writeLine(connection), writeBinary(whole)]
      assert.deepEqual(readProxyHeader(first), { kind: 'header', size: first.length, connection })
      assert.deepEqual(readProxyHeader(second), { kind: 'header', size: second.length, connection: whole })
    }),
  )
})

test('bytes of any kind are read without an error, and what is a header stays one whatever follows', () => {
  const beginnings = fc.constantFrom(
    Buffer.alloc(0),
    line('PROXY '),
    SIGNATURE,
    Buffer.concat([SIGNATURE, line('!\x11')]),
  )
  fc.assert(
    fc.property(beginnings, fc.uint8Array({ maxLength: 300 }), (beginning, rest) => {
      const bytes = Buffer.concat([beginning, rest])
      const read = readProxyHeader(bytes)
      if (read.kind === 'header') assert.ok(read.size <= bytes.length)
      if (read.kind !== 'unfinished') assert.deepEqual(readProxyHeader(Buffer.concat([bytes, REQUEST])), read)
    }),
  )
})

test('nothing is told where there is nobody to tell of, or the two ends are of two families', () => {
  const mixed = { source: V4.source, destination: V6.destination }
  for (const connection of [undefined, mixed]) {
    assert.equal(String(writeLine(connection)), 'PROXY UNKNOWN\r\n')
    assert.deepEqual(readProxyHeader(writeBinary(connection)), {
      kind: 'header',
      size: 16,
      connection: undefined,
    })
  }
})

test('the checksum is that of RFC 3720 B.4', () => {
  assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa)
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
})
