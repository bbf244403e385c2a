import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'

const program = `
import { createClient } from '${new URL('../dist/index.js', import.meta.url).href}'
const client = createClient({ lint: false, retry: { attempts: 2, backoff: { base: 100, max: 100, jitter: 'equal' } } })
const { error } = await client.attempt('http://127.0.0.1:1/')
console.log(error.code, error.attempts)
const idle = createClient({ lint: false })
`

test('a program does not end while a call waits for its next attempt, and ends after it', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    timeout: 200_000,
  })
  assert.equal(stdout, 'connect_failed 2\n')
})
