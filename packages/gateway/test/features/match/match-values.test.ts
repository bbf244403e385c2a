import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalPath } from '@headgate/core'
import { parseHostPattern } from '../../../src/settings/values/host.ts'
import type { Parsed } from '../../../src/settings/values/parsed.ts'
import { parsePathPattern, patternShape } from '../../../src/settings/values/path-pattern.ts'
import { parseUpstreamUrl } from '../../../src/settings/values/upstream-url.ts'
import { Router } from '../../../src/routing/router/router.ts'
import { fc } from '../../../../../scripts/testing/property.ts'

function assertRefused(parse: (text: string) => Parsed<string>, cases: [string, RegExp][]): void {
  for (const [text, reason] of cases) {
    const result = parse(text)
    assert.ok(!result.ok, text)
    assert.match(`${result.problem}; ${result.hint ?? 'no hint'}`, reason, text)
  }
}

test('path patterns are exact paths, prefixes and parameters', () => {
  for (const text of [
    '/',
    '/**',
    '/a/b',
    '/a/',
    '/a/**',
    '/users/:id',
    '/users/:id/posts/:post_id/**',
    '/caf%C3%A9',
  ]) {
    assert.deepEqual(parsePathPattern(text), { ok: true, value: text })
  }
})

test('what is not a path pattern is refused with its reason', () => {
  assertRefused(parsePathPattern, [
    ['orders/**', /is not a path pattern; did you mean "\/orders\/\*\*"\?/],
    ['', /is not a path pattern; did you mean "\/"/],
    ['/a/**/b', /^is not a path pattern: "\*" stands only in a final/],
    ['/a/*', /did you mean "\/a\/\*\*"/],
    ['/a*', /is not a path pattern.*; did you mean "\/a\/\*\*"/],
    ['/:id/:id', /^is not a path pattern: it names ":id" twice; no hint/],
    ['/:1', /^is not a path pattern: ":1" cannot name a parameter/],
    ['/a?b=1', /holds a query/],
    ['/a b', /did you mean "\/a%20b"/],
    ['/é', /did you mean "\/%C3%A9"/],
    ['/caf%c3%a9', /not in canonical form.*did you mean "\/caf%C3%A9"/],
    ['/%41', /did you mean "\/A"/],
    ['//a', /did you mean "\/a"/],
    ['/a/../b', /did you mean "\/b"/],
    ['/a%2Fb', /^cannot match: %2F/],
    ['/\ud800', /^cannot match/],
  ])
})

test('a path pattern that is accepted is canonical and accepted by the router', () => {
  const segment = fc.oneof(
    fc.constantFrom('a', ':id', ':x', '**', '*', '..', '', '%41', 'é', ':__proto__'),
    fc.string({ maxLength: 4 }),
  )
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 5 }), (segments) => {
      const text = `/${segments.join('/')}`
      if (!parsePathPattern(text).ok) return
      assert.equal(canonicalPath(text), text)
      new Router([{ name: 'r', hosts: [], paths: [text], methods: [], value: 1 }])
    }),
    { numRuns: 1000 },
  )
})

test('the shape of a pattern forgets the names of parameters only', () => {
  assert.equal(patternShape('/users/:id/**'), patternShape('/users/:user/**'))
  assert.notEqual(patternShape('/users/:id'), patternShape('/users/:id/**'))
})

test('hosts are names in lower case without port, addresses, or names below a suffix', () => {
  for (const text of ['shop.example', 'localhost', '127.0.0.1', '[::1]', '*.shop.example', 'my_service']) {
    assert.deepEqual(parseHostPattern(text), { ok: true, value: text })
  }
  assertRefused(parseHostPattern, [
    ['Shop.Example', /did you mean "shop.example"/],
    ['shop.example:8080', /did you mean "shop.example"/],
    ['shop.example.', /did you mean "shop.example"/],
    ['https://shop.example/x', /did you mean "shop.example"/],
    ['*.Shop.example', /did you mean "\*.shop.example"/],
    ['bücher.example', /did you mean "xn--bcher-kva.example"/],
    ['*', /leave "host" out/],
    ['shop.*', /wildcard that is not a leading/],
    ['a..b', /is not a host; no hint/],
    ['', /is not a host; no hint/],
  ])
})

test('URLs of upstreams come in one spelling', () => {
  const cases: [string, string][] = [
    ['http://127.0.0.1:9000', 'http://127.0.0.1:9000'],
    ['http://127.0.0.1:9000/', 'http://127.0.0.1:9000'],
    ['HTTP://Orders.Internal:80', 'http://orders.internal'],
    ['https://orders.internal:443/', 'https://orders.internal'],
    ['http://[::1]:9000', 'http://[::1]:9000'],
    ['unix:/run/app.sock', 'unix:/run/app.sock'],
    ['https+unix:/run/app.sock', 'https+unix:/run/app.sock'],
  ]
  for (const [text, value] of cases) assert.deepEqual(parseUpstreamUrl(text), { ok: true, value })
})

test('what is not the URL of an upstream is refused with its reason', () => {
  assertRefused(parseUpstreamUrl, [
    ['http://127.0.0.1:9000/api', /more than scheme, host and port; did you mean "http:\/\/127.0.0.1:9000"/],
    ['http://127.0.0.1?x', /more than scheme/],
    ['http://user:pass@127.0.0.1', /^carries credentials; remove/],
    ['localhost:9000', /did you mean "http:\/\/localhost:9000"/],
    ['9000', /did you mean "http:\/\/127.0.0.1:9000"/],
    ['http:/127.0.0.1:9000', /did you mean "http:\/\/127.0.0.1:9000"/],
    ['ftp://127.0.0.1', /did you mean "http:\/\/127.0.0.1"/],
    ['/run/app.sock', /did you mean "unix:\/run\/app.sock"/],
    ['http+unix:///run/app.sock', /did you mean "unix:\/run\/app.sock"/],
    ['unix:app.sock', /not an absolute path/],
    ['http://', /cannot be used/],
    ['http://127.0.0.1:99999', /port/],
    ['http://a\\b', /cannot be used/],
    ['http://[::zz]', /./],
    ['http://a b', /cannot be used/],
  ])
})
