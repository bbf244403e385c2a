import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { codes, readPage, ROOT, tableWith } from '../../../../scripts/docs/markdown.ts'
import { cacheSuiteReport } from './report.ts'

describe('http-cache-tests', async () => {
  const report = await cacheSuiteReport()
  const page = readPage(join(ROOT, 'docs/cache.md'))

  it('of what a cache must do, at least 97 of 100 tests are passed, and of what would be best 80', () => {
    const { required, optimal } = report
    assert.ok(required.passed + required.failed > 150, 'the suite has judged little')
    assert.ok(required.passed / (required.passed + required.failed) >= 0.97)
    assert.ok(optimal.passed / (optimal.passed + optimal.failed + optimal['not judged']) >= 0.8)
  })

  it('docs/cache.md has the results, beside those that the suite comes with', () => {
    assert.ok(page.text.includes(report.table), report.table)
  })

  it('docs/cache.md says of each test that is not passed why', () => {
    const rows = tableWith(page, 'not passed', 'why')
    const listed = rows.flatMap(([names]) => codes(names))
    assert.deepEqual(listed.toSorted(), report.notPassed.map(({ id }) => id).toSorted())
    for (const [names, why] of rows) assert.notEqual(why, '', names)
  })
})
