import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalAuthority, canonicalPath, checkQuery, InvalidTarget } from '../../src/message/target.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const canonical: readonly (readonly [path: string, expected: string])[] = [
  ['/', '/'],
  ['/orders/1', '/orders/1'],
  ['/orders/', '/orders/'],
  ['/a.b/c~d', '/a.b/c~d'],
  ['/%61%2D%7e', '/a-~'],
  ['/%c3%a9', '/%C3%A9'],
  ['/a%20b', '/a%20b'],
  ['/100%25', '/100%25'],
  ['/%252e%252e/a', '/%252e%252e/a'],
  ['/a/./b', '/a/b'],
  ['/a/../b', '/b'],
  ['/a/%2e%2E/b', '/b'],
  ['/a/..', '/'],
  ['/a/b/..', '/a/'],
  ['/a/.', '/a/'],
  ['/.', '/'],
  ['//a///b//', '/a/b/'],
  ['/...', '/...'],
  ['/.a/..b', '/.a/..b'],
  ['/a;v=1/b', '/a;v=1/b'],
  ['/a:b@c', '/a:b@c'],
]

for (const [path, expected] of canonical) {
  test(`path ${path} is seen as ${expected}`, () => {
    assert.equal(canonicalPath(path), expected)
  })
}

const refusedPaths: readonly (readonly [path: string, reason: RegExp])[] = [
  ['', /does not start with "\/"/],
  ['a', /does not start with "\/"/],
  ['*', /does not start with "\/"/],
  ['/..', /leads above the root/],
  ['/a/../../b', /leads above the root/],
  ['/%2e%2e/b', /leads above the root/],
  ['/a%2fb', /%2f in the path is read differently/],
  ['/a%5Cb', /%5C in the path is read differently/],
  ['/a%00', /%00 in the path is read differently/],
  ['/a%0d%0a', /%0d in the path is read differently/],
  ['/a%7f', /%7f in the path is read differently/],
  ['/a\\b', /holds "\\\\"/],
  ['/a b', /holds byte 0x20/],
  ['/a\tb', /holds byte 0x9/],
  ['/a\0', /holds byte 0x0/],
  ['/\u00e9', /holds byte 0xe9/],
  ['/a#b', /holds "#"/],
  ['/a"b', /holds "\\""/],
  ['/a<b', /holds "<"/],
  ['/a?b', /holds "\?"/],
  ['/%', /not followed by two hex digits/],
  ['/%4', /not followed by two hex digits/],
  ['/%zz', /not followed by two hex digits/],
  ['/%c0%ae', /not valid UTF-8/],
  ['/%ff', /not valid UTF-8/],
  ['/%ed%a0%80', /not valid UTF-8/],
  ['/a/..;/b', /carries parameters/],
  ['/a/.;x/b', /carries parameters/],
  ['/a/%2e%2e;/b', /carries parameters/],
]

for (const [path, reason] of refusedPaths) {
  test(`path ${JSON.stringify(path)} is refused`, () => {
    const seen = canonicalPath(path)
    assert.ok(seen instanceof InvalidTarget, `it was seen as ${JSON.stringify(seen)}`)
    assert.match(seen.reason, reason)
  })
}

const harmless = fc.constantFrom(
  '/',
  '/',
  '/',
  '.',
  '..',
  '%2e',
  '%2E',
  'a',
  'bc',
  '~',
  ';',
  ';v',
  '%41',
  '%7e',
  '%20',
  '%25',
  '|',
  '@',
)
const harmful = fc.constantFrom(
  '%2f',
  '%5C',
  '%00',
  '%c3%a9',
  '%c3',
  '%',
  '%4',
  '\\',
  ' ',
  '?',
  '#',
  '\u00e9',
  '\0',
)
const paths = fc
  .array(fc.oneof({ weight: 9, arbitrary: harmless }, { weight: 1, arbitrary: harmful }), { maxLength: 12 })
  .map((parts) => `/${parts.join('')}`)

test('no text makes canonicalPath throw', () => {
  fc.assert(
    fc.property(fc.oneof(paths, fc.string({ unit: 'binary' }), fc.webPath()), (path) => {
      const seen = canonicalPath(path)
      assert.ok(typeof seen === 'string' || seen.reason.length > 0)
    }),
    { numRuns: 1_000 },
  )
})

test('what was made canonical is canonical', () => {
  fc.assert(
    fc.property(paths, (path) => {
      const once = canonicalPath(path)
      if (once instanceof InvalidTarget) return
      assert.equal(canonicalPath(once), once)
    }),
    { numRuns: 2_000 },
  )
})

test('a canonical path has no dot segment, no empty segment but the last, no escape that could be spelled otherwise', () => {
  fc.assert(
    fc.property(paths, (path) => {
      const seen = canonicalPath(path)
      if (seen instanceof InvalidTarget) return
      assert.match(seen, /^\/[!-~]*$/)
      assert.doesNotMatch(seen, /\/\/|\/\.{1,2}(?:\/|;|$)/)
      for (const [escape] of seen.matchAll(/%../g)) {
        assert.match(escape, /^%[0-9A-F]{2}$/)
        assert.doesNotMatch(decodeByte(escape), /[A-Za-z0-9\-._~/\\]/)
      }
    }),
    { numRuns: 2_000 },
  )
})

test("without empty segments it leads where the URL standard's parser leads", () => {
  fc.assert(
    fc.property(paths, (path) => {
      const seen = canonicalPath(path)
      if (seen instanceof InvalidTarget || path.includes('//')) return
      const { pathname } = new URL(`http://origin.example${path}`)
      assert.equal(decodeURIComponent(seen), decodeURIComponent(pathname))
    }),
    { numRuns: 2_000 },
  )
})

function decodeByte(escape: string): string {
  return String.fromCharCode(Number.parseInt(escape.slice(1), 16))
}

test('a query is passed on as it is, unless it holds what no query may', () => {
  assert.equal(checkQuery('?a=%2F..%00&b[]=/?|{}"<>'), undefined)
  for (const query of ['?a b', '?a#b', '?\r\n', '?\0', '?\u00e9', '?\x7f']) {
    assert.ok(checkQuery(query) instanceof InvalidTarget, JSON.stringify(query))
  }
})

const authorities: readonly (readonly [raw: string, port: number, text: string])[] = [
  ['shop.example', 80, 'shop.example'],
  ['Shop.Example', 80, 'shop.example'],
  ['shop.example.', 80, 'shop.example'],
  ['shop.example:80', 80, 'shop.example'],
  ['shop.example:443', 443, 'shop.example'],
  ['shop.example:443', 80, 'shop.example:443'],
  ['shop.example:', 80, 'shop.example'],
  ['shop.example:08080', 80, 'shop.example:8080'],
  ['localhost', 80, 'localhost'],
  ['127.0.0.1:9000', 80, '127.0.0.1:9000'],
  ['my_service.internal', 80, 'my_service.internal'],
  ['xn--mnchen-3ya.example', 80, 'xn--mnchen-3ya.example'],
  ['[::1]', 80, '[::1]'],
  ['[::1]:8080', 80, '[::1]:8080'],
  ['[2001:DB8:0:0:0:0:0:1]', 80, '[2001:db8::1]'],
  ['[::ffff:127.0.0.1]', 80, '[::ffff:7f00:1]'],
]

for (const [raw, port, text] of authorities) {
  test(`authority ${raw} with default port ${port} is seen as ${text}`, () => {
    const seen = canonicalAuthority(raw, port)
    assert.ok(!(seen instanceof InvalidTarget))
    assert.equal(seen.text, text)
    assert.equal(seen.text, seen.port === undefined ? seen.host : `${seen.host}:${seen.port}`)
  })
}

const refusedAuthorities = [
  '',
  ':80',
  '.',
  'a..b',
  '.a',
  '-a',
  'a-',
  'a b',
  ' a',
  'a ',
  'a/b',
  'a\\b',
  'a@b',
  'a?b',
  'a#b',
  'a%41',
  'a,b',
  'a\0',
  'é',

  'a:0',
  'a:65536',
  'a:123456',
  'a:8o',
  'a:-1',
  'a:80:80',
  '::1',
  '[::1',
  '[]',
  '[::1]x',
  '[12.34]',
  '[:::]',
  '[1:2]',
  '[fe80::1%eth0]',
  '[v1.a]',
  `${'a'.repeat(63)}.`.repeat(5),
]

for (const raw of refusedAuthorities) {
  test(`authority ${JSON.stringify(raw)} is refused`, () => {
    const seen = canonicalAuthority(raw, 80)
    assert.ok(seen instanceof InvalidTarget, `it was seen as ${JSON.stringify(seen)}`)
  })
}

test('what is seen of an authority does not depend on what was seen before', () => {
  const label = fc.string({ unit: fc.constantFrom('s', 'a', '-', '.', ' ', ':', '4', '3'), maxLength: 6 })
  const asked = fc.tuple(label, fc.constantFrom(80, 443, 8080))
  fc.assert(
    fc.property(fc.array(asked, { minLength: 1, maxLength: 20 }), (list) => {
      for (const [raw, port] of list) {
        const seen = canonicalAuthority(raw, port)
        if (seen instanceof InvalidTarget) {
          assert.ok(!/^[a-z0-9]+(:[1-9]\d?)?$/.test(raw), `${raw} is a host`)
          continue
        }
        const [host, digits = ''] = raw.split(':')
        assert.equal(seen.host, host?.replace(/\.$/, ''))
        assert.equal(seen.port, digits === '' || Number(digits) === port ? undefined : Number(digits))
      }
    }),
    { numRuns: 1_000 },
  )
})

test('the host of one scheme is not mistaken for a host of the other', () => {
  canonicalAuthority('ftp.example', 443)
  const seen = canonicalAuthority('sftp.example', 80)
  assert.ok(!(seen instanceof InvalidTarget))
  assert.equal(seen.host, 'sftp.example')
  canonicalAuthority('a.example:443', 443)
  const other = canonicalAuthority('a.example:443', 80)
  assert.ok(!(other instanceof InvalidTarget))
  assert.equal(other.text, 'a.example:443')
})

test('more hosts than are remembered make no difference', () => {
  for (let round = 0; round < 2; round++) {
    for (let host = 0; host < 1_500; host++) {
      const seen = canonicalAuthority(`H${host}.example`, 80)
      assert.ok(!(seen instanceof InvalidTarget))
      assert.equal(seen.host, `h${host}.example`)
    }
  }
})
