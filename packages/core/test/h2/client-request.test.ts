import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { type BodySource, bodyFrom, StreamBody } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { clientRig, told } from './client-rig.ts'
import { data, reset, settings, windowUpdate } from './raw-client.ts'

const SOURCE: BodySource = { resumeBody() {}, cancelBody() {} }

/** The bytes that a connection has received, as hexadecimal digits. */
function hex(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex')
}

test('the preface refuses pushes, and the first request follows the server’s SETTINGS, byte by byte', async (t) => {
  const { call, accept, peer } = await clientRig(t)
  const one = call('/a?b=1', { headers: { accept: '*/*' } })
  const server = await accept()
  await server.until('HEADERS')
  const port = String(peer.port)
  const authority = `127.0.0.1:${port}`
  assert.equal(
    hex(server.connection.text),
    hex('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n') +
      '000018' +
      '0400' +
      '00000000' +
      '000200000000' +
      '000400040000' +
      '000600004000' +
      '000900000001' +
      '0000040800' +
      '00000000' +
      '000f0001' +
      '000000' +
      '0401' +
      '00000000' +
      // Method and scheme are indexed, the authority becomes an entry, the path does not.
      `0000${(2 + 2 + authority.length + 2 + 6 + 5).toString(16)}` +
      '0105' +
      '00000001' +
      '8286' +
      `41${authority.length.toString(16).padStart(2, '0')}${hex(authority)}` +
      `0406${hex('/a?b=1')}` +
      `5303${hex('*/*')}`,
  )
  server.send(server.response(1, [], { end: true }))
  assert.equal(await told(one), '200')
})

test('requests of one turn leave in one write', async (t) => {
  const { call, accept } = await clientRig(t)
  const first = call('/0')
  const server = await accept()
  await server.until('HEADERS')
  server.send(server.response(1, [], { end: true }))
  await told(first)
  let reads = 0
  server.connection.socket.on('data', () => reads++)
  const calls = Array.from({ length: 20 }, (_, index) => call(`/${index}`))
  await server.until('HEADERS+END 41')
  assert.equal(reads, 1)
  server.send(...calls.map((_, index) => server.response(3 + 2 * index, [], { end: true })))
  for (const each of calls) assert.equal(await told(each), '200')
})

test('what is secret is never indexed, and other fields are', async (t) => {
  const { call, accept } = await clientRig(t)
  const headers = {
    authorization: 'Bearer one',
    cookie: 'a=1',
    'proxy-authorization': 'Basic eDp5',
    'x-api-key': 'k1',
    'x-plain': 'p',
  }
  const calls = [call('/', { headers })]
  const server = await accept()
  await server.until('HEADERS')
  server.connection.forget()
  calls.push(call('/', { headers }))
  await server.until('HEADERS')
  const block = hex(server.connection.text).slice(18)
  for (const value of ['Bearer one', 'a=1', 'Basic eDp5', 'k1']) assert.ok(block.includes(hex(value)), value)
  // A literal that is never indexed, with the name's index (RFC 7541 6.2.3).
  assert.ok(block.includes(`1f080a${hex('Bearer one')}`))
  assert.ok(!block.includes(hex('x-plain')))
  server.send(server.response(1, [], { end: true }), server.response(3, [], { end: true }))
  await Promise.all(calls.map(told))
})

test('fields of an HTTP/1.1 connection do not pass, content-length tells the content', async (t) => {
  const { call, accept } = await clientRig(t)
  const headers = {
    connection: 'close, x-a',
    'keep-alive': 'timeout=5',
    'proxy-connection': 'keep-alive',
    'transfer-encoding': 'chunked',
    upgrade: 'websocket',
    te: 'gzip',
    host: 'elsewhere',
    'content-length': '99',
    'x-kept': 'yes',
  }
  const one = call('/', { method: 'POST', headers, body: bodyFrom('four') })
  const two = call('/', { method: 'POST' })
  const server = await accept()
  const [head, content] = (await server.until('DATA+END 1')).slice(-2)
  assert.match(head ?? '', /^HEADERS 1 :method=POST .* x-kept=yes content-length=4$/)
  assert.doesNotMatch(head ?? '', /close|keep-alive|chunked|websocket|gzip|elsewhere|=99/)
  assert.equal(content, 'DATA+END 1 four')
  assert.match((await server.until('HEADERS+END 3')).at(-1) ?? '', /content-length=0$/)
  server.send(server.response(1, [], { end: true }), server.response(3, [], { end: true }))
  await Promise.all([one, two].map(told))
})

