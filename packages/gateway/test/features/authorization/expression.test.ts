import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import { Exchange, HttpRequest, systemClock } from '@headgate/core'
import { cpuTimeOf } from '../../../../../scripts/testing/cpu-time.ts'
import { fc } from '../../../../../scripts/testing/property.ts'
import { compiledExpression, expression } from '../../../src/features/authorization/expression/expression.ts'
import type { Outcome } from '../../../src/features/authorization/expression/cel.ts'
import { type Identity, identityOf } from '../../../src/features/identity.ts'

interface Asked {
  readonly url?: string
  readonly headers?: Record<string, string>
  readonly identity?: Partial<Identity>
}

function exchangeOf({
  url = 'http://shop.example/orders/7?a=b',
  headers = {},
  identity,
}: Asked = {}): Exchange {
  const exchange = new Exchange(HttpRequest.to(url, { headers }), systemClock)
  exchange.params = { id: '7' }
  const nobody = {
    kind: 'jwt',
    authenticator: 'web',
    subject: 'anna',
    name: 'Anna',
    groups: [],
    scopes: [],
    claims: {},
  } as const
  if (identity !== undefined) identityOf.state(exchange, { ...nobody, ...identity })
  return exchange
}

const outcome = (text: string, asked?: Asked): Outcome => compiledExpression(text).outcome(exchangeOf(asked))

/** What is said of an expression that is refused, with the hint. */
function refusal(text: string): string {
  const result = expression.parse(text)
  assert.ok(!result.ok, text)
  return `${result.problem} ${result.hint ?? ''}`
}

test('an expression knows the request, who asks, the route and the connection', () => {
  const asked: Asked = {
    headers: { 'x-tier': 'gold' },
    identity: {
      groups: ['staff'],
      scopes: ['orders:read'],
      claims: { level: 4, roles: ['admin'], org: { id: 'o1' } },
    },
  }
  for (const text of [
    'request.method == "GET" && request.path.startsWith("/orders/") && request.query == "?a=b"',
    'request.host == "shop.example" && request.scheme == "http" && request.params.id == "7"',
    'request.headers["x-tier"] in ["gold", "silver"] && !("x-other" in request.headers)',
    'identity.known && identity.subject == "anna" && "staff" in identity.groups',
    'identity.scopes.exists(s, s.startsWith("orders:"))',
    'identity.claims.level >= 3 && identity.claims.org.id == "o1" && "admin" in identity.claims.roles',
    'has(identity.claims.level) && !has(identity.claims.age)',
    'request.path.matches("^/orders/[0-9]+$") && request.path.matches("rders") && !request.path.matches("^rders")',
    'size(identity.groups) == 1 && int(request.params.id) + 1 == 8',
    'connection.certificate || connection.version == "1.1"',
    'identity.groups.map(g, g + "!").exists(g, g == "staff!")',
  ])
    assert.equal(outcome(text, asked), true, text)
  assert.equal(outcome('identity.known || identity.subject != ""'), false)
})

test('what cannot be told is a failure, and neither true nor false', () => {
  assert.deepEqual(Object.keys(outcome('request.headers["x-none"] == "a"')), ['failure'])
  assert.deepEqual(
    Object.keys(outcome('identity.claims.level > 3', { identity: { claims: { level: 'high' } } })),
    ['failure'],
  )
  assert.deepEqual(
    Object.keys(outcome('identity.claims.admin', { identity: { claims: { admin: 'yes' } } })),
    ['failure'],
  )
  assert.deepEqual(outcome('request.path.contains("x")', { url: `http://a.example/${'x'.repeat(9000)}` }), {
    failure: 'a text has more than 8192 letters',
  })
  const groups = Array.from({ length: 101 }, (_, index) => `g${index}`)
  assert.deepEqual(outcome('"g1" in identity.groups', { identity: { groups } }), {
    failure: 'a list has more than 100 entries',
  })
})

