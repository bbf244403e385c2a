import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ScriptedConnection, VirtualClock } from '@headgate/core/testing'
import { nextResponse } from '../survival/http-client.ts'
import { TAKEN } from './recording-origin.ts'
import { SharedUpstream } from './shared-upstream.ts'

const GET = 'GET /attack HTTP/1.1\r\nhost: a\r\n\r\n'
const EARLY = 'HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n'
const LONG = `HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nlong enough`

/** The final response, and how many 1xx came before it. */
async function final(client: ScriptedConnection): Promise<{ status: number; before: number }> {
  for (let before = 0; ; before++) {
    const { status } = await nextResponse(client)
    if (status >= 200) return { status, before }
  }
}

test('1xx responses without end are a 502 once they are as large as a head may be', async (t) => {
  const site = await SharedUpstream.start(t, { limits: { head: '1KiB' } })
  const { attacker, kept } = await site.attack(GET, EARLY.repeat(1000) + LONG)
  const { status, before } = await final(attacker)
  assert.equal(status, 502)
  assert.ok(before <= 1024 / EARLY.length, `${before} of them were passed on`)
  assert.equal(attacker.text, '')
  assert.equal(kept, false)
  assert.equal(site.gateway.log.find((line) => line.status === 502)?.error, 'response_head_too_large')
})

test('more 1xx responses than anybody has a use for are a 502, however small they are; ten a second are passed on', async (t) => {
  const clock = new VirtualClock()
  const site = await SharedUpstream.start(t, { timeouts: { responseHead: '1h' } }, { clock })
  for (const tiny of ['HTTP/1.1 103 \r\n\r\n', 'HTTP/1.1 100 \r\n\r\n', EARLY]) {
    const { attacker, kept } = await site.attack(GET, tiny.repeat(300) + LONG)
    const { status, before } = await final(attacker)
    assert.equal(status, 502)
    assert.ok(before <= 32, `${before} of them were passed on`)
    assert.equal(kept, false)
    assert.equal(site.gateway.log.findLast((line) => line.status === 502)?.error, 'response_head_too_large')
  }
  const { attacker, connection } = await asked(site)
  for (let tenth = 0; tenth < 100; tenth++) {
    await clock.advance(100)
    connection.send('HTTP/1.1 104 Upload Resumption Supported\r\n\r\n')
    assert.equal((await nextResponse(attacker)).status, 104)
  }
  connection.send(TAKEN)
  assert.equal((await final(attacker)).status, 200)
})

test('1xx responses that come one by one do not prolong the time for the final one', async (t) => {
  const clock = new VirtualClock()
  const site = await SharedUpstream.start(t, { timeouts: { responseHead: '3s' } }, { clock })
  const { attacker, connection } = await asked(site)
  for (let second = 0; second < 2; second++) {
    connection.send(EARLY)
    await attacker.receives(EARLY.repeat(second + 1).slice(0, -4))
    await clock.advance(1000)
  }
  await clock.advance(1100)
  assert.deepEqual(await final(attacker), { status: 504, before: 2 })
  await connection.end()
})

test('a response head that comes byte by byte has no more time than any other', async (t) => {
  const clock = new VirtualClock()
  const site = await SharedUpstream.start(t, { timeouts: { responseHead: '3s' } }, { clock })
  const { attacker, connection } = await asked(site)
  for (const byte of 'HTTP/1.1 200 OK\r\nx: without end'.slice(0, 29)) {
    connection.send(byte)
    await clock.advance(100)
  }
  assert.equal(attacker.text, '')
  await clock.advance(200)
  assert.deepEqual(await final(attacker), { status: 504, before: 0 })
  await connection.end()
})

test('a body behind a 1xx response is no final response', async (t) => {
  const site = await SharedUpstream.start(t)
  for (const fields of ['content-length: 5\r\n', '']) {
    const bytes = `HTTP/1.1 103 Early Hints\r\n${fields}\r\nhello${LONG}`
    const { attacker, kept } = await site.attack(GET, bytes)
    assert.equal((await final(attacker)).status, 502)
    assert.deepEqual([attacker.text, kept], ['', false])
  }
})

