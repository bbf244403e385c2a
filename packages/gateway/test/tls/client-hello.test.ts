import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { before, test } from 'node:test'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { VirtualClock } from '@headgate/core/testing'
import { makeCertificate } from '../../../core/test/certificates.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { fc } from '../../../../scripts/testing/property.ts'
import { readFirstBytes } from '../../src/listen/client-hello.ts'
import { startGateway } from '../survival/start-gateway.ts'

const NAME = 'shop.example'
let hello: Buffer

/** What node:tls sends first. */
async function recordHello(
  servername: string | undefined,
  protocols?: string[],
  session?: Buffer,
): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const client = connectTls({
    port: address.port,
    host: '127.0.0.1',
    ...(servername && { servername }),
    ...(protocols && { ALPNProtocols: protocols }),
    ...(session && { session }),
  })
  client.on('error', () => {})
  const [socket] = await once(server, 'connection')
  let bytes = Buffer.alloc(0)
  while (readFirstBytes(bytes).kind === 'unfinished') {
    const [piece] = await once(socket, 'data')
    bytes = Buffer.concat([bytes, piece])
  }
  client.destroy()
  socket.destroy()
  server.close()
  return bytes
}

before(async () => {
  hello = await recordHello(NAME)
})

/** The same message in records of that many bytes. */
function inRecords(bytes: Buffer, size: number): Buffer {
  const message = bytes.subarray(5)
  const records: Buffer[] = []
  for (let at = 0; at < message.length; at += size) {
    const fragment = message.subarray(at, at + size)
    records.push(Buffer.from([22, 3, 1, fragment.length >> 8, fragment.length & 255]), fragment)
  }
  return Buffer.concat(records)
}

test('who offers acme-tls/1 and nothing else looks for the answer to a challenge', async () => {
  const asked = await recordHello(NAME, ['acme-tls/1'])
  assert.deepEqual(readFirstBytes(asked), { kind: 'hello', serverName: NAME, isChallenge: true })
  for (const protocols of [['h2', 'acme-tls/1'], ['acme-tls/1', 'h2'], ['acme-tls/10'], ['h2']])
    assert.deepEqual(readFirstBytes(await recordHello(NAME, protocols)), { kind: 'hello', serverName: NAME })
})

test('the name is found as soon as the last byte is there, in however many records', async () => {
  for (const bytes of [hello, inRecords(hello, 101), inRecords(hello, 700)]) {
    assert.deepEqual(readFirstBytes(bytes), { kind: 'hello', serverName: NAME })
    for (let length = 0; length < bytes.length; length++)
      assert.equal(readFirstBytes(bytes.subarray(0, length)).kind, 'unfinished', String(length))
  }
  assert.equal(readFirstBytes(inRecords(hello, 1)).kind, 'other')
  // Early data comes with it (RFC 8446 2.3).
  const early = Buffer.concat([hello, Buffer.from('140303000101170303', 'hex')])
  assert.deepEqual(readFirstBytes(early), { kind: 'hello', serverName: NAME })
  assert.deepEqual(readFirstBytes(await recordHello(undefined)), { kind: 'hello', serverName: undefined })
})

test('the name of the key is found that a ticket was made with, of TLS 1.2 and of 1.3', async (t) => {
  const certificate = makeCertificate({ names: [NAME] })
  const ticketKeys = Buffer.alloc(48, 'abcdefghijklmnop')
  const server = createTlsServer({ ...certificate, ticketKeys }, (socket) => socket.end('hello'))
  server.listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const client = connectTls({
      port,
      host: '127.0.0.1',
      servername: NAME,
      rejectUnauthorized: false,
      maxVersion,
    })
    const [session] = (await once(client.resume(), 'session')) as [Buffer]
    client.destroy()
    const found = readFirstBytes(await recordHello(NAME, undefined, session))
    assert.deepEqual(found, { kind: 'hello', serverName: NAME, ticketKey: 'abcdefghijklmnop' })
  }
})

test('what is no ClientHello is known by its first bytes', () => {
  for (const text of [
    'GET / HTTP/1.1\r\n',
    'PRI * ',
    '\x15\x03\x01',
    '\x80\x2e\x01',
    '\x16\x02\x01\x00\x05',
    '\x16\x03\x01\x00\x00',
  ])
    assert.equal(readFirstBytes(Buffer.from(text, 'latin1')).kind, 'other', JSON.stringify(text))
  // A ServerHello, and a message that says it is larger than any.
  for (const start of ['160301000402000000', '160301000401ffffff'])
    assert.equal(readFirstBytes(Buffer.from(start, 'hex')).kind, 'other')
})

test('whatever is changed in a ClientHello, reading it ends with one of three answers', () => {
  const changes = fc.array(fc.tuple(fc.nat(hello.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(changes, (changed) => {
      const bytes = Buffer.from(hello)
      for (const [at, byte] of changed) bytes[at] = byte
      assert.ok(['unfinished', 'other', 'hello'].includes(readFirstBytes(bytes).kind))
    }),
  )
})

test('a handshake that trickles ends after handshakeTimeout, and one in pieces succeeds', async (t) => {
  const clock = new VirtualClock()
  const certificate = makeCertificate({ names: [NAME] })
  const tls = { ...certificate, handshakeTimeout: '5s' } as const
  const gateway = await startGateway(
    t,
    { listeners: [{ address: '127.0.0.1:0', tls }], routes: [{ respond: { body: 'hello' } }] },
    { clock },
  )
  // Before its ClientHello is whole, and after: with TLS 1.3 the server has answered then.
  for (const sent of [hello.subarray(0, 100), hello]) {
    const peer = connect(gateway.port, '127.0.0.1')
    let isClosed = false
    peer.on('error', () => {}).resume()
    peer.on('close', () => (isClosed = true))
    peer.write(sent)
    for (let second = 0; second < 4; second++) {
      await clock.advance(1_000)
      assert.equal(isClosed, false)
      peer.write(Buffer.from([20]))
    }
    await clock.advance(1_500)
    await eventually(() => isClosed, 'the gateway ends the handshake')
  }
  const client = connectTls({ port: gateway.port, host: '127.0.0.1', servername: NAME, ca: certificate.cert })
  await once(client, 'secureConnect')
  // The connection outlives what the handshake was given.
  await clock.advance(6_000)
  client.write('GET / HTTP/1.1\r\nhost: shop.example\r\n\r\n')
  const [answer] = await once(client, 'data')
  assert.match(String(answer), /^HTTP\/1\.1 200 /)
  client.destroy()
})
