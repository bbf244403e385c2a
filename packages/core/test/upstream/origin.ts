import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import type { TestContext } from 'node:test'

/** Has a server listen until the test ends; answers its `host:port`. */
export async function listening(t: TestContext, server: Server | SecureServer): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return `127.0.0.1:${address.port}`
}

/** Where an origin listens that answers as it is told: with a text, or by a listener. */
export async function origin(t: TestContext, answer: RequestListener | string): Promise<string> {
  const server = createServer(typeof answer === 'string' ? (_, response) => response.end(answer) : answer)
  return `http://${await listening(t, server)}`
}
