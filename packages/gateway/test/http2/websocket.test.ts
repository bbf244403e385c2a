import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { test } from 'node:test'
import { startGateway } from '../survival/start-gateway.ts'
import { ask, message, opened, startOrigin } from './websocket-peers.ts'

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
