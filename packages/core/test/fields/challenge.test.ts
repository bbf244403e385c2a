import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAuthParameters, parseChallenges } from '../../src/fields/challenge.ts'
import { fc } from '../../../../scripts/testing/property.ts'

/** `scheme token68 name=value …` for each challenge. */
function shown(value: string): string[] | undefined {
  return parseChallenges(value)?.map(({ scheme, token68, parameters }) =>
    [
      scheme,
      ...(token68 === undefined ? [] : [token68]),
      ...[...parameters].map((pair) => pair.join('=')),
    ].join(' '),
  )
}

for (const [value, expected] of [
  ['', []],
  ['Negotiate', ['negotiate']],
  ['Basic realm="simple"', ['basic realm=simple']],
  // RFC 9110 11.6.1: both lists are cut by commas.
  [
    'Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""',
    ['basic realm=simple', 'newauth realm=apps type=1 title=Login to "apps"'],
  ],
  ['Negotiate, Basic realm=x', ['negotiate', 'basic realm=x']],
  [
    'NTLM TlRMTVNTUAAB==, Digest nonce="a,b" , qop="auth,auth-int"',
    ['ntlm TlRMTVNTUAAB==', 'digest nonce=a,b qop=auth,auth-int'],
  ],
  [',, Basic realm = "x" ,,', ['basic realm=x']],
  ['DIGEST Realm="a"', ['digest realm=a']],
  ['Basic realm=""', ['basic realm=']],
] as const) {
  test(`challenges: ${JSON.stringify(value)}`, () => assert.deepEqual(shown(value), expected))
}

for (const value of [
  'Basic realm="open',
  'Basic realm="x" y',
  'Basic realm="x" realm="y"',
  'Basic realm="x", realm="y"',
  'Basic a=b c=d',
  'Basic "x"',
  '="x"',
  'Basic a b',
  'Basic realm="a\u0001"',
  'Basic realm="a\\',
]) {
  test(`not a list of challenges: ${JSON.stringify(value)}`, () =>
    assert.equal(parseChallenges(value), undefined))
}

test('parameters alone are read as Authentication-Info has them', () => {
  assert.deepEqual(Object.fromEntries(parseAuthParameters('nextnonce="n,1", qop=auth ,') ?? []), {
    nextnonce: 'n,1',
    qop: 'auth',
  })
  assert.equal(parseAuthParameters('nextnonce="n" x'), undefined)
})

test('any text is read to its end or refused, and what is quoted comes back as it was', () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom('a', 'B', '1', ' ', ',', '=', '"', '\\', '\t', ';', '\u00e9', '\u0000'),
      }),
      (text) => {
        parseChallenges(text)
        const clean = text.replaceAll('\u0000', '')
        const quoted = clean.replace(/["\\]/g, '\\$&')
        assert.deepEqual(shown(`S p="${quoted}", q=1`), [`s p=${clean} q=1`])
      },
    ),
  )
})
