import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCookieDate, parseSetCookie } from '../../src/fields/set-cookie.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const NOW = Date.UTC(2026, 0, 1)
const DAY = 86_400_000
const PLAIN = {
  name: 'a',
  value: 'b',
  expires: Infinity,
  domain: '',
  path: undefined,
  secure: false,
  httpOnly: false,
}

for (const [text, expected] of [
  ['a=b', {}],
  [' a\t= b ', {}],
  ['a=b;', {}],
  ['a=b; ; ;unknown=x;also', {}],
  ['a="b c"', { value: '"b c"' }],
  ['a=b=c', { value: 'b=c' }],
  ['a=', { value: '' }],
  ['b', { name: '' }],
  ['=b', { name: '' }],
  ['a=b; Secure; HttpOnly', { secure: true, httpOnly: true }],
  ['a=b; SECURE=no; httponly=x', { secure: true, httpOnly: true }],
  ['a=b; Domain=.Example.COM', { domain: 'example.com' }],
  ['a=b; Domain=one; Domain=two', { domain: 'two' }],
  ['a=b; Domain', { domain: '' }],
  ['a=b; Path=/x', { path: '/x' }],
  ['a=b; Path=x', {}],
  ['a=b; Path=', {}],
  ['a=b; Max-Age=10', { expires: NOW + 10_000 }],
  ['a=b; Max-Age=0', { expires: -Infinity }],
  ['a=b; Max-Age=-5', { expires: -Infinity }],
  ['a=b; Max-Age=1e3', {}],
  ['a=b; Max-Age=+1', {}],
  ['a=b; Max-Age=x; Max-Age=10; Max-Age=', { expires: NOW + 10_000 }],
  ['a=b; Max-Age=99999999999999999999', { expires: NOW + 400 * DAY }],
  ['a=b; Expires=Fri, 02 Jan 2026 00:00:00 GMT', { expires: NOW + DAY }],
  ['a=b; Expires=Fri, 02 Jan 2099 00:00:00 GMT', { expires: NOW + 400 * DAY }],
  ['a=b; Expires=nonsense', {}],
  ['a=b; Expires=Fri, 02 Jan 2026 00:00:00 GMT; Max-Age=1', { expires: NOW + 1_000 }],
  [`a=b; Path=/${'x'.repeat(1024)}`, {}],
] as const) {
  test(`Set-Cookie: ${text.slice(0, 60)}`, () => {
    assert.deepEqual(parseSetCookie(text, NOW), { ...PLAIN, ...expected })
  })
}

test('what must be ignored is', () => {
  for (const text of ['', ';', '=', ' = ', 'a=b\0', 'a=b\r\nx: y', 'a\x7f=b', `a=${'x'.repeat(4096)}`]) {
    assert.equal(parseSetCookie(text, NOW), undefined, JSON.stringify(text.slice(0, 20)))
  }
  assert.ok(parseSetCookie(`a=${'x'.repeat(4095)}`, NOW))
})

for (const [text, expected] of [
  ['Sun, 06 Nov 1994 08:49:37 GMT', Date.UTC(1994, 10, 6, 8, 49, 37)],
  ['Sunday, 06-Nov-94 08:49:37 GMT', Date.UTC(1994, 10, 6, 8, 49, 37)],
  ['Sun Nov  6 08:49:37 1994', Date.UTC(1994, 10, 6, 8, 49, 37)],
  ['6 november 2030 8:9:7', Date.UTC(2030, 10, 6, 8, 9, 7)],
  ['01-Jan-69 00:00:00', Date.UTC(2069, 0, 1)],
  ['01-Jan-70 00:00:00', 0],
  ['29 Feb 2028 00:00:00', Date.UTC(2028, 1, 29)],
  ['29 Feb 2027 00:00:00', undefined],
  ['32 Jan 2026 00:00:00', undefined],
  ['00 Jan 2026 00:00:00', undefined],
  ['01 Jan 1600 00:00:00', undefined],
  ['01 Jan 2026 24:00:00', undefined],
  ['01 Jan 2026 00:60:00', undefined],
  ['01 Jan 2026', undefined],
  ['Jan 2026 00:00:00', undefined],
  ['01 2026 00:00:00', undefined],
  ['2026-01-01T00:00:00Z', undefined],
  ['0', undefined],
] as const) {
  test(`the date "${text}" is ${expected === undefined ? 'none' : new Date(expected).toISOString()}`, () => {
    assert.equal(parseCookieDate(text), expected)
  })
}

test('whatever is sent, a cookie is read from it or not, and never outlives its limit', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', '=', ';', ' ', 'Max-Age', 'Expires', '9', ':', 'Jan', '2030') }),
      (text) => {
        const cookie = parseSetCookie(text, NOW)
        if (cookie === undefined) return
        assert.ok(cookie.expires === Infinity || cookie.expires <= NOW + 400 * DAY)
        assert.ok(!/[;]/.test(cookie.name + cookie.value))
      },
    ),
  )
})
