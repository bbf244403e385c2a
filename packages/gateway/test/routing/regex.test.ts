import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Regex } from '../../src/routing/regex/regex.ts'
import { cpuTimeOf } from '../../../../scripts/testing/cpu-time.ts'
import { fc } from '../../../../scripts/testing/property.ts'

describe('a regular expression', () => {
  it('is compared with the whole value', () => {
    const regex = new Regex('/orders/[0-9]+')
    assert.equal(regex.matches('/orders/17'), true)
    for (const text of ['/orders/', '/orders/17/', 'x/orders/17', '/orders/1a'])
      assert.equal(regex.matches(text), false)
  })

  it('ignores the case of letters after (?i) only', () => {
    assert.equal(new Regex('(?i)a[b-d]\\w').matches('ACx'), true)
    assert.equal(new Regex('a[b-d]').matches('AC'), false)
    assert.equal(new Regex('(?i)[^a]').matches('A'), false)
  })

  it('takes characters beyond latin1 for what they are: none of those named', () => {
    assert.equal(new Regex('a.b').matches('a\u4e00b'), true)
    assert.equal(new Regex('[^x]').matches('\u4e00'), true)
    assert.equal(new Regex('\\w').matches('\u4e00'), false)
  })

  it('is refused with the place where what it says cannot be had', () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ['^/a', /character 1: a value is always compared whole: leave "\^" out/],
      ['/a$', /character 3/],
      ['(a)\\1', /"\\1" is not known/],
      ['(?=a)b', /there are no such groups/],
      ['(?<!a)b', /there are no such groups/],
      ['(a', /not closed/],
      ['a)', /closes nothing/],
      ['[a', /not closed/],
      ['[]', /needs a member/],
      ['[z-a]', /upwards/],
      ['[\\d-z]', /from one character/],
      ['*a', /nothing stands before/],
      ['a**', /nothing stands before/],
      ['a+?', /lazy/],
      ['a{2', /starts a repeat/],
      ['a{3,2}', /smaller to a larger/],
      ['\u00e4', /only ASCII/],
      ['((a{30}){30}){30}', /too large/],
      ['a'.repeat(1001), /longer than the 1000/],
    ]
    for (const [source, message] of cases)
      assert.throws(() => new Regex(source), { name: 'TypeError', message }, source)
  })

  it('takes time by the length of the value, where others take years', () => {
    const took = cpuTimeOf(() => {
      for (const source of ['(a+)+b', '(a|a)*b', '(a*)*b', '.*.*.*.*b', '(a|b|ab)*c', '(.*a.{20})+'])
        new Regex(source).matches('a'.repeat(16_384))
    })
    // 134 s for one input is what a search that turns back was once seen to take; a slow machine needs some room.
    assert.ok(took < 3000, `${took} ms`)
  })

  it('takes no more for a value that is made to bring it to ever new states', () => {
    const regex = new Regex('.*a.{400}')
    const letters = Array.from({ length: 16_384 }, (_, index) => (((index * index) >> 3) % 7 < 3 ? 'a' : 'b'))
    const took = cpuTimeOf(() => {
      for (let count = 0; count < 5; count++) regex.matches(letters.join(''))
    })
    // 0.3 s; with a state made for each letter, 4 s.
    assert.ok(took < 2000, `${took} ms`)
  })

  it('matches long values, for which it keeps no states, as short ones', () => {
    const regex = new Regex('.*a[ab]{10}(?:b|ab)')
    const native = /^.*a[ab]{10}(?:b|ab)$/
    const letters = fc.string({
      unit: fc.constantFrom('a', 'b', 'a', 'b', 'c'),
      minLength: 1500,
      maxLength: 3000,
    })
    const end = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 13, maxLength: 13 })
    fc.assert(
      fc.property(letters, end, (text, rest) => {
        assert.equal(regex.matches(text + rest), native.test(text + rest))
      }),
      { numRuns: 100 },
    )
  })
})

const leaf = fc.constantFrom('a', 'b', 'c', '.', '[ab]', '[^a]', '\\w', '\\.', '\\d', '[a-c.]')
const { source } = fc.letrec<{ source: string }>((tie) => ({
  source: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.tuple(tie('source'), tie('source')).map(([one, other]) => one + other),
    fc.tuple(tie('source'), tie('source')).map(([one, other]) => `(${one}|${other})`),
    fc
      .tuple(tie('source'), fc.constantFrom('*', '+', '?', '{2}', '{0,2}', '{1,}', '{0}'))
      .map(([part, repeat]) => `(?:${part})${repeat}`),
  ),
}))

it('says what the regular expressions of the language say', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.', '1', '\u00e9'), maxLength: 8 })
  fc.assert(
    fc.property(source, fc.array(text, { minLength: 5, maxLength: 20 }), (pattern, texts) => {
      const regex = new Regex(pattern)
      const native = new RegExp(`^(?:${pattern})$`, 's')
      for (const each of texts) assert.equal(regex.matches(each), native.test(each), `${pattern} on ${each}`)
    }),
    { numRuns: 2000 },
  )
})
