import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyFrom } from '../../src/message/body.ts'
import { dial, eventually, FilledBody, gather, proxy } from './harness.ts'

const REFUSAL = 'HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig'
const TRIES = 20

for (const end of ['finish', 'reset', 'close'] as const) {
  test(`a 413 in the middle of an upload is received, though the origin ends the connection at once (${end})`, async (t) => {
    let received = 0
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const { origin, send } = await dial(t)
      const filled = new FilledBody()
      origin.pause()
      const { response } = send('POST', { body: filled.body })
      // The upload goes on in a turn in which the response waits in the kernel, with the reset behind it.
      filled.push('x'.repeat(50_000))
      origin.send(REFUSAL)
      if (end === 'close') origin.socket.destroySoon()
      else origin[end]()
      for (let part = 0; part < 100; part++) filled.push('x'.repeat(50_000))
      const outcome = await response.then(
        async ({ status, body }) => `${status} ${(await gather(body)).text}`,
        (error: unknown) => String(error),
      )
      if (outcome === '413 big') received++
      else t.diagnostic(outcome)
      assert.ok(filled.cancelled !== undefined, 'nothing more is asked of the upload')
    }
    t.diagnostic(`413 received in ${received} of ${TRIES} tries`)
    assert.equal(received, TRIES)
  })
}

test('a connection that is gone without a response still fails the exchange at once, as stale where it was used before', async (t) => {
  const { origin, send, connection } = await dial(t)
  const { response: first } = send('GET')
  origin.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  await first
  origin.reset()
  const { response } = send('POST', { body: bodyFrom('x') })
  await assert.rejects(response, { code: 'upstream_closed', staleConnection: true })
  await eventually(() => connection.socket.destroyed, 'the socket is closed')
})

test('a body that ends with its connection is not taken for complete when that was reset in the middle of the upload', async (t) => {
  const { origin, send } = await dial(t)
  const filled = new FilledBody()
  origin.pause()
  const { response } = send('POST', { body: filled.body })
  filled.push('x'.repeat(50_000))
  origin.send('HTTP/1.1 413 Content Too Large\r\n\r\nbig')
  origin.reset()
  for (let part = 0; part < 100; part++) filled.push('x'.repeat(50_000))
  const outcome = await response.then(
    async ({ body }) => (await gather(body)).error?.code,
    () => 'upstream_closed',
  )
  assert.equal(outcome, 'upstream_closed')
})

for (const [from, to] of [
  ['far', 'client'],
  ['client', 'far'],
] as const) {
  test(`a close frame that came from ${from} before a reset reaches the other end of the tunnel`, async (t) => {
    let received = 0
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const { server, origin } = await proxy(t)
      const client = await server.client()
      client.send('GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
      const far = await origin.accept()
      await far.receives('\r\n\r\n')
      far.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
      await client.receives('\r\n\r\n')
      const ends = { client, far }
      // The other end is sending all the while.
      for (let part = 0; part < 20; part++) ends[to].send('x'.repeat(50_000))
      ends[from].send('<close 1000>')
      ends[from].reset()
      const text = await ends[to].end()
      if (text.endsWith('<close 1000>')) received++
    }
    t.diagnostic(`close frame received in ${received} of ${TRIES} tries`)
    assert.equal(received, TRIES)
  })
}
