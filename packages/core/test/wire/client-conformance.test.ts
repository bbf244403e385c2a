import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { connect as connectTls, type ConnectionOptions, createServer as createTlsServer } from 'node:tls'
import { ClientConnection } from '../../src/h1/client-connection.ts'
import { DEFAULT_CLIENT_OPTIONS } from '../../src/socket/connection-options.ts'
import { SocketReader } from '../../src/socket/socket-reader.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { makeCertificate } from '../certificates.ts'
import { dial, exchangeTo, FilledBody, gather } from '../h1/harness.ts'
import { ALERT, APPLICATION_DATA, tlsRelay } from './tls-relay.ts'

/** What RFC 9110 and 9112 ask of a client, where no other test shows it. */

test('the target is path and query alone, "/" where the URL has no path, and Host is the authority', async (t) => {
  const { origin, send } = await dial(t)
  const { response } = send('GET', { path: '', headers: { 'x-a': '1' } })
  assert.equal(await origin.receives('\r\n\r\n'), 'GET / HTTP/1.1\r\nhost: origin.example\r\nx-a: 1\r\n\r\n')
  origin.forget()
  origin.send('HTTP/1.1 204 No Content\r\n\r\n')
  await response
  const { exchange, response: second } = send('GET', { path: '/a?b=http://c/' })
  assert.match(await origin.receives('\r\n\r\n'), /^GET \/a\?b=http:\/\/c\/ HTTP\/1\.1\r\n/)
  assert.equal(exchange.request.authority.text, 'origin.example')
  origin.send('HTTP/1.1 204 No Content\r\n\r\n')
  await second
})

test('a status that nobody knows is one of its class: it is passed on, with its content', async (t) => {
  const { origin, send } = await dial(t)
  for (const status of [299, 399, 499, 599]) {
    const { response } = send('GET')
    await origin.receives('\r\n\r\n')
    origin.forget()
    origin.send(`HTTP/1.1 ${status} Odd\r\nContent-Length: 2\r\n\r\nok`)
    const got = await response
    assert.equal(got.status, status)
    assert.equal((await gather(got.body)).text, 'ok')
  }
})

test('chunk sizes that no number holds break a response, instead of being read as something smaller', async (t) => {
  for (const size of ['10000000000000005', 'ffffffffffffffffffff5', '00000000000000']) {
    const { origin, send, told } = await dial(t)
    const { response } = send('GET')
    origin.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    const { body } = await response
    origin.send(`${size}\r\nhello\r\n0\r\n\r\n`)
    const { error, done } = await gather(body)
    assert.deepEqual([error?.code, done], ['malformed_response', false], size)
    assert.deepEqual(told, ['closed'])
  }
})

test('nothing that only servers may send is sent with a request, nor TE or a second chunked coding', async (t) => {
  const { origin, send } = await dial(t)
  const { body } = new FilledBody()
  send('POST', { body, headers: { 'transfer-encoding': 'gzip, chunked', connection: 'x', 'x-a': '1' } })
  const head = await origin.receives('\r\n\r\n')
  assert.equal(
    head,
    'POST / HTTP/1.1\r\nhost: origin.example\r\nx-a: 1\r\ntransfer-encoding: chunked\r\n\r\n',
  )
})

test('a TLS connection is closed with a closure alert, and HTTP is its application data', async (t) => {
  const certificate = makeCertificate({ names: ['localhost'] })
  const server = createTlsServer({ ...certificate, maxVersion: 'TLSv1.2' }, (socket) => {
    socket.on('error', () => {})
    socket.on('data', () => socket.write('HTTP/1.1 204 No Content\r\n\r\n'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const relay = await tlsRelay(t, (server.address() as AddressInfo).port)
  const reader = new SocketReader()
  const options = { host: '127.0.0.1', port: relay.port, servername: 'localhost', ca: certificate.cert }
  // node:tls passes `onread` on to node:net, but its types do not say so.
  const socket = connectTls({ ...options, onread: reader.options } as ConnectionOptions)
  await once(socket, 'secureConnect')
  const clock = new VirtualClock()
  const connection = new ClientConnection(socket, reader, { ...DEFAULT_CLIENT_OPTIONS, clock })
  await connection.send(exchangeTo('GET', {}, clock))
  connection.destroy()
  await relay.clientEnded
  assert.deepEqual(relay.fromClient.slice(-2), [APPLICATION_DATA, ALERT])
  assert.ok(!relay.fromClient.slice(0, -2).includes(APPLICATION_DATA))
})
