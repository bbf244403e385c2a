import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ScriptedConnection } from '@headgate/core/testing'
import { startGateway } from '../../survival/start-gateway.ts'

const ROUTES = [{ upstream: 'http://127.0.0.1:1' }]

it('a request that is refused before it is an exchange has a line, with nothing in it that it said of itself', async (t) => {
  const gateway = await startGateway(t, { routes: ROUTES })
  const cases = [
    ['GET /secret HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n', 400, 'malformed_request'],
    [`GET / HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'request_head_too_large'],
    [`GET /${'x'.repeat(9_000)} HTTP/1.1\r\nhost: a\r\n\r\n`, 414, 'request_target_too_long'],
    ['GET / HTTP/3.0\r\nhost: a\r\n\r\n', 505, 'unsupported_version'],
  ] as const
  for (const [index, [bytes, status, error]] of cases.entries()) {
    const client = await gateway.connect()
    client.send(bytes)
    await client.receives(`HTTP/1.1 ${status} `)
    const line = JSON.parse(JSON.stringify(await gateway.logged(index + 1))) as Record<string, unknown>
    const { time: _, bytes_sent: sent, error_reason: reason, ...rest } = line
    assert.ok(Number(sent) > 0 && String(reason) !== '')
    assert.deepEqual(rest, {
      route: '',
      method: '',
      host: '',
      path: '',
      status,
      duration_ms: 0,
      bytes_received: 0,
      attempts: 0,
      client: '127.0.0.1',
      error,
      version: '',
    })
  }
})

it('a head that does not come in time has a line', async (t) => {
  const gateway = await startGateway(t, { timeouts: { requestHead: '50ms' }, routes: ROUTES })
  const client = await gateway.connect()
  client.send('GET /')
  await client.receives('HTTP/1.1 408 ')
  const { route, status, error } = await gateway.logged(1)
  assert.deepEqual({ route, status, error }, { route: '', status: 408, error: 'request_timeout' })
})

it('a connection beyond maxConnections has a line', async (t) => {
  const gateway = await startGateway(t, {
    listeners: [{ address: '127.0.0.1:0', maxConnections: 1 }],
    routes: ROUTES,
  })
  await gateway.connect()
  const second = await ScriptedConnection.to(gateway.port)
  t.after(() => second.socket.destroy())
  await second.receives(/HTTP\/1\.1 503 [^]*too many connections\n$/)
  const { route, status, error } = await gateway.logged(1)
  assert.deepEqual({ route, status, error }, { route: '', status: 503, error: 'too_many_connections' })
})
