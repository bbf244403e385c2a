import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { type TestContext, test } from 'node:test'
import { type Script, type ScriptedConnection, VirtualClock } from '@headgate/core/testing'
import { ask } from './http-client.ts'
import { startScripted } from './origins.ts'
import { type StartedGateway, startGateway } from './start-gateway.ts'

const LENGTH = 'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n'
const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'
const UNTIL_CLOSE = 'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n'

/** A gateway in front of an origin whose first connection dies as told, and whose others are well. */
async function behindDying(t: TestContext, die: Script): Promise<StartedGateway> {
  const origin = await startScripted(t, async (connection, index) => {
    await connection.receives('\r\n\r\n')
    if (index === 0) return die(connection, index)
    connection.send('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nwell')
  })
  return startGateway(t, { routes: [{ upstream: origin.url }] })
}

/** The first `start` of a response, and when that has reached the client, the end as told. */
function dies(start: string, end: (connection: ScriptedConnection) => void): Script {
  return (connection) => {
    connection.send(start)
    // Behind it, in order: neither a close nor a reset may overtake the bytes.
    connection.socket.write('', () => setImmediate(() => end(connection)))
  }
}

const finish = (connection: ScriptedConnection): void => connection.finish()

for (const [framing, start] of [
  ['a length', `${LENGTH}half`],
  ['chunks, between two', `${CHUNKED}4\r\nhalf\r\n`],
  ['chunks, within one', `${CHUNKED}8\r\nhalf`],
  ['chunks, before the end of the trailers', `${CHUNKED}4\r\nhalf\r\n0\r\nx-half: `],
] as const) {
  test(`an origin that closes amid a body with ${framing} leaves the client a broken body`, async (t) => {
    const gateway = await behindDying(t, dies(start, finish))
    const answer = await ask(gateway.url)
    assert.deepEqual([answer.status, answer.content, answer.complete], [200, 'half', false])
    assert.equal((await gateway.logged(1)).error, 'upstream_closed')
    assert.equal((await ask(gateway.url)).content, 'well', 'the gateway stays up')
  })
}

test('an origin that is reset amid any body leaves the client a broken body', async (t) => {
  for (const start of [`${LENGTH}half`, `${CHUNKED}4\r\nhalf\r\n`, `${UNTIL_CLOSE}half`]) {
    const connections: ScriptedConnection[] = []
    const gateway = await behindDying(t, (connection) => {
      connections.push(connection)
      connection.send(start)
    })
    const client = await gateway.connect()
    client.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    // A reset throws away what was not read: so it comes when the client has the beginning.
    await client.receives('half')
    connections[0]?.reset()
    const text = await client.end()
    assert.doesNotMatch(text, /\r\n0\r\n/)
    if (/content-length/.test(text)) assert.match(text, /\r\n\r\nhalf$/)
    else assert.match(text, /\r\ntransfer-encoding: chunked\r\n[^]*\r\n\r\n4\r\nhalf\r\n$/)
    assert.equal((await ask(gateway.url)).content, 'well', 'the gateway stays up')
  }
})

test('an HTTP/1.0 client, for which the end of the connection is the end of the body, gets a reset', async (t) => {
  const connections: ScriptedConnection[] = []
  const gateway = await behindDying(t, (connection) => {
    connections.push(connection)
    connection.send(`${CHUNKED}4\r\nhalf\r\n`)
  })
  const client = await gateway.connect()
  client.send('GET / HTTP/1.0\r\n\r\n')
  assert.doesNotMatch(await client.receives('half'), /content-length|chunked/)
  connections[0]?.finish()
  await client.gone()
  assert.ok(client.wasReset)
})

test('a body that ends with the connection is complete when that ends in order', async (t) => {
  const gateway = await behindDying(t, dies(`${UNTIL_CLOSE}whole`, finish))
  const answer = await ask(gateway.url)
  assert.deepEqual([answer.content, answer.complete], ['whole', true])
})

test('garbage amid a chunked body leaves the client a broken body', async (t) => {
  const connections: ScriptedConnection[] = []
  const gateway = await behindDying(t, (connection) => {
    connections.push(connection)
    connection.send(`${CHUNKED}4\r\nhalf\r\n`)
  })
  const client = await gateway.connect()
  client.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await client.receives('half')
  connections[0]?.send('zz\r\n0\r\n\r\n')
  assert.match(await client.end(), /\r\n\r\n4\r\nhalf\r\n$/)
  assert.equal((await gateway.logged(1)).error, 'malformed_response')
})

test('an origin that falls silent amid a body leaves the client a broken body when the idle time is over', async (t) => {
  const clock = new VirtualClock()
  const origin = await startScripted(t, async (connection) => {
    await connection.receives('\r\n\r\n')
    connection.send(`${LENGTH}half`)
  })
  const config = { routes: [{ upstream: origin.url }], timeouts: { bodyIdle: '7s' as const } }
  const gateway = await startGateway(t, config, { clock })
  const client = await gateway.connect()
  client.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await client.receives('half')
  await clock.advance(6_000)
  assert.ok(!client.ended)
  await clock.advance(2_000)
  assert.match(await client.end(), /\r\n\r\nhalf$/)
  await origin.connections[0]?.end()
  assert.equal((await gateway.logged(1)).error, 'upstream_too_slow')
})

test('an origin that dies while a client uploads is answered for with 502', async (t) => {
  const origin = await startScripted(t, async (connection) => {
    await connection.receives(100_000)
    connection.reset()
  })
  const gateway = await startGateway(t, { routes: [{ upstream: origin.url }] })
  const upload = request(gateway.url, { agent: false, method: 'POST' })
  const failed = once(upload, 'close')
  const answered = once(upload, 'response')
  upload.on('error', () => {}) // it may not get rid of all that it has to say
  upload.write(Buffer.alloc(1_000_000))
  const [response] = await answered
  assert.equal(response.statusCode, 502)
  response.resume()
  upload.destroy()
  await failed
})
