import assert from 'node:assert/strict'
import { test } from 'node:test'
import { editDistance, suggest } from '../../src/settings/problems/suggest.ts'
import { fc } from '../../../../scripts/testing/property.ts'

test('a misspelt word finds the one that was meant', () => {
  const words = ['maxConnections', 'maxPending', 'retry', 'weight', 'host']
  const cases: [string, string | undefined][] = [
    ['weigth', 'weight'],
    ['rety', 'retry'],
    ['max_connections', 'maxConnections'],
    ['maxconections', 'maxConnections'],
    ['Host', 'host'],
    ['hots', 'host'],
    ['colour', undefined],
    ['x', undefined],
  ]
  for (const [word, meant] of cases) assert.equal(suggest(word, words), meant, word)
})

test('the edit distance counts insertions, deletions, replacements and swaps', () => {
  const cases: [string, string, number][] = [
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', 'abc', 0],
    ['abc', 'acb', 1],
    ['abc', 'xabc', 1],
    ['abc', 'axc', 1],
    ['kitten', 'sitting', 3],
  ]
  for (const [one, other, distance] of cases)
    assert.equal(editDistance(one, other), distance, `${one} ${other}`)
})

test('the edit distance is symmetric and at most the longer length', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (one, other) => {
      assert.equal(editDistance(one, other), editDistance(other, one))
      assert.ok(editDistance(one, other) <= Math.max(one.length, other.length))
    }),
  )
})
