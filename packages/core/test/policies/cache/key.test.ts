import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../../../../../scripts/testing/property.ts'
import { Exchange } from '../../../src/message/exchange.ts'
import { HeaderList } from '../../../src/message/headers.ts'
import { HttpRequest } from '../../../src/message/request.ts'
import { type CacheKeyParts, keyMaker, withContent } from '../../../src/policies/cache/key.ts'
import { matching, selectingFields, variantOf } from '../../../src/policies/cache/vary.ts'
import type { StoredEntry } from '../../../src/policies/cache/store.ts'
import { VirtualClock } from '../../../src/testing/virtual-clock.ts'
import { storedHead } from './stored-head.ts'

type Fields = Readonly<Record<string, string>>

const clock = new VirtualClock()

function exchangeTo(url: string, headers: Fields = {}, method = 'GET'): Exchange {
  return new Exchange(HttpRequest.to(url, { headers, method }), clock)
}

function keyOf(url: string, parts: CacheKeyParts = {}, headers: Fields = {}, scope = ''): string {
  return keyMaker(parts, scope)(exchangeTo(url, headers)).key.text
}

const letters = fc.string({
  unit: fc.constantFrom('a', '1', ':', '-', '2', ',', ';', '=', '&', '"', '/', 'ÿ', ' '),
  maxLength: 5,
})
const urlPart = letters.map((text) => encodeURI(text).replaceAll('ÿ', 'a').replaceAll('%FF', 'a'))
const parts = fc.record({
  secure: fc.boolean(),
  host: fc.constantFrom('a.example', 'a.example:8080', 'b.example'),
  path: urlPart,
  query: fc.option(urlPart, { nil: undefined }),
  fields: fc.array(
    fc.option(
      letters.map((text) => text.trim()),
      { nil: undefined },
    ),
    { minLength: 2, maxLength: 2 },
  ),
  identity: letters,
})

test('two requests have the same key when, and only when, no part of it tells them apart', () => {
  let identity = ''
  const make = keyMaker({ headers: ['x-a', 'x-b'], identity: () => identity }, 'route')
  const keyed = (
    given: typeof parts extends fc.Arbitrary<infer Value> ? Value : never,
  ): readonly [string, string] => {
    const url = `http${given.secure ? 's' : ''}://${given.host}/${given.path}${given.query === undefined ? '' : `?${given.query}`}`
    const headers: Record<string, string> = {}
    for (const [index, value] of given.fields.entries())
      if (value !== undefined) headers[`x-${'ab'[index]}`] = value
    identity = given.identity
    const exchange = exchangeTo(url, headers)
    const { scheme, authority, path, query } = exchange.request
    return [
      make(exchange).key.text,
      JSON.stringify([scheme, authority.text, path, query, given.fields, given.identity]),
    ]
  }
  const valid = parts.filter(({ path, query }) => {
    try {
      exchangeTo(`http://a.example/${path}?${query ?? ''}`)
      return true
    } catch {
      return false
    }
  })
  fc.assert(
    fc.property(valid, valid, (one, other) => {
      const [[key, told], [otherKey, otherTold]] = [keyed(one), keyed(other)]
      assert.equal(key === otherKey, told === otherTold)
      assert.equal(/[\n\u0100-\uffff]/.test(key), false)
    }),
    { numRuns: 300 },
  )
})

test('HEAD has the key of GET', () => {
  const make = keyMaker({}, '')
  assert.equal(
    make(exchangeTo('http://a.example/x', {}, 'HEAD')).key.text,
    make(exchangeTo('http://a.example/x')).key.text,
  )
})

test('another route, and other parts, have keys of their own', () => {
  const url = 'http://a.example/x?a=1'
  const keys = [
    keyOf(url),
    keyOf(url, {}, {}, 'r'),
    keyOf(url, { query: 'none' }),
    keyOf(url, { query: { only: ['a'] } }),
    keyOf(url, { headers: ['a'] }),
    keyOf(url, { cookies: ['a'] }),
    keyOf(url, { sortQuery: true }),
  ]
  assert.equal(new Set(keys).size, keys.length)
})

