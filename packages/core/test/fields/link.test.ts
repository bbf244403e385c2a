import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLinks } from '../../src/fields/link.ts'
import { fc } from '../../../../scripts/testing/property.ts'

function shown(value: string): string[] | undefined {
  return parseLinks(value)?.map(({ target, relations }) => `${target} ${relations.join('+')}`)
}

for (const [value, expected] of [
  ['', []],
  ['<https://a.example/?page=2>; rel="next"', ['https://a.example/?page=2 next']],
  ['</?p=2>; rel=next, </?p=9>; rel="last"', ['/?p=2 next', '/?p=9 last']],
  ['<a,b;c>; rel=next', ['a,b;c next']],
  ['<>; rel=Next', [' next']],
  ['<a> ; title="x, <b>; rel=\\"prev\\"" ;; rel="next  START" ; crossorigin,', ['a next+start']],
  ['<a>; rel=next; rel=last', ['a next']],
  ['<a>', ['a ']],
  ["<a>; rel=next; title*=UTF-8'de'n%c3%a4chstes", ['a next']],
] as const) {
  test(`links: ${JSON.stringify(value)}`, () => assert.deepEqual(shown(value), expected))
}

test('a link from somewhere else says so', () => {
  assert.equal(parseLinks('<a>; rel=next; anchor="#part"')?.[0]?.anchor, '#part')
})

for (const value of [
  'a; rel=next',
  '<a; rel=next',
  '<a b>; rel=next',
  '<a"b>; rel=next',
  '<a<b>; rel=next',
  '<a>; rel="next',
  '<a>; rel=',
  '<a> rel=next',
  '<a>; rel=next <b>; rel=last',
  '<a\u0001>',
]) {
  test(`not a list of links: ${JSON.stringify(value)}`, () => assert.equal(parseLinks(value), undefined))
}

test('any text is read to its end or refused', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', '<', '>', ';', '=', ',', '"', '\\', ' ', 'rel') }),
      (text) => {
        const links = parseLinks(text)
        assert.ok(links === undefined || links.every(({ target }) => text.includes(`<${target}>`)))
        assert.equal(parseLinks(`</x>; rel=next, ${text}`) === undefined, links === undefined)
      },
    ),
  )
})
