import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextResponse } from '../survival/http-client.ts'
import { AttackedGateway } from './attacked-gateway.ts'
import { valuesOf } from './recorded-request.ts'
import { TAKEN } from './recording-origin.ts'

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n'
const UPGRADE = 'GET /chat HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'

for (const [name, answer, status] of [
  ['with 200', TAKEN, 200],
  ['with 403', 'HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n', 403],
  ['with 426', 'HTTP/1.1 426 Upgrade Required\r\nupgrade: websocket\r\ncontent-length: 0\r\n\r\n', 426],
] as const) {
  test(`bytes behind an Upgrade that the origin refuses ${name} never reach it, nor are they a request`, async (t) => {
    const site = await AttackedGateway.start(t)
    site.origin.answer = ({ target }) => (target === '/chat' ? answer : TAKEN)
    await site.answers(UPGRADE + SMUGGLED, [status], ['/chat'])
  })
}

test('bytes behind an Upgrade are held back until the origin has switched, and then belong to the tunnel', async (t) => {
  const site = await AttackedGateway.start(t)
  let before = ''
  site.origin.answer = async (request, connection) => {
    // Time for what should not come.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    before = connection.text.slice(request.bytes.length)
    return SWITCHED
  }
  const client = await site.gateway.connect()
  client.send(UPGRADE + SMUGGLED)
  await client.receives('101 Switching')
  const [connection] = site.origin.connections
  await connection?.receives(SMUGGLED)
  assert.equal(before, '')
  assert.equal(site.origin.bytes.indexOf(SMUGGLED), site.origin.bytes.length - SMUGGLED.length)
})

test('the origin is told of an Upgrade in plain words', async (t) => {
  const site = await AttackedGateway.start(t)
  site.origin.answer = () => TAKEN
  const fields = { connection: ['upgrade'], upgrade: ['websocket'], 'x-forwarded-for': ['127.0.0.1'] }
  for (const [name, connection] of [
    ['Connection names what the gateway sets', 'upgrade, x-forwarded-for'],
    ['Connection names it in capitals', 'UPGRADE'],
    ['Connection names it among others', 'keep-alive, Upgrade'],
  ] as const) {
    await t.test(name, async () => {
      site.origin.forget()
      const client = await site.gateway.connect()
      client.send(UPGRADE.replace('connection: upgrade', `connection: ${connection}`))
      assert.equal((await nextResponse(client)).status, 200)
      for (const [field, values] of Object.entries(fields))
        assert.deepEqual(valuesOf(site.got, field), values)
    })
  }
})

const TO_TCP = 'HTTP/1.1 101 UPGRADED\r\nconnection: upgrade\r\nupgrade: tcp\r\n\r\n'
const EXEC = 'POST /exec HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: tcp\r\n'
const BODIES = [
  ['with a length', `${EXEC}content-length: 5\r\n\r\nhello`],
  ['in chunks', `${EXEC}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`],
] as const

for (const [name, bytes] of BODIES) {
  test(`an Upgrade beside a body ${name} reaches the origin with its body, and what is behind belongs to the tunnel alone`, async (t) => {
    const site = await AttackedGateway.start(t)
    site.origin.answer = () => TO_TCP
    const client = await site.gateway.connect()
    client.send(bytes + SMUGGLED)
    await client.receives('101 Switching')
    const [connection] = site.origin.connections
    await connection?.receives(SMUGGLED)
    assert.deepEqual(
      [site.got.method, site.got.target, site.got.body, valuesOf(site.got, 'upgrade')],
      ['POST', '/exec', 'hello', ['tcp']],
    )
    assert.equal(site.origin.bytes.indexOf(SMUGGLED), site.origin.bytes.length - SMUGGLED.length)
  })

  test(`what is behind an Upgrade beside a body ${name} that the origin refuses is dropped`, async (t) => {
    const site = await AttackedGateway.start(t)
    site.origin.answer = () => TAKEN
    await site.answers(bytes + SMUGGLED, [200], ['/exec'])
  })
}

test('what an origin sends behind a refusal of a switch reaches no client', async (t) => {
  const site = await AttackedGateway.start(t)
  const forged = 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged'
  site.origin.answer = ({ target }) =>
    target === '/exec' ? `HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n${forged}` : TAKEN
  const client = await site.gateway.connect()
  client.send(BODIES[0][1])
  assert.equal((await nextResponse(client)).status, 403)
  client.send('GET /next HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
  assert.notEqual((await nextResponse(client)).content, 'forged')
})

test('an Upgrade does not open the way for HTTP behind the back of the routes', async (t) => {
  const site = await AttackedGateway.start(t)
  site.origin.answer = () => TAKEN
  for (const protocols of [
    'h2c',
    'H2C',
    'h2',
    'HTTP/2.0',
    'http/1.1',
    'TLS/1.2',
    'h2c, HTTP/2.0',
    'h2c,h2c',
  ]) {
    site.origin.forget()
    const client = await site.gateway.connect()
    client.send(BODIES[0][1].replace('tcp', protocols))
    assert.equal((await nextResponse(client)).status, 200)
    assert.deepEqual(valuesOf(site.got, 'upgrade'), [], protocols)
    assert.deepEqual(valuesOf(site.got, 'connection'), [], protocols)
  }
})
