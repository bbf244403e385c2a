import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { WorkerQuestion } from '../../src/workers/protocol.ts'
import { WorkerGone } from '../../src/workers/questions.ts'
import { rollOut, type RolloutOwner } from '../../src/workers/rollout.ts'
import type { WorkerSlot } from '../../src/workers/slot.ts'

/** Workers that note what they are asked, and fail where a test says so. */
function workers(count: number, fails: (worker: number, type: WorkerQuestion['type']) => unknown) {
  const asked: string[] = []
  const slots = Array.from({ length: count }, (_, index) => ({
    index,
    ask({ type }: WorkerQuestion): Promise<unknown> {
      asked.push(`${index} ${type}`)
      const failure = fails(index, type)
      return failure === undefined ? Promise.resolve([]) : Promise.reject(failure)
    },
  }))
  // All that a rollout asks of them.
  return { asked, slots: slots as unknown as WorkerSlot[] }
}

function owner(more: Partial<RolloutOwner> = {}): RolloutOwner & { uncertain: number[] } {
  const uncertain: number[] = []
  return {
    uncertain,
    prepare: () => ({
      prepare: { type: 'prepare' } as ReturnType<RolloutOwner['prepare']>['prepare'],
      positions: [],
    }),
    committed: () => new Map(),
    uncommitted: ({ index }) => void uncertain.push(index),
    ...more,
  }
}

describe('a rollout', () => {
  it('takes back what is prepared where a worker cannot compile it', async () => {
    const { asked, slots } = workers(2, (index, type) =>
      index === 1 && type === 'prepare' ? new Error('no') : undefined,
    )
    await assert.rejects(rollOut(slots, [], owner()), /no/)
    assert.deepEqual(asked, ['0 prepare', '1 prepare', '0 abort', '1 abort'])
  })

  it('takes back what is prepared where the supervisor cannot put it in force itself', async () => {
    const { asked, slots } = workers(2, () => undefined)
    const broken = owner({
      committed: () => {
        throw new Error('not here')
      },
    })
    await assert.rejects(rollOut(slots, [], broken), /not here/)
    assert.deepEqual(asked.slice(-2), ['0 abort', '1 abort'])
  })

  it('asks the successor of a worker that crashed meanwhile for nothing: it has prepared nothing', async () => {
    const { asked, slots } = workers(2, (index, type) => {
      if (index !== 1 || type !== 'prepare') return undefined
      // The first one has prepared by now, and its successor is there before the others are ready.
      Object.assign(slots[0] as WorkerSlot, { births: 1 })
      return undefined
    })
    const calm = owner()
    await rollOut(slots, [], calm)
    assert.deepEqual(asked, ['0 prepare', '1 prepare', '1 commit'])
    assert.deepEqual(calm.uncertain, [])
  })

  it('names the workers that prepared it and cannot put it in force; one that is gone needs nothing', async () => {
    const { slots } = workers(3, (index, type) => {
      if (type !== 'commit' || index === 0) return undefined
      return index === 1 ? new Error('half done') : new WorkerGone()
    })
    const told = owner()
    await rollOut(slots, [], told)
    assert.deepEqual(told.uncertain, [1])
  })
})
