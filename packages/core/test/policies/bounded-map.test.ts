import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BoundedMap } from '../../src/policies/bounded-map.ts'
import { fc } from '../../../../scripts/testing/property.ts'

test('it never holds more keys than its limit, and always the one that was set last', () => {
  const step = fc.record({ key: fc.integer({ min: 0, max: 9 }).map(String), set: fc.boolean() })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step), (limit, steps) => {
      const map = new BoundedMap<string>(limit)
      for (const { key, set } of steps) {
        if (!set) map.get(key)
        else {
          map.set(key, key)
          assert.equal(map.get(key), key)
        }
        assert.ok(map.size <= limit)
        assert.equal([...map].length, map.size)
      }
    }),
  )
})

test('what is used stays when what is not used must go', () => {
  const map = new BoundedMap<number>(3)
  for (const key of ['a', 'b', 'c']) map.set(key, 1)
  map.get('a')
  for (const key of ['d', 'e']) {
    map.set(key, 1)
    map.get('a')
  }
  assert.deepEqual([...map].map(([key]) => key).toSorted(), ['a', 'd', 'e'])
})

test('a limit that is none is refused', () => {
  for (const limit of [0, -1, 1.5, Number.NaN])
    assert.throws(() => new BoundedMap(limit), { name: 'TypeError' })
})
