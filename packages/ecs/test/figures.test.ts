import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyingTick, idleTick, throughput } from './figures.ts'

// The figures of cost-figure.ts, smaller and with room: what grows with what is in flight, or doubles, is seen. Whatever else goes on adds to
// them, up to threefold where the cores are shared: of some rounds the least counts.

async function least(limit: number, measure: () => number | Promise<number>): Promise<number> {
  let best = Infinity
  for (let round = 0; round < 10 && best > limit; round++) best = Math.min(best, await measure())
  return best
}

test('a tick in which nothing happens takes no longer for thousands of requests in flight', async (t) => {
  const took = await least(0.2, () => idleTick(4_000, 200))
  t.diagnostic(`${took.toFixed(4)} ms`)
  assert.ok(took <= 0.2, `${took} ms`)
})

test('a tick that applies 1,000 responses takes a few milliseconds', async (t) => {
  const took = await least(6, () => applyingTick(1_000, 6))
  t.diagnostic(`${took.toFixed(2)} ms`)
  assert.ok(took <= 6, `${took} ms`)
})

test('a request through the world costs little more than a call of the client', async (t) => {
  const ratio = await least(1.8, async () => {
    const { world, client } = await throughput(2_000, 1)
    return world / client
  })
  t.diagnostic(`${ratio.toFixed(2)} to 1`)
  assert.ok(ratio <= 1.8, `${ratio} to 1`)
})
