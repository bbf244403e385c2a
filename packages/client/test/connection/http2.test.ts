import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createSecureServer, createServer, type Http2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { makeCertificate } from '../../../core/test/certificates.ts'
import { createClient } from '../../src/index.ts'
import { clientOf, originOf } from '../origin.ts'

interface Service {
  readonly url: string
  /** Connections that were opened. */
  connections: number
}

/** An origin of node:http2 that says which version it was asked in, and what it was sent. */
async function service(t: TestContext, tls: boolean): Promise<Service> {
  const { key, cert } = makeCertificate({ names: ['127.0.0.1'] })
  const server = tls ? createSecureServer({ key, cert, allowHTTP1: true }) : createServer()
  const told: Service = { url: '', connections: 0 }
  ;(server as Http2Server).on('connection', () => told.connections++)
  server.on('request', (request: AsyncIterable<Buffer> & { httpVersion: string }, response) => {
    void (async () => {
      let length = 0
      for await (const part of request) length += part.length
      response.end(JSON.stringify({ version: request.httpVersion, length }))
    })()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  return Object.assign(told, { url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}` })
}

test('many calls at once share one connection of HTTP/2, with content both ways', async (t) => {
  const told = await service(t, false)
  const client = clientOf(t, { http2: 'h2c' })
  const calls = Array.from({ length: 100 }, (_, index) =>
    client.post(told.url, { body: 'x'.repeat(index) }).json(),
  )
  assert.deepEqual(
    await Promise.all(calls),
    Array.from({ length: 100 }, (_, length) => ({ version: '2.0', length })),
  )
  assert.equal(told.connections, 1)
  const large = await client.put(told.url, { body: Buffer.alloc(4 * 1024 * 1024) }).json()
  assert.deepEqual(large, { version: '2.0', length: 4 * 1024 * 1024 })
})

for (const http2 of [true, 'alpn', 'h2c'] as const) {
  test(`http2: ${http2} has origins of https choose`, async (t) => {
    const told = await service(t, true)
    const client = clientOf(t, { http2, tls: { verify: false } })
    assert.deepEqual(await client.get(told.url).json(), { version: '2.0', length: 0 })
  })
}

test('origins of http are spoken to in HTTP/1.1 unless h2c says otherwise, and https ones unless HTTP/2 is allowed', async (t) => {
  const plain = await originOf(t, (request, response) => response.end(request.httpVersion))
  assert.equal(await clientOf(t, { http2: true }).get(plain).text(), '1.1')
  const told = await service(t, true)
  assert.deepEqual(
    await clientOf(t, { tls: { verify: false } })
      .get(told.url)
      .json(),
    {
      version: '1.1',
      length: 0,
    },
  )
})

test('an origin that speaks no HTTP/2 where it is expected is told so', async (t) => {
  const plain = await originOf(t, (_, response) => response.end('1.1'))
  const { error } = await clientOf(t, { http2: 'h2c', retry: false }).attempt(plain)
  assert.match(error?.message ?? '', /did not begin HTTP\/2/)
  assert.throws(() => createClient({ http2: 'h3' as never }), /option http2 is "h3"; allowed: true, false/)
})
