import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { campaign, describeFinding, describeTally } from './fuzz/campaign.ts'
import { DIFFERENCES, UNKNOWN_METHOD } from './fuzz/differences.ts'

const SEED = 1
/** Milliseconds. The whole minute of it is run by .ci/run, beside these tests. */
const TIME = 10_000

test('for ten seconds of made-up messages, Headgate and llhttp agree, and so do all ways to cut them', async (t) => {
  const { tally, finding, took } = await campaign(SEED, TIME)
  t.diagnostic(describeTally(tally, took).replaceAll('\n', ', '))
  assert.equal(finding && describeFinding(finding), undefined)
  assert.ok(tally.accepted > 0 && tally.refused > 0 && tally.forwarded > 0 && tally.connections > 0)
})

test('each difference that is meant has a name and a reason, and is told in docs/fuzzing.md', () => {
  const told = readFileSync(new URL('../../../../docs/fuzzing.md', import.meta.url), 'utf8')
  const all = [UNKNOWN_METHOD, ...DIFFERENCES]
  assert.equal(new Set(all.map(({ name }) => name)).size, all.length)
  for (const { name, reason } of all) {
    assert.ok(reason.length > 40)
    assert.ok(told.includes(`| \`${name}\` |`), name)
  }
})
