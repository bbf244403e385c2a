import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { originOf } from './origin.ts'

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

test('a program that closes its client waits for a response that nobody reads, for as long as close() says and no longer', async (t) => {
  const url = await originOf(t, (_, response) => {
    response.writeHead(302, { location: '/' })
    response.write('never ends')
  })
  const closes = `
    import { createClient } from '${new URL('../dist/index.js', import.meta.url).href}'
    const client = createClient({ lint: false, redirect: false })
    console.log((await client.get('${url}')).status)
    await client.close({ grace: 50 })
    console.log('closed')
  `
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', closes], {
    timeout: 200_000,
  })
  assert.equal(stdout, '302\nclosed\n')
})
