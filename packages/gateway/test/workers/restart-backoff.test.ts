import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { VirtualClock } from '@headgate/core/testing'
import { RestartBackoff } from '../../src/workers/slot.ts'

describe('replacing a crashed worker', () => {
  it('happens at once, then later and later while it keeps crashing at its start, up to 5 s', async () => {
    const clock = new VirtualClock()
    const backoff = new RestartBackoff(clock)
    const waits: number[] = []
    for (let crash = 0; crash < 9; crash++) {
      await clock.advance(50)
      waits.push(backoff.crashed())
      backoff.started()
    }
    assert.deepEqual(waits, [0, 100, 200, 400, 800, 1600, 3200, 5000, 5000])
  })

  it('happens at once again after a life of 10 s', async () => {
    const clock = new VirtualClock()
    const backoff = new RestartBackoff(clock)
    assert.equal(backoff.crashed(), 0)
    assert.equal(backoff.crashed(), 100)
    backoff.started()
    await clock.advance(10_000)
    assert.equal(backoff.crashed(), 0)
    backoff.started()
    assert.equal(backoff.crashed(), 100)
  })
})
