import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createServer as createSecureServer } from 'node:https'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { makeCertificate } from '../../core/test/certificates.ts'
import { StatusError } from '../src/index.ts'
import { eventually } from '../../../scripts/testing/eventually.ts'
import { clientOf, originOf } from './origin.ts'

/** As measured, they take what the platform's fetch takes, which opens as many connections as it likes. */
const COUNT = 2_000

test('responses that nobody reads do not use up a pool of ten connections', async (t) => {
  const baseUrl = await originOf(t, (_, response) => {
    response.writeHead(404)
    response.write('not found, ')
    setTimeout(() => response.end('sorry'), 3)
  })
  const client = clientOf(t, { baseUrl, breaker: false, pool: { maxConnections: 10 } })
  const began = performance.now()
  const kept: unknown[] = []
  for (let made = 0; made < COUNT; made += 50) {
    const results = await Promise.all(Array.from({ length: 50 }, () => client.attempt('/missing')))
    for (const { error } of results) assert.equal(error?.code, 'unexpected_status')
    kept.push(...results)
  }
  const took = performance.now() - began
  t.diagnostic(`${COUNT} calls: ${took.toFixed(0)} ms`)
  assert.equal(kept.length, COUNT)
})

test('an error whose body nobody has read yet can still be read, when its connection serves others already', async (t) => {
  const baseUrl = await originOf(t, (_, response) => {
    response.writeHead(404)
    response.write('not ')
    setImmediate(() => response.end('found'))
  })
  const client = clientOf(t, { baseUrl, pool: { maxConnections: 1 } })
  const { error: first } = await client.attempt('/')
  await client.attempt('/')
  const { response } = first as unknown as { response: Response }
  assert.equal(await response.text(), 'not found')
})

test('an error keeps 64 KiB of a large body, and lets go of the rest and its connection', async (t) => {
  let closed = 0
  const baseUrl = await originOf(t, (_, response) => {
    response.on('close', () => closed++)
    response.writeHead(404)
    response.end(Buffer.alloc(10_000_000, 'x'))
  })
  const client = clientOf(t, { baseUrl, breaker: false, pool: { maxConnections: 1 } })
  for (let made = 0; made < 5; made++) {
    const { error } = await client.attempt('/')
    assert.ok(error instanceof StatusError)
    let size = 0
    const reading = (async () => {
      for await (const chunk of error.response.body ?? []) size += chunk.byteLength
    })()
    await assert.rejects(reading, { code: 'response_body_too_large', message: /throwOnStatus/ })
    assert.equal(size, 64 * 1024)
  }
  await eventually(() => closed === 5, 'all connections are closed')
})

const run = promisify(execFile)

/** How long a program that uses a client takes to end by itself, beside one that only makes a client. */
async function lifetime(script: string, ca = ''): Promise<number> {
  const program = `
import { createClient } from '${new URL('../dist/index.js', import.meta.url).href}'
const client = createClient({ lint: false, ${ca} })
${script}
console.log(performance.now())
process.on('exit', () => console.log(performance.now()))
`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { timeout: 30_000 })
  const [done = 0, ended = Infinity] = stdout.trim().split('\n').map(Number)
  return ended - done
}

test('a program ends when its work is done, whatever connections and bodies its client has left', async (t) => {
  const origin = await originOf(t, ({ url }, response) => {
    if (url === '/endless') response.write('x')
    else if (url === '/large') response.end(Buffer.alloc(1_000_000))
    else response.end('hello')
  })
  const { cert, key } = makeCertificate({ names: ['127.0.0.1'] })
  const secure = createSecureServer({ cert, key }, (_, response) => response.end('hello'))
  secure.listen(0, '127.0.0.1')
  await once(secure, 'listening')
  t.after(() => {
    secure.closeAllConnections()
    secure.close()
  })
  const { port } = secure.address() as AddressInfo
  for (const [name, script, ca] of [
    ['an idle connection', `await client.get('${origin}/').text()`],
    ['an unread body', `await client.get('${origin}/large')`],
    ['an unread body that goes on', `await client.get('${origin}/endless')`],
    [
      'an idle connection of https',
      `await client.get('https://127.0.0.1:${port}/').text()`,
      'tls: { verify: false }',
    ],
  ] as const) {
    const ms = await lifetime(script, ca)
    t.diagnostic(`${name}: ${ms.toFixed(0)} ms after the last line`)
    assert.ok(ms < 2_000, name)
  }
})

test('a program does not end while it reads a body that comes slowly', async (t) => {
  const origin = await originOf(t, (_, response) => {
    response.write('a')
    setTimeout(() => response.end('b'), 500)
  })
  const program = `
import { createClient } from '${new URL('../dist/index.js', import.meta.url).href}'
const response = await createClient({ lint: false }).get('${origin}/')
console.log(await response.text())
`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { timeout: 30_000 })
  assert.equal(stdout, 'ab\n')
})
