import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '@headgate/core/testing'
import { ask, nextResponse } from './http-client.ts'
import { nobody, startScripted } from './origins.ts'
import { startGateway } from './start-gateway.ts'

const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'

test('an origin that refuses connections is answered for with 502, which names no address', async (t) => {
  const url = await nobody()
  const gateway = await startGateway(t, { routes: [{ upstream: url }] })
  const { status, content } = await ask(gateway.url)
  assert.equal(status, 502)
  assert.doesNotMatch(content, /127\.0\.0\.1|ECONN/)
  const line = await gateway.logged(1)
  assert.deepEqual([line.error, line.attempts], ['connect_failed', 3])
})

test('an origin that does not answer is answered for with 504 when its time is up, and its connection closed', async (t) => {
  const clock = new VirtualClock()
  const origin = await startScripted(t)
  const config = {
    timeouts: { responseHead: '3s' as const },
    routes: [{ upstream: origin.url, retry: false as const }],
  }
  const gateway = await startGateway(t, config, { clock })
  const client = await gateway.connect()
  client.send(GET)
  const connection = await origin.accept()
  await connection.receives('\r\n\r\n')
  await clock.advance(2_900)
  assert.equal(client.text, '')
  await clock.advance(200)
  assert.equal((await nextResponse(client)).status, 504)
  await connection.end()
  assert.equal(gateway.log[0]?.error, 'upstream_timeout')
})

test('an origin that does not answer is answered for with 504 when the time of the whole exchange is up', async (t) => {
  const clock = new VirtualClock()
  const origins = [await startScripted(t), await startScripted(t)]
  const config = {
    upstreams: { pair: { endpoints: origins.map(({ url }) => ({ url })) } },
    routes: [{ upstream: 'pair', timeout: '2s' as const }],
    timeouts: { responseHead: '1500ms' as const },
  }
  const gateway = await startGateway(t, config, { clock })
  const client = await gateway.connect()
  const tries = origins.map((origin) => origin.accept())
  client.send(GET)
  await (await Promise.race(tries)).receives('\r\n\r\n')
  await clock.advance(1_600)
  // The second try, at the other endpoint, has only the rest of the time.
  await Promise.all(tries.map(async (connection) => (await connection).receives('\r\n\r\n')))
  await clock.advance(500)
  assert.equal((await nextResponse(client)).status, 504)
  const line = await gateway.logged(1)
  assert.deepEqual([line.error, line.attempts], ['deadline_exceeded', 2])
})

for (const [what, bytes] of Object.entries({
  'no HTTP at all': 'hello, who is there?\r\n\r\n',
  'a binary protocol': '\x15\x03\x01\x00\x02\x02\x46\r\n\r\n',
  'a status that is none of HTTP': 'HTTP/1.1 600 OK\r\ncontent-length: 0\r\n\r\n',
  'a status of three nines': 'HTTP/1.1 999 Denied\r\ncontent-length: 0\r\n\r\n',
  'another version of HTTP': 'HTTP/2.0 200 OK\r\n\r\n',
  'a status without a meaning': 'HTTP/1.1 099 Eh\r\ncontent-length: 0\r\n\r\n',
  'bare line feeds': 'HTTP/1.1 200 OK\ncontent-length: 0\n\n',
  'two lengths': 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc',
  'a length and chunks':
    'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  'a field name with a blank': 'HTTP/1.1 200 OK\r\nset cookie: a\r\ncontent-length: 0\r\n\r\n',
  'a head without end': `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(20_000)}`,
  'a switch that nobody asked for':
    'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
  'half a head': 'HTTP/1.1 200 OK\r\ncontent-le',
  nothing: '',
})) {
  test(`an origin that answers with ${what} is answered for with 502, and its connection closed`, async (t) => {
    const origin = await startScripted(t, async (connection, index) => {
      await connection.receives('\r\n\r\n')
      if (index > 0) connection.send('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nwell')
      else if (bytes !== '') connection.send(bytes)
      if (index === 0 && bytes.length < 30) connection.finish()
      await connection.end()
    })
    const gateway = await startGateway(t, { routes: [{ upstream: origin.url }] })
    // A POST is not tried again, since it might be done twice.
    const answer = await ask(gateway.url, { method: 'POST', content: 'x' })
    assert.equal(answer.status, 502)
    assert.doesNotMatch(answer.content, /hello|127\.0/)
    await origin.connections[0]?.end()
    assert.equal((await ask(gateway.url)).content, 'well', 'the gateway stays up')
  })
}

test('of two answers to one request the first is delivered, the second reaches nobody', async (t) => {
  const answer = (content: string): string =>
    `HTTP/1.1 200 OK\r\ncontent-length: ${content.length}\r\n\r\n${content}`
  const origin = await startScripted(t, async (connection, index) => {
    await connection.receives('\r\n\r\n')
    connection.send(index === 0 ? answer('first') + answer('second') : answer('third'))
  })
  const gateway = await startGateway(t, { routes: [{ upstream: origin.url }] })
  const client = await gateway.connect()
  client.send(GET + GET)
  assert.equal((await nextResponse(client)).content, 'first')
  assert.equal((await nextResponse(client)).content, 'third')
  assert.equal(client.text, '')
  await origin.connections[0]?.end()
})

test('more bytes than the length announced reach nobody', async (t) => {
  const origin = await startScripted(t, async (connection, index) => {
    await connection.receives('\r\n\r\n')
    connection.send(`HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n${index}!HTTP/1.1 200 OK\r\n\r\n`)
  })
  const gateway = await startGateway(t, { routes: [{ upstream: origin.url }] })
  const client = await gateway.connect()
  client.send(GET + GET)
  assert.equal((await nextResponse(client)).content, '0!')
  assert.equal((await nextResponse(client)).content, '1!')
  assert.equal(client.text, '')
})

test('bytes on an idle connection destroy it, and nobody sees them', async (t) => {
  const origin = await startScripted(t)
  const gateway = await startGateway(t, { routes: [{ upstream: origin.url }] })
  const client = await gateway.connect()
  client.send(GET)
  const first = await origin.accept()
  await first.receives('\r\n\r\n')
  first.send('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfirst')
  assert.equal((await nextResponse(client)).content, 'first')
  // The exchange is over: what comes now belongs to nobody.
  first.send('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison')
  await first.end()
  client.send(GET)
  const second = await origin.accept()
  await second.receives('\r\n\r\n')
  second.send('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecond')
  assert.equal((await nextResponse(client)).content, 'second')
  assert.equal(client.text, '')
})
