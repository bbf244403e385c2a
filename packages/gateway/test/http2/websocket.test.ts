import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { test } from 'node:test'
import { createGateway } from '../../src/embedding/create-gateway.ts'
import { startGateway } from '../survival/start-gateway.ts'
import { ask, message, opened, startOrigin, startTlsOrigin } from './websocket-peers.ts'

const VERSIONS = ['h1', 'h2'] as const

for (const client of VERSIONS) {
  for (const upstream of VERSIONS) {
    const way = `${client} to ${upstream}`

    test(`a WebSocket passes from ${way}, with its path, fields and protocol, and is logged as any upgrade`, async (t) => {
      const origin = await startOrigin(t, upstream)
      const gateway = await startGateway(t, {
        routes: [{ name: 'chat', match: { path: '/chat' }, upstream: origin.url }],
      })
      const asked = await ask(t, client, gateway.port, { path: '/chat?room=1', fields: { 'x-a': 'b' } })
      const { path, fields, socket } = await origin.accept()
      assert.equal(path, '/chat?room=1')
      assert.equal(fields['x-a'], 'b')
      assert.equal(fields['sec-websocket-protocol'], 'chat')
      assert.equal(fields['sec-websocket-key'] === undefined, upstream === 'h2')
      assert.equal(asked.status, client === 'h1' ? 101 : 200)
      assert.equal(asked.fields['sec-websocket-protocol'], 'chat')
      assert.equal(asked.fields['sec-websocket-accept'] === undefined, client === 'h2')
      assert.ok(asked.socket)
      asked.socket.send('grüße')
      assert.equal(String(await message(asked.socket)), 'grüße')
      const [left, right] = [once(asked.socket, 'close'), once(socket, 'close')]
      asked.socket.close(4321, 'enough')
      for (const [code, reason] of [await left, await right])
        assert.deepEqual([code, String(reason)], [4321, 'enough'])
      const line = await gateway.logged(1)
      assert.deepEqual(
        [line.status, line.route, line.bytes_sent, line.bytes_received, line.error],
        [101, 'chat', 2 + 7 + 2 + 8, 6 + 7 + 6 + 8, undefined],
      )
    })

    test(`megabytes pass from ${way} and back while one side reads slowly`, async (t) => {
      const origin = await startOrigin(t, upstream)
      const gateway = await startGateway(t, { routes: [{ upstream: origin.url }] })
      const socket = await opened(t, client, gateway.port)
      const { socket: far } = await origin.accept()
      const large = randomBytes(3_000_000)
      far.pause()
      socket.send(large)
      await new Promise((resolve) => setTimeout(resolve, 20))
      socket.pause()
      far.resume()
      await once(far, 'message')
      socket.resume()
      assert.ok(large.equals(await message(socket)))
    })

    test(`from ${way} a close by the origin, and an abrupt end of either side, reach the other`, async (t) => {
      const origin = await startOrigin(t, upstream)
      const gateway = await startGateway(t, { routes: [{ upstream: origin.url }] })
      for (const [index, end] of ['origin closes', 'origin is gone', 'client is gone'].entries()) {
        const socket = await opened(t, client, gateway.port)
        const { socket: far } = await origin.accept()
        const [acting, other] = end === 'client is gone' ? [socket, far] : [far, socket]
        const closed = once(other, 'close')
        if (end === 'origin closes') acting.close(4000)
        else acting.terminate()
        assert.equal((await closed)[0], end === 'origin closes' ? 4000 : 1006, end)
        assert.equal((await gateway.logged(index + 1)).status, 101)
      }
    })
  }
}

for (const client of VERSIONS) {
  test(`a WebSocket over ${client} goes to the route of its host and path, and is refused by its policies`, async (t) => {
    const [one, other] = [await startOrigin(t, 'h2'), await startOrigin(t, 'h1')]
    const gateway = await startGateway(t, {
      routes: [
        { match: { host: 'one.example', path: '/chat' }, upstream: one.url },
        { match: { host: 'two.example', path: '/chat' }, upstream: other.url, rateLimit: { rate: '1/h' } },
        { match: { host: 'two.example', path: '/closed' }, respond: { status: 403, body: 'members only' } },
        { match: { host: 'two.example', path: '/page' }, respond: { body: 'a page' } },
        { match: { host: 'two.example', methods: ['POST'], path: '/post' }, upstream: other.url },
      ],
    })
    const status = async (host: string, path: string): Promise<number> =>
      (await ask(t, client, gateway.port, { path, fields: { host } })).status
    const granted = client === 'h1' ? 101 : 200
    assert.equal(await status('one.example', '/chat'), granted)
    assert.equal((await one.accept()).path, '/chat')
    assert.equal(await status('two.example', '/chat'), granted)
    assert.equal((await other.accept()).fields['host'] ?? 'two.example', 'two.example')
    assert.equal(await status('two.example', '/chat'), 429)
    assert.equal(await status('two.example', '/closed'), 403)
    assert.equal(await status('two.example', '/nowhere'), 404)
    assert.equal(await status('two.example', '/post'), 405)
    // HTTP/1.1 tells a page from a WebSocket by its status, 200; a client of HTTP/2 could not.
    assert.equal(await status('two.example', '/page'), client === 'h1' ? 200 : 501)
  })

  test(`an endpoint that chooses HTTP/2 by ALPN and offers no extended CONNECT is asked over HTTP/1.1 by a client of ${client}`, async (t) => {
    const origin = await startTlsOrigin(t)
    const tls = { verify: false }
    const gateway = await startGateway(t, {
      upstreams: {
        both: { endpoints: [{ url: origin.url }], protocols: ['h2', 'http/1.1'], tls },
        alone: { endpoints: [{ url: origin.url }], protocols: ['h2'], tls },
      },
      routes: [
        { match: { path: '/alone' }, upstream: 'alone' },
        { match: { path: '/**' }, upstream: 'both' },
      ],
    })
    const socket = await opened(t, client, gateway.port)
    await origin.accept()
    socket.send('hello')
    assert.equal(String(await message(socket)), 'hello')
    assert.deepEqual(origin.versions, ['2.0', '1.1'])
    socket.close()
    await once(socket, 'close')
    assert.equal((await ask(t, client, gateway.port, { path: '/alone' })).status, 502)
    assert.equal((await gateway.logged(2)).error, 'upgrade_unsupported')
  })
}

test('a WebSocket over HTTP/2 lives on while the gateway that has it closes, until its time is up', async (t) => {
  const origin = await startOrigin(t, 'h2')
  const gateway = await createGateway({
    listeners: [{ address: '127.0.0.1:0' }],
    routes: [{ upstream: origin.url }],
  })
  const [listener] = await gateway.listen()
  const first = await opened(t, 'h2', listener?.port ?? 0)
  const second = await opened(t, 'h2', listener?.port ?? 0)
  const closing = gateway.close(500)
  first.send('still here')
  assert.equal(String(await message(first)), 'still here')
  first.close()
  await once(first, 'close')
  const cut = once(second, 'close')
  assert.deepEqual(await closing, { cut: 1 })
  assert.equal((await cut)[0], 1006)
})
