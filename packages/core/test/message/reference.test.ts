import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatUrl, isSameOrigin, urlParts } from '../../src/message/reference.ts'
import { resolveReference } from '../../src/message/resolve-reference.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { InvalidTarget } from '../../src/message/target.ts'
import { fc } from '../../../../scripts/testing/property.ts'

function resolve(base: string, reference: string): string {
  const url = resolveReference(urlParts(HttpRequest.to(base)), reference)
  return url instanceof InvalidTarget ? `refused: ${url.reason}` : formatUrl(url)
}

/** RFC 3986 5.4, with http for the scheme; the fragment is no part of a request. */
const BASE = 'http://a/b/c/d?q'
for (const [reference, expected] of [
  ['g', 'http://a/b/c/g'],
  ['./g', 'http://a/b/c/g'],
  ['g/', 'http://a/b/c/g/'],
  ['/g', 'http://a/g'],
  ['//g', 'http://g/'],
  ['?y', 'http://a/b/c/d?y'],
  ['g?y', 'http://a/b/c/g?y'],
  ['#s', 'http://a/b/c/d?q'],
  ['g#s', 'http://a/b/c/g'],
  ['g?y#s', 'http://a/b/c/g?y'],
  [';x', 'http://a/b/c/;x'],
  ['g;x', 'http://a/b/c/g;x'],
  ['', 'http://a/b/c/d?q'],
  ['.', 'http://a/b/c/'],
  ['./', 'http://a/b/c/'],
  ['..', 'http://a/b/'],
  ['../', 'http://a/b/'],
  ['../g', 'http://a/b/g'],
  ['../..', 'http://a/'],
  ['../../g', 'http://a/g'],
  ['../../../g', 'http://a/g'],
  ['../../../../g', 'http://a/g'],
  ['/./g', 'http://a/g'],
  ['/../g', 'http://a/g'],
  ['g.', 'http://a/b/c/g.'],
  ['..g', 'http://a/b/c/..g'],
  ['./../g', 'http://a/b/g'],
  ['g/./h', 'http://a/b/c/g/h'],
  ['g/../h', 'http://a/b/c/h'],
  ['g?y/../x', 'http://a/b/c/g?y/../x'],
  ['https://B.example:443', 'https://b.example/'],
  ['HTTP://b.example:80/x', 'http://b.example/x'],
  ['//b.example:8080/x', 'http://b.example:8080/x'],
  ['?', 'http://a/b/c/d'],
  ['/caf\u00c3\u00a9 "x"', 'http://a/caf%C3%A9%20%22x%22'],
  ['/x?q=\u00c3\u00a9', 'http://a/x?q=%C3%A9'],
] as const) {
  test(`${JSON.stringify(reference)} means ${expected}`, () =>
    assert.equal(resolve(BASE, reference), expected))
}

for (const reference of [
  'javascript:alert(1)',
  'file:///etc/passwd',
  'ftp://a/',
  'data:,x',
  'g:h',
  'http:g',
  'http:/g',
  'https:',
  '//user:secret@b.example/',
  'http://a.example@b.example/',
  '\\\\b.example\\x',
  '/\\b.example',
  'http://b.example\\@a/',
  '/a\tb',
  '//',
  'http:///path',
  '//b.example:0/',
  '//b.example:70000/',
  '//b ad/',
  '//%31%32%37.0.0.1/',
  '/a%2fb',
  '/a%00',
  '/%2e%2e/x',
  '/a%zz',
  '/..;/x',
]) {
  test(`${JSON.stringify(reference)} is refused`, () => assert.match(resolve(BASE, reference), /^refused: /))
}

test('where it is accepted, a browser would go to the same place', () => {
  const reference = fc.oneof(
    fc.webUrl({ withQueryParameters: true }),
    fc
      .array(
        fc.constantFrom(
          'a',
          '.',
          '..',
          '/',
          '//',
          '?',
          '=',
          ':',
          '%41',
          '%7e',
          '@',
          ';',
          'b.example',
          'http:',
        ),
        { maxLength: 8 },
      )
      .map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(reference, (text) => {
      const ours = resolve('http://a.example/b/c?q', text)
      if (ours.startsWith('refused')) return
      const theirs = new URL(text, 'http://a.example/b/c?q')
      theirs.hash = ''
      // We merge slashes and decode what needs no escape, on purpose; an empty query is none, and ' is no byte to escape.
      const canonical = resolve('http://a.example/', theirs.href)
      assert.equal(ours.replaceAll("'", '%27'), canonical.replaceAll("'", '%27'), text)
    }),
    { numRuns: 2_000 },
  )
})

test('an origin is scheme, host and port', () => {
  const parts = (url: string): ReturnType<typeof urlParts> => urlParts(HttpRequest.to(url))
  assert.equal(isSameOrigin(parts('http://a/x'), parts('http://A:80/y?z')), true)
  assert.equal(isSameOrigin(parts('http://a/'), parts('https://a/')), false)
  assert.equal(isSameOrigin(parts('http://a/'), parts('http://a:8080/')), false)
  assert.equal(isSameOrigin(parts('http://a/'), parts('http://b.a/')), false)
})
