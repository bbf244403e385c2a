import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../../../../scripts/testing/property.ts'
import { Http2Stream } from '../../src/h2/stream.ts'
import { StreamMap } from '../../src/h2/stream-map.ts'

const owner = undefined as never // not asked

test('streams are found by their numbers, whichever come and go, as in a Map', () => {
  const step = fc.record({ opens: fc.boolean(), which: fc.nat({ max: 300 }) })
  const sequence = fc.array(step, { maxLength: 400 })
  fc.assert(
    fc.property(sequence, fc.constantFrom(1, 2), (steps, first) => {
      const map = new StreamMap()
      const model = new Map<number, Http2Stream>()
      let next = first
      for (const { opens, which } of steps) {
        if (opens) {
          // Some numbers are left out: those streams were never used.
          next += 2 * (which % 5)
          const stream = new Http2Stream(next, owner)
          next += 2
          map.add(stream)
          model.set(stream.id, stream)
        } else {
          const stream = [...model.values()][which % Math.max(1, model.size)]
          if (stream === undefined) continue
          model.delete(stream.id)
          assert.equal(map.delete(stream), true)
          assert.equal(map.delete(stream), false)
        }
        assert.equal(map.size, model.size)
        assert.deepEqual(
          map.all().map(({ id }) => id),
          [...model.keys()],
        )
      }
      for (let id = 0; id < next + 2; id++) assert.equal(map.get(id), model.get(id))
    }),
    { numRuns: 300 },
  )
})
