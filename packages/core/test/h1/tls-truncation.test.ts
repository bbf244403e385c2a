import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { ClientConnection } from '../../src/h1/client-connection.ts'
import { DEFAULT_CLIENT_OPTIONS } from '../../src/socket/connection-options.ts'
import { SocketReader } from '../../src/socket/socket-reader.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { makeCertificate } from '../certificates.ts'
import { exchangeTo, gather } from './harness.ts'

const clock = new VirtualClock()
const certificate = makeCertificate({ names: ['127.0.0.1'] })

/** A TLS origin that sends `bytes`, behind somebody in the middle who then ends the connection below TLS: no close_notify. */
async function truncated(
  t: TestContext,
  bytes: string,
): Promise<{ connection: ClientConnection; cut: () => void }> {
  const sockets: Socket[] = []
  const origin = createTlsServer({ ...certificate }, (socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.write(bytes, 'latin1'))
  })
  const middle = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect(port(origin), '127.0.0.1')
    sockets.push(near, far)
    near.on('error', () => {}).on('data', (chunk) => far.write(chunk))
    far.on('error', () => {}).on('data', (chunk) => near.write(chunk))
  })
  for (const server of [origin, middle]) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }
  const reader = new SocketReader()
  const options = { host: '127.0.0.1', port: port(middle), ca: certificate.cert, onread: reader.options }
  const socket = connectTls(options)
  await once(socket, 'secureConnect')
  t.after(() => {
    for (const each of [socket, ...sockets]) each.destroy()
    origin.close()
    middle.close()
  })
  const connection = new ClientConnection(socket, reader, { ...DEFAULT_CLIENT_OPTIONS, clock })
  return { connection, cut: () => sockets[0]?.end() }
}

function port(server: Server): number {
  return (server.address() as AddressInfo).port // it listens on TCP
}

for (const [name, bytes] of Object.entries({
  'a length': 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello',
  'chunks, between two': 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n',
  'chunks, within one': 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\na\r\nhello',
})) {
  test(`a response body over TLS that is framed by ${name}, and cut without close_notify, is broken`, async (t) => {
    const { connection, cut } = await truncated(t, bytes)
    const { body } = await connection.send(exchangeTo('GET', {}, clock))
    const read = gather(body)
    cut()
    const { done, error } = await read
    assert.deepEqual([done, error?.code], [false, 'upstream_closed'])
    assert.equal(connection.closed, true)
  })
}

test('a response head over TLS that is cut without close_notify fails the exchange', async (t) => {
  const { connection, cut } = await truncated(t, 'HTTP/1.1 200 OK\r\ncontent-le')
  const response = connection.send(exchangeTo('GET', {}, clock))
  cut()
  await assert.rejects(response, { code: 'upstream_closed' })
})