test('content flows within the windows, and its source waits', async (t) => {
  const { call, accept } = await clientRig(t)
  let resumed = 0
  const body = new StreamBody(undefined, { ...SOURCE, resumeBody: () => resumed++ })
  const one = call('/', { method: 'PUT', body })
  const server = await accept(settings([4, 10]))
  await server.until('HEADERS 1')
  await eventually(() => resumed === 1, 'the body flows')
  assert.equal(body.push(Buffer.from('0123456789abcdefghij')), false)
  assert.equal((await server.until('DATA')).at(-1), 'DATA 1 0123456789')
  server.send(windowUpdate(1, 5))
  assert.equal((await server.until('DATA')).at(-1), 'DATA 1 abcde')
  server.send(windowUpdate(1, 100))
  assert.equal((await server.until('DATA')).at(-1), 'DATA 1 fghij')
  await eventually(() => resumed === 2, 'there is room again')
  body.end(HeaderList.of({ 'x-sum': '20' }))
  assert.equal((await server.until('HEADERS')).at(-1), 'HEADERS+END 1 x-sum=20')
  server.send(server.response(1, [], { end: true }))
  assert.equal(await told(one), '200')
})

test('content that expects 100 is held back until 100 comes', async (t) => {
  const { call, accept } = await clientRig(t)
  const one = call('/', { method: 'PUT', headers: { expect: '100-continue' }, body: bodyFrom('held') })
  const server = await accept()
  await server.until('HEADERS 1')
  server.send(server.response(1, [], { status: '100' }))
  assert.equal((await server.until('DATA')).at(-1), 'DATA 1 held')
  server.send(server.response(1, [], { end: true }))
  assert.equal(await told(one), '200')
})

test('content that expects 100 is sent after a while without it, and not at all behind a final response', async (t) => {
  const { call, accept, clock } = await clientRig(t)
  const put = { method: 'PUT', headers: { expect: '100-continue' }, body: bodyFrom('held') }
  const one = call('/', put)
  const two = call('/', put)
  const server = await accept()
  await server.until('HEADERS 3')
  server.send(server.response(3, [], { end: true, status: '417' }))
  assert.equal(await told(two), '417')
  assert.equal((await server.until('RST_STREAM')).at(-1), 'RST_STREAM 3 CANCEL')
  await clock.advance(1_000)
  assert.equal((await server.until('DATA 1')).at(-1), 'DATA 1 held')
  server.send(server.response(1, [], { end: true }))
  assert.equal(await told(one), '200')
})

test('a cancelled exchange resets its stream, and the connection goes on', async (t) => {
  const { call, accept, endpoint } = await clientRig(t)
  const one = call('/')
  const server = await accept()
  await server.until('HEADERS')
  one.exchange.cancel(new TrafficError('cancelled', 'changed my mind'))
  await assert.rejects(one.response, { code: 'cancelled' })
  assert.equal((await server.until('RST_STREAM')).at(-1), 'RST_STREAM 1 CANCEL')
  // What was on its way is ignored.
  server.send(server.response(1), data(1, 'late', 1))
  const two = call('/')
  await server.until('HEADERS+END 3')
  server.send(server.response(3, [], { end: true }))
  assert.equal(await told(two), '200')
  assert.equal(endpoint.stats().opened, 1)
})

test('content that breaks, is too long or too short resets the stream', async (t) => {
  const { call, accept } = await clientRig(t)
  const bodies = [1, 2, 3].map(() => new StreamBody(4, SOURCE))
  const calls = bodies.map((body) => call('/', { method: 'PUT', body }))
  const server = await accept()
  await server.until('HEADERS 5')
  bodies[0]?.fail(new TrafficError('downstream_closed', 'the client left'))
  bodies[1]?.push(Buffer.from('12345'))
  bodies[2]?.push(Buffer.from('123'))
  bodies[2]?.end()
  const codes = await Promise.all(
    calls.map(({ response }) => response.catch(({ code }: TrafficError) => code)),
  )
  assert.deepEqual(codes, ['downstream_closed', 'internal', 'internal'])
  await server.until('RST_STREAM 5 CANCEL')
})

test('a server that has answered whole may end the request, without harm', async (t) => {
  const { call, accept } = await clientRig(t)
  let reason = ''
  const body = new StreamBody(undefined, { resumeBody() {}, cancelBody: ({ message }) => (reason = message) })
  const one = call('/', { method: 'PUT', body })
  const server = await accept()
  await server.until('HEADERS 1')
  server.send(server.response(1), data(1, 'enough', 1), reset(1, 0))
  assert.equal(await told(one), '200 enough')
  assert.match(reason, /takes no more of the request body/)
})

test('a field that no message may have is never sent, and no number of a stream is lost by it', async (t) => {
  const { call, accept } = await clientRig(t)
  const bad = call('/')
  const good = call('/')
  bad.exchange.request.headers.put('x-bad', 'a\r\nb')
  const server = await accept()
  await assert.rejects(bad.response, { code: 'internal' })
  await server.until('HEADERS+END 3')
  server.send(server.response(3, [], { end: true }))
  assert.equal(await told(good), '200')
})
