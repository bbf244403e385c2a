import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseByteRate, parseDuration, parseSize } from '../../src/settings/values/units.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const durations = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
const sizes = { B: 1, KB: 1e3, KiB: 2 ** 10, MB: 1e6, MiB: 2 ** 20, GB: 1e9, GiB: 2 ** 30 }

test('a duration is its number times its unit, in milliseconds', () => {
  fc.assert(
    fc.property(fc.nat(500), fc.constantFrom(...Object.entries(durations)), (amount, [unit, factor]) => {
      assert.deepEqual(parseDuration(`${amount}${unit}`), { ok: true, value: amount * factor })
    }),
  )
})

test('a size is its number times its unit, in bytes, and a rate the same per second', () => {
  fc.assert(
    fc.property(fc.nat(8_000_000), fc.constantFrom(...Object.entries(sizes)), (amount, [unit, factor]) => {
      assert.deepEqual(parseSize(`${amount}${unit}`), { ok: true, value: amount * factor })
      assert.deepEqual(parseByteRate(`${amount}${unit}/s`), { ok: true, value: amount * factor })
    }),
  )
})

test('what is not a quantity is refused, and its own suggestion is accepted', () => {
  const text = fc.oneof(
    fc.string(),
    fc.tuple(fc.float({ min: 0 }), fc.string({ maxLength: 7 })).map((part) => part.join('')),
  )
  fc.assert(
    fc.property(text, fc.constantFrom(parseDuration, parseSize, parseByteRate), (written, parse) => {
      const result = parse(written)
      if (result.ok) return assert.match(written, /^(?:0|\d+[A-Za-z/]+)$/)
      const [, meant] = /did you mean (".*")\?/.exec(result.hint ?? '') ?? []
      for (const each of meant?.split(' or ') ?? [])
        assert.ok(parse(JSON.parse(each)).ok || Number.parseFloat(written) > 1e6, each)
      return undefined
    }),
  )
})

const refusals: [typeof parseDuration, string, RegExp, string | undefined][] = [
  [parseDuration, '30', /has no unit/, 'did you mean "30s"?'],
  [parseDuration, '30 s', /is not a duration/, 'did you mean "30s"?'],
  [parseDuration, '5min', /is not a duration/, 'did you mean "5m"?'],
  [parseDuration, '1.5s', /is not a duration/, 'did you mean "1500ms"?'],
  [parseDuration, '0.5h', /is not a duration/, 'did you mean "30m"?'],
  [parseDuration, '-5s', /is not a duration/, 'such as "30s"'],
  [parseDuration, '5d', /is not a duration/, 'did you mean "120h"?'],
  [parseDuration, '1e3s', /is not a duration/, 'such as "30s"'],
  [parseDuration, '600h', /is too large/, undefined],
  [parseDuration, '', /is not a duration/, 'such as "30s"'],
  [parseSize, '64', /has no unit/, 'did you mean "64MiB" or "64KiB" or "64B"?'],
  [parseSize, '64k', /is not a size/, 'did you mean "64KiB"?'],
  [parseSize, '64kib', /is not a size/, 'did you mean "64KiB"?'],
  [parseSize, '1.5MiB', /is not a size/, 'did you mean "1536KiB"?'],
  [parseSize, '9007199254740993B', /is too large/, undefined],
  [parseByteRate, '240', /has no unit/, 'did you mean "240B/s"?'],
  [parseByteRate, '1KiB', /is not a byte rate/, 'did you mean "1KiB/s"?'],
]

test('a refused quantity says what was probably meant', () => {
  for (const [parse, written, problem, hint] of refusals) {
    const result = parse(written)
    assert.ok(!result.ok, written)
    assert.match(result.problem, problem, written)
    assert.equal(result.hint, hint, written)
  }
})

test('the longest duration is what a timer of Node holds', () => {
  assert.deepEqual(parseDuration('2147483647ms'), { ok: true, value: 2 ** 31 - 1 })
  assert.equal(parseDuration('2147483648ms').ok, false)
})
