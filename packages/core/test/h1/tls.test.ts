import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { ClientConnection } from '../../src/h1/client-connection.ts'
import { DEFAULT_CLIENT_OPTIONS, DEFAULT_SERVER_OPTIONS } from '../../src/socket/connection-options.ts'
import { ServerConnection } from '../../src/h1/server-connection.ts'
import { SocketReader } from '../../src/socket/socket-reader.ts'
import { WholeBody } from '../../src/message/body.ts'
import type { Exchange } from '../../src/message/exchange.ts'
import type { Handler } from '../../src/message/handler.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { problemResponse } from '../../src/policies/problem.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { makeCertificate } from '../certificates.ts'
import { exchangeTo, FilledBody, gather, headers } from './harness.ts'

const clock = new VirtualClock()
const certificate = makeCertificate({ names: ['localhost', '127.0.0.1'] })

async function listen(t: TestContext, handler: Handler): Promise<{ port: number; exchanges: Exchange[] }> {
  const exchanges: Exchange[] = []
  const sockets: TLSSocket[] = []
  const server = createTlsServer({ ...certificate, allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.push(socket)
    const owner = {
      handler(exchange: Exchange) {
        exchanges.push(exchange)
        return handler(exchange)
      },
      refusal: problemResponse,
      closed() {},
    }
    new ServerConnection(socket, owner, { ...DEFAULT_SERVER_OPTIONS, clock })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return { port: (server.address() as AddressInfo).port, exchanges }
}

async function dial(t: TestContext, port: number): Promise<ClientConnection> {
  const reader = new SocketReader()
  // node:tls passes it on to node:net, but its types do not say so.
  const options = { host: '127.0.0.1', port, ca: certificate.cert, onread: reader.options }
  const socket = connectTls(options)
  await once(socket, 'secureConnect')
  t.after(() => socket.destroy())
  return new ClientConnection(socket, reader, { ...DEFAULT_CLIENT_OPTIONS, clock })
}

test('exchanges pass over TLS in both directions, small and large, one after the other', async (t) => {
  const { port, exchanges } = await listen(t, async ({ request }) => {
    const { text } = await gather(request.body)
    return new HttpResponse(200, headers(), WholeBody.fromLatin1(text))
  })
  const connection = await dial(t, port)
  for (const size of [0, 5, 16_384, 16_385, 100_000, 5_000_000]) {
    const content = Buffer.alloc(size, 'abcdefghijk\xff', 'latin1').toString('latin1')
    const exchange = exchangeTo('POST', { body: WholeBody.fromLatin1(content) }, clock)
    const { body } = await connection.send(exchange)
    assert.ok((await gather(body)).text === content, `${size} bytes come back`)
  }
  assert.equal(exchanges[0]?.request.scheme, 'https')
  assert.equal(exchanges[0]?.peer.encrypted, true)
  assert.equal(connection.persistence.exchanges, 6)
})

test('streams pass over TLS in chunks, both at a time', async (t) => {
  const { port } = await listen(t, ({ request }) =>
    Promise.resolve(new HttpResponse(200, headers(), request.body)),
  )
  const connection = await dial(t, port)
  const filled = new FilledBody()
  const { body } = await connection.send(exchangeTo('POST', { body: filled.body }, clock))
  const echoed = gather(body)
  let expected = ''
  for (let count = 0; count < 200; count++) {
    const part = String.fromCharCode(33 + (count % 90)).repeat(1 + count * 100)
    expected += part
    const { resumed } = filled
    if (!filled.push(part)) while (filled.resumed === resumed) await new Promise(setImmediate)
  }
  filled.body.end(headers(['x-sum', '1']))
  const { text, trailers } = await echoed
  assert.ok(text === expected, 'what comes back is what was sent')
  assert.equal(trailers?.get('x-sum'), '1')
})

test('pipelined requests behind which a TLS peer closes its side are all answered', async (t) => {
  const { port } = await listen(t, () => Promise.resolve(new HttpResponse(204)))
  const options = { host: '127.0.0.1', port, ca: certificate.cert, allowHalfOpen: true }
  const socket = connectTls(options)
  await once(socket, 'secureConnect')
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
  socket.end('GET / HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(10))
  await once(socket, 'end')
  assert.equal(text.match(/204 No Content/g)?.length, 10)
  socket.destroy()
})