describe('what is no such expression is refused at its place', () => {
  const cases: readonly (readonly [text: string, expected: RegExp])[] = [
    ['request.metod == "GET"', /request\.metod, which is not known: column 8 did you mean "method"/],
    ['requst.method == "GET"', /names requst, which is not known: column 1 did you mean "request"/],
    ['identity.groups.any(g, g == "a")', /calls "any"|names g/],
    ['request.method', /is not true or false: column/],
    ['request.method == 1', /compares values of one kind, and has a text and a number/],
    ['true &&\n  request.path == null', /line 2, column/],
    ['request.method = "GET"', /is not written as CEL is from here on: column 16/],
    ['', /is not written as CEL/],
    ['request == identity', /compares values of one kind/],
    ['request.path.matches(request.query)', /pattern that does not stand there itself/],
    ['request.path.matches("(")', /has a pattern that/],
    ['request.path.matches("^a|b$")', /beside "\|"/],
    ['{"a": 1}.a == 1', /makes a map/],
    [`${'request.path == "a" || '.repeat(200)}true`, /more than 2000 letters/],
  ]
  for (const [text, expected] of cases)
    it(JSON.stringify(text.slice(0, 50)), () => assert.match(refusal(text), expected))
})

describe('an expression that could take long is refused when it is read', () => {
  for (const text of [
    'request.headers.exists(a, request.headers.exists(b, a == b))',
    'identity.groups.exists(a, identity.groups.exists(b, a + b == "x"))',
    'request.headers.exists(a, request.headers[a].contains("xxxxxxxx"))',
    'identity.claims.l.exists(a, a.m.exists(b, b == 1))',
    `identity.groups${'.map(a, a + a)'.repeat(12)}.exists(a, a == "x")`,
    `(${Array(60).fill('request.path').join(' + ')}).contains("x")`,
    'identity.groups.all(a, request.path.matches("(a|aa)+b"))',
  ])
    it(text.slice(0, 60), () => assert.match(refusal(text), /may take \d+ steps/))
})

test('the longest that is taken holds the thread for less than some milliseconds', () => {
  const groups = Array.from({ length: 100 }, (_, index) => `${'g'.repeat(250)}${index}`)
  const asked: Asked = {
    url: `http://shop.example/${'a'.repeat(8000)}`,
    identity: { groups, claims: { l: groups } },
  }
  for (const text of [
    'identity.groups.exists(a, a.endsWith("x") || a.contains("gx"))',
    'identity.groups.filter(a, a != "x").size() == 3',
    'request.path.matches("(a|aa)+b") || request.path.matches("(a*)*b") || request.path.matches("a?a?a?a?aaaab")',
  ]) {
    const { outcome: evaluate } = compiledExpression(text)
    const exchange = exchangeOf(asked)
    assert.equal(evaluate(exchange), false)
    const rounds = 20
    const spent = cpuTimeOf(() => {
      for (let round = 0; round < rounds; round++) evaluate(exchange)
    })
    assert.ok(spent / rounds < 10, `${text}: ${spent / rounds} ms`)
  }
})

test('a pattern of many places looks through no more letters than it can in some milliseconds', () => {
  const pattern = 'request.path.matches("a[ab]{400}c")'
  const url = (letters: number): Asked => ({ url: `http://shop.example/${'ab'.repeat(letters / 2)}` })
  assert.equal(outcome(pattern, url(1_000)), false)
  assert.deepEqual(outcome(pattern, url(8_000)), {
    failure: 'the text is too long for a pattern of so many places',
  })
  // What one evaluation may do, all of its patterns share, and the next one has anew.
  const compiled = compiledExpression(`${pattern} || request.path.matches("b[ab]{400}c")`)
  assert.equal(typeof compiled.outcome(exchangeOf(url(1_000))), 'object')
  assert.equal(compiled.outcome(exchangeOf(url(600))), false)
  assert.equal(outcome('request.path.matches("^/[a-z]+$")', url(8_000)), true)
})

test('no text has the reader throw, or take long', () => {
  const word = fc.constantFrom(
    'request',
    '.',
    'path',
    '(',
    ')',
    '[',
    ']',
    '"a"',
    '==',
    '&&',
    '!',
    '1',
    ' ',
    ',',
    'exists',
    'x',
    '?',
    ':',
    '{',
    '}',
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 40 }), (words) => {
      const result = expression.parse(words.join(''))
      assert.ok(result.ok || result.problem !== '')
    }),
    { numRuns: 100 },
  )
})
