import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { codes, readPage, ROOT, tableWith } from '../../../../scripts/docs/markdown.ts'

test('each of the ten risks of OWASP has an answer, and tests that are there', () => {
  const page = readPage(join(ROOT, 'docs/authorization.md'))
  const rows = tableWith(page, 'risk', 'what answers it', 'proven by')
  assert.deepEqual(
    rows.map(([risk = '']) => /^API(\d+) \w/.exec(risk)?.[1]),
    ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10'],
  )
  for (const [risk, answer = '', proof] of rows) {
    assert.notEqual(answer, '')
    const files = codes(proof)
    assert.notEqual(files.length, 0, `no test for ${risk}`)
    for (const file of files) assert.ok(existsSync(join(ROOT, 'packages', file)), file)
  }
})
