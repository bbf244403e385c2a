import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PresetName } from '../../../src/index.ts'
import { clientOf } from '../../origin.ts'
import { campaign, describeFinding } from './campaign.ts'

// With FETCH_CASES=100000 in the environment it runs as many, from FETCH_SEED on.
const CASES = Number(process.env['FETCH_CASES'] ?? 2_000)
const SEED = Number(process.env['FETCH_SEED'] ?? 1)

const halves: readonly [preset: PresetName, first: number][] = [
  ['fetch', SEED],
  ['minimal', SEED + CASES / 2],
]
for (const [preset, seed] of halves) {
  test(`what runs on the platform’s fetch runs on that of preset ${preset}: seen and got are the same`, async (t) => {
    // On a machine that is busy, a connection may take longer than a client waits for one.
    const { fetch } = clientOf(t, { preset, timeout: { connect: 120_000 } })
    const { cases, findings, intended } = await campaign({ seed, cases: CASES / 2, fetch })
    t.diagnostic(
      `${cases} cases; intended differences: ${[...intended].map(([name, count]) => `${name} ${count}`).join(', ')}`,
    )
    assert.equal(findings.map(describeFinding).join('\n\n'), '')
    assert.ok(cases >= CASES / 2)
  })
}
