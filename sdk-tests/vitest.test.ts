import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

test('the example of docs/client.md for vitest and msw runs as it is', () => {
  const folder = import.meta.dirname
  const vitest = join(folder, 'node_modules/vitest/vitest.mjs')
  const options = { cwd: folder, encoding: 'utf8', timeout: 120_000 } as const
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [vitest, 'run', 'users.vitest.test.ts'],
    options,
  )
  assert.equal(status, 0, stdout + stderr)
  assert.match(stdout, /2 passed/)
})
