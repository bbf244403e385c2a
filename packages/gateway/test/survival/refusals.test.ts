import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ScriptedConnection, VirtualClock } from '@headgate/core/testing'
import { ask, nextResponse } from './http-client.ts'
import { startScripted, startService } from './origins.ts'
import { startGateway } from './start-gateway.ts'

const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'

test('what is larger than the limits allow is refused, in its own words, and never reaches the origin', async (t) => {
  let requests = 0
  const service = await startService(t, (_, response) => {
    requests++
    response.end()
  })
  const gateway = await startGateway(t, {
    limits: { head: '1KiB', fields: 10, target: '100B', body: '1KB' },
    routes: [{ upstream: service.url }],
  })
  const post = 'POST / HTTP/1.1\r\nhost: a\r\n'
  for (const [bytes, status] of [
    [`GET /${'t'.repeat(100)} HTTP/1.1\r\nhost: a\r\n\r\n`, 414],
    [`GET /${'t'.repeat(2000)}`, 414],
    [`GET / HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(1000)}\r\n\r\n`, 431],
    [`GET / HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(2000)}`, 431],
    [`GET / HTTP/1.1\r\nhost: a\r\n${'x: y\r\n'.repeat(10)}\r\n`, 431],
    [`${post}content-length: 1001\r\n\r\n`, 413],
    [`${post}content-length: 1001\r\nexpect: 100-continue\r\n\r\n`, 413],
    [`${post}transfer-encoding: chunked\r\n\r\n3e9\r\n${'x'.repeat(1001)}\r\n0\r\n\r\n`, 413],
  ] as const) {
    const client = await gateway.connect()
    client.send(bytes)
    assert.equal((await nextResponse(client)).status, status, bytes.slice(0, 60))
    client.socket.destroy()
  }
  assert.equal((await ask(gateway.url, { method: 'POST', content: 'x'.repeat(1000) })).status, 200)
  assert.equal(requests, 1)
})

test('a route may have a limit of its own', async (t) => {
  const service = await startService(t, (request, response) =>
    request.resume().on('end', () => response.end()),
  )
  const gateway = await startGateway(t, {
    limits: { body: '10B' },
    routes: [
      { match: { path: '/large' }, upstream: service.url, limits: { body: '1MB' } },
      { match: { path: '/small' }, upstream: service.url },
    ],
  })
  const content = 'x'.repeat(500_000)
  assert.equal((await ask(`${gateway.url}/large`, { method: 'PUT', content })).status, 200)
  assert.equal(
    (await ask(`${gateway.url}/small`, { method: 'PUT', content: content.slice(0, 20) })).status,
    413,
  )
})

test('a head and a body that do not come in time are answered with 408', async (t) => {
  const clock = new VirtualClock()
  const origin = await startScripted(t)
  const routes = [{ match: { path: '/a' }, upstream: origin.url }]
  const config = { timeouts: { requestHead: '4s' as const, bodyIdle: '3s' as const }, routes }
  const gateway = await startGateway(t, config, { clock })
  const [slowHead, slowBody] = [await gateway.connect(), await gateway.connect()]
  slowBody.send('POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nhalf')
  const connection = await origin.accept()
  await connection.receives('half')
  slowHead.send('GET / HTTP/1.1\r\nho')
  // Until it was read: requests behind it have been answered by then.
  assert.equal((await ask(gateway.url)).status, 404)
  await clock.advance(3_100)
  assert.equal((await nextResponse(slowBody)).status, 408)
  await connection.end()
  assert.equal(slowHead.text, '')
  await clock.advance(1_000)
  assert.equal((await nextResponse(slowHead)).status, 408)
  assert.equal(gateway.log[1]?.error, 'request_timeout')
})

test('what is no HTTP, or ambiguous, is refused with 400 and never reaches the origin', async (t) => {
  const origin = await startScripted(t)
  const gateway = await startGateway(t, { routes: [{ upstream: origin.url }] })
  for (const bytes of [
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'GET / HTTP/1.1\nhost: a\n\n',
    'GET /%2e%2e%2fa HTTP/1.1\r\nhost: a\r\n\r\n',
    'GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n',
    'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ncontent-length: 4\r\n\r\nbody',
    'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n',
  ]) {
    const client = await gateway.connect()
    client.send(bytes + GET)
    assert.equal((await nextResponse(client)).status, 400, bytes)
    assert.equal(await client.end(), '', 'what is behind it is not looked at')
  }
  assert.equal(origin.connections.length, 0)
})