test('100 that nobody waits for reaches no client, and does not take the place of the final response', async (t) => {
  const site = await SharedUpstream.start(t)
  const { attacker } = await site.attack(GET, 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(3) + TAKEN)
  assert.deepEqual(await final(attacker), { status: 200, before: 0 })
})

test('a response that comes before its request, or between two, reaches nobody', async (t) => {
  const site = await SharedUpstream.start(t)
  const client = await site.gateway.connect()
  for (let round = 1; round <= 3; round++) {
    client.send('GET /victim HTTP/1.1\r\nhost: a\r\n\r\n')
    assert.equal((await nextResponse(client)).content, 'taken')
    const connection = site.origin.connections.at(-1)
    assert.equal(site.origin.connections.length, round)
    connection?.send('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison')
    await connection?.end()
  }
  assert.equal(client.text, '')
})

test('what a client sends comes back in no field and in no error, but for a request id that looks like one', async (t) => {
  const site = await SharedUpstream.start(t)
  for (const [bytes, status] of [
    ['GET /nowhere%3Cevil%3E?<evil> HTTP/1.1\r\nhost: a\r\naccept: text/html\r\n\r\n', 404],
    ['GET /nowhere?evil HTTP/1.1\r\nhost: evil\r\n\r\n', 404],
    ['GET /victim HTTP/1.1\r\nhost: a\r\nx-request-id: "evil"<b>\r\n\r\n', 200],
    [`GET /victim HTTP/1.1\r\nhost: a\r\nx-request-id: evil${'x'.repeat(1000)}\r\n\r\n`, 200],
    ['GET /victim HTTP/1.1\r\nhost: a\r\nx-request-id: evil\xa0\r\n\r\n', 200],
    ['GET /victim HTTP/1.1\r\nhost: a\r\n<evil>: x\r\n\r\n', 400],
    ['GET /victim HTTP/1.1\r\nhost: <evil>\r\n\r\n', 400],
    ['GET /victim HTTP/1.1\r\nhost: a\r\nexpect: evil\r\n\r\n', 417],
    ['GET <evil> HTTP/1.1\r\nhost: a\r\n\r\n', 400],
    ['<evil> / HTTP/1.1\r\nhost: a\r\n\r\n', 400],
    ['GET /victim evil\r\nhost: a\r\n\r\n', 400],
  ] as const) {
    const client = await site.gateway.connect()
    client.send(bytes)
    const response = await nextResponse(client)
    assert.equal(response.status, status, bytes)
    assert.doesNotMatch(JSON.stringify(response), /evil/i, bytes)
  }
})

test('a line break that a client escapes is never unescaped: neither for the origin nor in an answer', async (t) => {
  const site = await SharedUpstream.start(t)
  // As a redirect to where the client asked for.
  site.origin.answer = ({ target }) =>
    `HTTP/1.1 302 Found\r\nlocation: https://b.example${target}\r\ncontent-length: 0\r\n\r\n`
  const client = await site.gateway.connect()
  const query = '?a=%0d%0aset-cookie:%20stolen=1%0D%0A%0d%0a%00'
  client.send(`GET /attack${query} HTTP/1.1\r\nhost: a\r\n\r\n`)
  const { status, headers } = await nextResponse(client)
  assert.equal(status, 302)
  assert.equal(headers['location'], `https://b.example/attack${query}`)
  assert.equal(headers['set-cookie'], undefined)
  assert.equal(site.origin.requests[0]?.target, `/attack${query}`)
})

/** A client's request at the origin, which leaves the answer to the test. */
async function asked(
  site: SharedUpstream,
): Promise<{ attacker: ScriptedConnection; connection: ScriptedConnection }> {
  const arrived = Promise.withResolvers<ScriptedConnection>()
  site.origin.answer = (_, connection) => {
    arrived.resolve(connection)
    return undefined
  }
  const attacker = await site.gateway.connect()
  attacker.send(GET)
  return { attacker, connection: await arrived.promise }
}
