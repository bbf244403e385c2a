import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../../../../scripts/testing/property.ts'
import { type Priority, requestPriority, UNSAID } from '../../src/fields/priority.ts'
import { ReadyStreams } from '../../src/h2/ready-streams.ts'
import { Http2Stream, type StreamOwner } from '../../src/h2/stream.ts'

function stream(id: number, priority: string | undefined): Http2Stream {
  const made = new Http2Stream(id, {} as StreamOwner) // a queue asks nothing of its owner
  made.priority = priority === undefined ? UNSAID : (requestPriority(priority) as Priority)
  return made
}

/** The numbers of those that have a turn, where each has so many frames to send. */
function order(frames: number, ...priorities: readonly (string | undefined)[]): number[] {
  const ready = new ReadyStreams()
  const left = priorities.map(() => frames)
  for (const [index, priority] of priorities.entries()) ready.add(stream(index, priority))
  const turns: number[] = []
  while (ready.size > 0) {
    const next = ready.take()
    turns.push(next.id)
    left[next.id] = (left[next.id] ?? 0) - 1
    if (left[next.id] !== 0) ready.putBack(next)
  }
  return turns
}

test('those that say nothing, or are of use in parts, take turns', () => {
  const rounds = (count: number): number[] => Array.from({ length: 40 * count }, (_, turn) => turn % count)
  assert.deepEqual(order(40, undefined, undefined, undefined), rounds(3))
  assert.deepEqual(order(40, 'u=1, i', 'u=1, i'), rounds(2))
})

test('those that are of use as a whole are sent one by one, in their order', () => {
  assert.deepEqual(order(3, 'u=3', 'u=3', 'u=3'), [0, 0, 0, 1, 1, 1, 2, 2, 2])
})

test('the more urgent ones are sent first', () => {
  assert.deepEqual(order(2, 'u=7', undefined, 'u=0', 'u=3, i', 'u=4, i'), [2, 2, 1, 3, 1, 3, 4, 4, 0, 0])
})

test('one turn of sixteen goes to those that would wait, each urgency in its turn', () => {
  const turns = order(200, 'u=0', 'u=0', 'u=4, i', 'u=7').slice(0, 192)
  const shares = [0, 1, 2, 3].map((id) => turns.filter((each) => each === id).length)
  assert.deepEqual(shares, [180, 4, 4, 4])
  assert.deepEqual(
    turns.flatMap((id, turn) => (id === 0 ? [] : [turn + 1])),
    Array.from({ length: 12 }, (_, index) => (index + 1) * 16),
  )
})

test('whatever is added, sent, prioritized and removed, each stream is there once, and nobody waits for ever', () => {
  const priority = fc.constantFrom(undefined, 'u=0', 'u=0, i', 'u=3', 'u=3, i', 'u=6', 'u=7, i')
  const step = fc.tuple(fc.constantFrom('add', 'turn', 'done', 'remove', 'change'), fc.nat(20), priority)
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const ready = new ReadyStreams()
      const there = new Map<number, Http2Stream>()
      for (const [what, id, asked] of steps) {
        const known = there.get(id)
        if (what === 'add' && known === undefined) {
          const added = stream(id, asked)
          there.set(id, added)
          ready.add(added)
        } else if ((what === 'turn' || what === 'done') && ready.size > 0) {
          const next = ready.take()
          assert.equal(there.get(next.id), next)
          if (what === 'turn') ready.putBack(next)
          else there.delete(next.id)
        } else if (what === 'remove' && known !== undefined) {
          ready.remove(known)
          there.delete(id)
        } else if (what === 'change' && known !== undefined) {
          ready.remove(known)
          known.priority = stream(id, asked).priority
          ready.add(known)
        }
        assert.equal(ready.size, there.size)
      }
      const waiting = new Set(there.keys())
      for (let turn = 0; turn < 16 * 8 * 21 && waiting.size > 0; turn++) {
        const next = ready.take()
        waiting.delete(next.id)
        ready.putBack(next)
      }
      assert.deepEqual([...waiting], [])
    }),
  )
})
