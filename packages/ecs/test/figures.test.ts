import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyingTick, idleTick, throughput } from './figures.ts'

// The figures of cost-figure.ts, smaller and with room for a busy machine: what grows with what is in flight, or doubles, is seen.

test('a tick in which nothing happens takes no longer for thousands of requests in flight', (t) => {
  const took = idleTick(10_000, 200)
  t.diagnostic(`${took.toFixed(4)} ms`)
  assert.ok(took <= 0.2, `${took} ms`)
})

test('a tick that applies 1,000 responses takes a few milliseconds', async (t) => {
  const took = await applyingTick(1_000, 9)
  t.diagnostic(`${took.toFixed(2)} ms`)
  assert.ok(took <= 12, `${took} ms`)
})

test('a request through the world costs little more than a call of the client', async (t) => {
  const { world, client } = await throughput(5_000, 3)
  t.diagnostic(`${world.toFixed(1)} and ${client.toFixed(1)} µs`)
  assert.ok(world <= 2 * client, `${world} and ${client} µs`)
})
