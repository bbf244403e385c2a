import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { startGateway } from './start-gateway.ts'

/** The path of a socket in a folder of its own, until the test is over. */
function socketPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-loop-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'gateway.sock')
}

test('a request that a gateway sends to itself comes to an end: Via makes it too large', async (t) => {
  const path = socketPath(t)
  const gateway = await startGateway(t, {
    listeners: [{ address: `unix:${path}` }],
    routes: [{ upstream: `unix:${path}`, retry: false }],
  })
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const sent = httpRequest({ socketPath: path, path: '/', agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    sent.on('error', reject)
    sent.end()
  })
  assert.equal(status, 431)
  assert.ok(gateway.log.length <= 100, `${gateway.log.length} rounds`)
})
