import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isAskedFor } from '../../src/h1/upgrade.ts'
import { listMembers, trimBlanks } from '../../src/message/tokens.ts'

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

/** CPU time. Microseconds. */
function cost(work: () => void): number {
  const before = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(before)
  return user + system
}

test('protocols that were asked for are looked up in a time by their number, not by its square', () => {
  const protocols = (count: number): string =>
    Array.from({ length: count }, (_, index) => `p${index}`).join(',')
  const [few, many] = [protocols(4_000), protocols(32_000)]
  assert.equal(isAskedFor(few, few), true)
  assert.equal(isAskedFor(`${few},other`, few), false)
  const least = (list: string): number => Math.min(...[1, 2, 3].map(() => cost(() => isAskedFor(list, list))))
  const [one, eight] = [least(few), least(many)]
  assert.ok(eight < 30 * one, `${one} µs for 4,000, ${eight} µs for 32,000`)
})
