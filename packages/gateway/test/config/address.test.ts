import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressConflicts } from '../../src/config/checks/addresses.ts'
import {
  type Address,
  formatAddress,
  ipRanges,
  parseAddress,
  parseIpRange,
} from '../../src/settings/values/address.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const accepted: [string, Address][] = [
  ['127.0.0.1:8080', { kind: 'tcp', host: '127.0.0.1', port: 8080 }],
  ['[::1]:8080', { kind: 'tcp', host: '::1', port: 8080 }],
  ['localhost:0', { kind: 'tcp', host: 'localhost', port: 0 }],
  [':8080', { kind: 'tcp', host: '::', port: 8080 }],
  ['unix:/run/headgate.sock', { kind: 'unix', path: '/run/headgate.sock' }],
]

test('addresses are read, and written again as they were', () => {
  for (const [text, address] of accepted) {
    assert.deepEqual(parseAddress(text), { ok: true, value: address })
    assert.equal(formatAddress(address), text)
  }
})

test('any address that is read can be written and read again', () => {
  const host = fc.oneof(
    fc.ipV4(),
    fc.ipV6().map((ip) => `[${ip}]`),
    fc.domain(),
    fc.constant(''),
    fc.string(),
  )
  fc.assert(
    fc.property(host, fc.nat(70_000), (name, port) => {
      const address = parseAddress(`${name}:${port}`)
      if (!address.ok) return
      assert.deepEqual(parseAddress(formatAddress(address.value)), address)
    }),
  )
})

const refusals: [string, RegExp][] = [
  ['8080', /a port without an address.*did you mean "127.0.0.1:8080"/],
  ['127.0.0.1', /not an address.*did you mean "127.0.0.1:8080"/],
  ['::1:8080', /not an address.*did you mean "\[::1\]:8080"/],
  ['[127.0.0.1]:80', /not an IPv6 address/],
  ['127.0.0.1:65536', /beyond 65535/],
  ['/run/x.sock', /did you mean "unix:\/run\/x.sock"/],
  ['unix:x.sock', /not an absolute path/],
  ['unix:', /not an absolute path/],
  [`unix:/${'x'.repeat(107)}`, /107 bytes/],
  ['http://127.0.0.1:80', /no scheme/],
  ['*:80', /not an address/],
  ['a b:80', /not an address/],
  ['LOCALHOST:80', /not an address/],
  ['', /not an address/],
]

test('what is not an address is refused with its reason', () => {
  for (const [text, reason] of refusals) {
    const result = parseAddress(text)
    assert.ok(!result.ok, text)
    assert.match(`${result.problem} ${result.hint}`, reason, text)
  }
})

test('addresses overlap when they are equal or one stands for every address on the same port', () => {
  const cases: [string, string, boolean][] = [
    ['127.0.0.1:80', '127.0.0.1:80', true],
    ['127.0.0.1:80', '127.0.0.1:81', false],
    ['127.0.0.1:80', '127.0.0.2:80', false],
    [':80', '127.0.0.1:80', true],
    ['127.0.0.1:80', '0.0.0.0:80', true],
    ['127.0.0.1:0', '127.0.0.1:0', false],
    ['unix:/a', 'unix:/a', true],
    ['unix:/a', 'unix:/b', false],
    ['unix:/a', ':80', false],
  ]
  for (const [one, other, expected] of cases) {
    for (const addresses of [
      [one, other],
      [other, one],
    ]) {
      const listeners = addresses.map((address) => ({ address }))
      assert.equal(addressConflicts(listeners, false).length, expected ? 1 : 0, addresses.join(' '))
    }
  }
})

test('IP ranges are addresses and CIDR ranges', () => {
  for (const text of ['10.0.0.0/8', '192.0.2.7', '::1', 'fd00::/8', '0.0.0.0/0', '::/0']) {
    assert.deepEqual(parseIpRange(text), { ok: true, value: text })
  }
  for (const text of [
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0/8',
    'example.com',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    'fe80::1%eth0',
    '',
  ]) {
    assert.equal(parseIpRange(text).ok, false, text)
  }
})

test('a list of ranges holds what is inside them, also IPv4 in IPv6 notation', () => {
  const list = ipRanges(['10.0.0.0/8', '192.0.2.7', 'fd00::/8'])
  assert.equal(list.check('10.1.2.3', 'ipv4'), true)
  assert.equal(list.check('::ffff:10.1.2.3', 'ipv6'), true)
  assert.equal(list.check('192.0.2.7', 'ipv4'), true)
  assert.equal(list.check('fd12::1', 'ipv6'), true)
  assert.equal(list.check('192.0.2.8', 'ipv4'), false)
})

test('every range that is accepted can be put into a list', () => {
  const range = fc.tuple(
    fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()),
    fc.option(fc.nat(130), { nil: undefined }),
  )
  fc.assert(
    fc.property(range, ([ip, prefix]) => {
      const parsed = parseIpRange(prefix === undefined ? ip : `${ip}/${prefix}`)
      if (parsed.ok) assert.doesNotThrow(() => ipRanges([parsed.value]))
    }),
  )
})
