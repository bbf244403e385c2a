import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../../../../scripts/docs/markdown.ts'

const page = readFileSync(join(ROOT, 'docs/client.md'), 'utf8')

for (const file of ['examples/client-tests/users.test.ts', 'sdk-tests/users.vitest.test.ts']) {
  test(`docs/client.md shows ${file} as it is`, () => {
    assert.ok(page.includes(readFileSync(join(ROOT, file), 'utf8').trimEnd()))
  })
}

test('the example for node:test runs as it is', () => {
  const { NODE_TEST_CONTEXT: _context, ...env } = process.env
  const file = join(ROOT, 'examples/client-tests/users.test.ts')
  const { status, stdout } = spawnSync(process.execPath, ['--test', file], { encoding: 'utf8', env })
  assert.equal(status, 0, stdout)
  assert.match(stdout, /pass 2/)
})
