import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const folder = join(import.meta.dirname, '..')
/**
 * OpenTelemetry's API and zod read their own options through the prototype, and fall over it, as node:zlib does with which the package's
 * size is measured; the others have no options to speak of, or measure how parsers' work grows, which no option changes.
 */
const LEFT_OUT: readonly string[] = [
  'tracing.test.ts',
  'process-hold.test.ts',
  'response-head.test.ts',
  'package.test.ts',
  'linear-work.test.ts',
]
const files = readdirSync(folder).filter((name) => name.endsWith('.test.ts') && !LEFT_OUT.includes(name))

test('all tests of the client pass while Object.prototype holds an option of every kind', async () => {
  const { NODE_TEST_CONTEXT: _own, ...env } = process.env
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      '--test-reporter=tap',
      '--test-skip-pattern=schema',
      join(import.meta.dirname, 'pollute.ts'),
      ...files.map((name) => join(folder, name)),
    ],
    { env, timeout: 600_000, maxBuffer: 16 * 1024 * 1024 },
  ).catch((failed: { stdout: string }) => failed)
  assert.deepEqual(stdout.match(/^not ok .*/gm) ?? [], [])
  assert.ok(Number(/^# pass (\d+)/m.exec(stdout)?.[1]) > 150, stdout.slice(-2_000))
})