test('what no route takes is answered with 404, and with 405 and Allow where only the method is wrong', async (t) => {
  const service = await startService(t)
  const gateway = await startGateway(t, {
    routes: [
      { match: { host: 'shop.example', path: '/a', methods: ['GET', 'POST'] }, upstream: service.url },
    ],
  })
  const headers = { host: 'shop.example' }
  assert.equal((await ask(`${gateway.url}/a`, { headers })).status, 200)
  assert.equal((await ask(`${gateway.url}/b`, { headers })).status, 404)
  assert.equal((await ask(`${gateway.url}/a`)).status, 404)
  const { status, headers: fields } = await ask(`${gateway.url}/a`, { method: 'DELETE', headers })
  assert.equal(status, 405)
  assert.match(String(fields['allow']), /\bGET\b.*\bPOST\b/)
})

test('errors are problem details or plain text, as Accept prefers', async (t) => {
  const service = await startService(t)
  const gateway = await startGateway(t, { routes: [{ match: { path: '/a' }, upstream: service.url }] })
  for (const accept of [
    undefined,
    '*/*',
    'application/json',
    'application/problem+json',
    'text/html;q=0.5, application/*',
  ]) {
    const { headers, content } = await ask(`${gateway.url}/b`, {
      headers: accept === undefined ? {} : { accept },
    })
    assert.equal(headers['content-type'], 'application/problem+json', accept)
    const problem = JSON.parse(content) as Record<string, unknown>
    assert.deepEqual([problem['status'], problem['type']], [404, 'urn:headgate:route_not_found'])
    assert.equal(problem['instance'], `urn:request:${String(headers['x-request-id'])}`)
  }
  for (const accept of ['text/plain', 'text/html,application/xhtml+xml,*/*;q=0.8']) {
    const { headers, content } = await ask(`${gateway.url}/b`, { headers: { accept } })
    assert.equal(headers['content-type'], 'text/plain; charset=utf-8', accept)
    assert.equal(content, '404 No route\n')
  }
})

test('a full queue for an origin is answered with 503 at once, and one that waits too long after its time', async (t) => {
  const clock = new VirtualClock()
  const origin = await startScripted(t)
  const pool = { maxConnections: 1, maxPending: 1, pendingTimeout: '2s' as const }
  const config = {
    upstreams: { one: { endpoints: [{ url: origin.url }], pool } },
    routes: [{ upstream: 'one' }],
  }
  const gateway = await startGateway(t, config, { clock })
  const [first, second, third] = [await gateway.connect(), await gateway.connect(), await gateway.connect()]
  first.send(GET)
  const connection = await origin.accept()
  await connection.receives('\r\n\r\n')
  second.send(GET)
  // Whichever is read first waits; the other one is too much.
  third.send(GET)
  await Promise.race([second.receives('\r\n\r\n'), third.receives('\r\n\r\n')])
  const [refused, waiting] = second.text === '' ? [third, second] : [second, third]
  assert.equal((await nextResponse(refused)).status, 503)
  assert.equal(gateway.log[0]?.error, 'pool_queue_full')
  await clock.advance(2_100)
  assert.equal((await nextResponse(waiting)).status, 503)
  assert.equal(gateway.log[1]?.error, 'pool_queue_timeout')
  connection.send('HTTP/1.1 204 No Content\r\n\r\n')
  assert.equal((await nextResponse(first)).status, 204)
})

test('a connection beyond the limit of its listener is told so, and the others are served on', async (t) => {
  const service = await startService(t)
  const listeners = [{ address: '127.0.0.1:0', maxConnections: 2 }]
  const gateway = await startGateway(t, { listeners, routes: [{ upstream: service.url }] })
  const clients = [await gateway.connect(), await gateway.connect()]
  const get = async (client: ScriptedConnection): Promise<number> => {
    client.send(GET)
    return (await nextResponse(client)).status
  }
  for (const client of clients) assert.equal(await get(client), 200)
  const refused = await gateway.connect()
  refused.send(GET)
  assert.match(
    await refused.end(),
    /^HTTP\/1\.1 503 [^]*\r\nconnection: close\r\n\r\ntoo many connections\n$/,
  )
  for (const client of clients) assert.equal(await get(client), 200)
  clients[0]?.finish()
  await clients[0]?.gone()
  const next = await gateway.connect()
  assert.equal(await get(next), 200, 'there is room again')
})
