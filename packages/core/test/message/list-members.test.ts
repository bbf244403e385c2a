import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAskedFor } from '../../src/h1/upgrade.ts'
import { listMembers, trimBlanks } from '../../src/message/tokens.ts'
import { assertGrowsLinearly } from '../../../../scripts/testing/growth.ts'
import { fc } from '../../../../scripts/testing/property.ts'

test('the members of a list are what stands between its commas, without blanks and without empty ones', () => {
  const list = fc
    .array(fc.constantFrom(',', ' ', '\t', 'a', 'b c', ';'), { maxLength: 30 })
    .map((all) => all.join(''))
  fc.assert(
    fc.property(list, (text) => {
      const expected = text
        .split(',')
        .map(trimBlanks)
        .filter((member) => member !== '')
      assert.deepEqual(listMembers(text), expected)
    }),
    { numRuns: 2_000 },
  )
})

test('protocols that were asked for are looked up in a time by their number, not by its square', () => {
  const protocols = (count: number): string =>
    Array.from({ length: count }, (_, index) => `p${index}`).join(',')
  const few = protocols(4_000)
  assert.equal(isAskedFor(few, few), true)
  assert.equal(isAskedFor(`${few},other`, few), false)
  assertGrowsLinearly(protocols, (list) => void isAskedFor(list, list), { size: 4_000 })
})
