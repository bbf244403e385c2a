import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limitAcrossWorkers } from './across-workers.ts'

test('two workers together allow exactly what the limit says', async () => {
  const { allowed, limited } = await limitAcrossWorkers(10_000, 4_000, 2)
  assert.deepEqual([allowed, limited], [4_000, 6_000])
})
