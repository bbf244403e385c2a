import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { TestContext } from 'node:test'

/** Where an origin listens that answers as it is told: with a text, or by a listener. */
export async function origin(t: TestContext, answer: RequestListener | string): Promise<string> {
  const server = createServer(typeof answer === 'string' ? (_, response) => response.end(answer) : answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return `http://127.0.0.1:${address.port}`
}
