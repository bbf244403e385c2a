import assert from 'node:assert/strict'
import { test } from 'node:test'
import { soak } from './soak.ts'
import { describeSoak } from './soak-report.ts'

test('mixed traffic with faults from both sides leaves nothing behind, and the books agree', async (t) => {
  const report = await soak({ duration: 16_000, seed: 20_240_601 })
  for (const line of describeSoak(report).split('\n')) t.diagnostic(line)
  assert.ok(report.passed, describeSoak(report))
})