for (const [parts, query, sent] of [
  [{}, '?b=1&a=2', '?b=1&a=2'],
  [{ sortQuery: true }, '?b=1&a=2&b=0', '?a=2&b=1&b=0'],
  [{ query: 'none' }, '?b=1', ''],
  [{ query: { only: ['a'] } }, '?b=1&a=2&%61=3&a=4', '?a=2&a=4'],
  [{ query: { without: ['utm'] } }, '?utm=1&a=2&%75tm=3', '?a=2&%75tm=3'],
  [{ query: { without: ['utm'] } }, '?utm=1;a=2', ''],
  [{ query: { without: ['utm'] } }, '?utm', ''],
] as const) {
  test(`of the query ${query} the origin sees ${sent} with ${JSON.stringify(parts)}, as the key does`, () => {
    const make = keyMaker(parts, '')
    const whole = make(exchangeTo(`http://a.example/x${query}`))
    assert.equal(whole.query, sent)
    assert.equal(whole.key.text, make(exchangeTo(`http://a.example/x${sent}`)).key.text)
  })
}

test('all values of a cookie are in the key, and no other cookie is', () => {
  const of = (cookie: string): string =>
    keyOf('http://a.example/', { cookies: ['lang'] }, cookie === '' ? {} : { cookie })
  assert.equal(of('lang=de; a=1'), of('b=2; lang=de'))
  const different = [
    '',
    'lang=',
    'lang=de',
    'lang=en',
    'lang=de; lang=en',
    'lang=en; lang=de',
    'xlang=de; lang="de"',
  ]
  assert.equal(new Set(different.map(of)).size, different.length)
  assert.equal(of(''), of('xlang=de'))
})

test('content, and what says how to read it, are in the key of a QUERY', () => {
  const of = (content: string, headers: Fields = {}): string =>
    withContent(
      { text: 'k' },
      exchangeTo('http://a.example/', headers, 'QUERY').request,
      Buffer.from(content),
    ).text
  const keys = [
    of('a'),
    of('b'),
    of(''),
    of('a', { 'content-type': 'x' }),
    of('a', { 'content-encoding': 'x' }),
  ]
  assert.equal(new Set(keys).size, keys.length)
  assert.equal(of('a'), of('a'))
})

for (const [vary, expected] of [
  [{}, []],
  [{ vary: '' }, []],
  [{ vary: 'B, a ,, A' }, ['a', 'b']],
  [{ vary: '*' }, undefined],
  [{ vary: 'a, *' }, undefined],
] as const) {
  test(`Vary ${JSON.stringify(vary)} names ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(selectingFields(HeaderList.of(vary)), expected)
  })
}

for (const [name, one, other, same] of [
  ['accept-encoding', 'gzip, br', 'br,GZIP', true],
  ['accept-encoding', 'gzip, br', 'x-gzip;q=1.0, br', true],
  ['accept-encoding', 'gzip', 'gzip, br;q=0', true],
  ['accept-encoding', 'gzip, *;q=0.5', 'gzip, br;q=0, *;q=0.5', false],
  ['accept-encoding', 'gzip', 'gzip, identity;q=0', false],
  ['accept-encoding', 'gzip', 'br', false],
  ['accept-language', 'en, de', 'EN ,De', true],
  ['accept-language', 'en, de', 'de, en', false],
  ['accept-language', 'en;q=1, de', 'en, de', true],
  ['accept', 'text/html, */*', 'text/html,*/*', true],
  ['x-a', 'a,b', 'a, b', false],
  ['x-a', 'A', 'a', false],
] as const) {
  test(`${name} ${one} and ${other} are ${same ? '' : 'not '}the same variant`, () => {
    const of = (value: string): string => variantOf([name], HeaderList.of({ [name]: value }))
    assert.equal(of(one) === of(other), same)
  })
}

test('a field that is missing, one that is empty, and one that is another are three variants', () => {
  const of = (headers: Fields): string => variantOf(['x-a', 'x-b'], HeaderList.of(headers))
  const variants = [{}, { 'x-a': '' }, { 'x-b': '' }, { 'x-a': '1', 'x-b': '2' }, { 'x-a': '1:2' }].map(of)
  assert.equal(new Set(variants).size, variants.length)
})

test('of several entries those match whose fields say the same, each by its own Vary', () => {
  const entry = (selecting: string[], headers: Fields): StoredEntry =>
    ({
      head: storedHead({ selecting, variant: variantOf(selecting, HeaderList.of(headers)) }),
    }) as StoredEntry // its content is not asked for
  const entries = [
    entry(['a'], { a: '1' }),
    entry(['a'], { a: '2' }),
    entry(['b'], { b: '1' }),
    entry([], {}),
  ]
  const found = (headers: Fields): number[] =>
    matching(entries, HeaderList.of(headers)).map((each) => entries.indexOf(each))
  assert.deepEqual(found({ a: '2', b: '1' }), [1, 2, 3])
  assert.deepEqual(found({}), [3])
})
