import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { describeHpackFinding, describeHpackTally, hpackCampaign } from './fuzz/hpack-campaign.ts'
import { HPACK_DIFFERENCES } from './fuzz/hpack-differences.ts'

test('of ten thousand made-up field blocks, our decoder and that of nghttp2 make the same', async (t) => {
  const { tally, finding, took } = await hpackCampaign(1, { most: 10_000 })
  t.diagnostic(describeHpackTally(tally, took).replaceAll('\n', ', '))
  assert.equal(finding && describeHpackFinding(finding), undefined)
  assert.ok(tally.agreed > 5_000 && tally.faults > 0 && tally.refusedByBoth > 0 && tally.answers > 0)
})

test('each difference that is meant has a name and a reason, and is told in docs/fuzzing.md', () => {
  const told = readFileSync(new URL('../../../../docs/fuzzing.md', import.meta.url), 'utf8')
  assert.equal(new Set(HPACK_DIFFERENCES.map(({ name }) => name)).size, HPACK_DIFFERENCES.length)
  for (const { name, reason } of HPACK_DIFFERENCES) {
    assert.ok(reason.length > 40)
    assert.ok(told.includes(`| \`${name}\` |`), name)
  }
})
