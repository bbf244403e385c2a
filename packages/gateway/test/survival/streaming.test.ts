import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import { test } from 'node:test'
import { nextResponse, readAll } from './http-client.ts'
import { startScripted, startService } from './origins.ts'
import { startGateway } from './start-gateway.ts'

test('a chunked upload arrives with its trailers, and a chunked response with its own', async (t) => {
  const seen: { chunks: string[]; trailers?: NodeJS.Dict<string> } = { chunks: [] }
  const service = await startService(t, (incoming, response) => {
    incoming.on('data', (chunk: Buffer) => seen.chunks.push(chunk.toString()))
    incoming.on('end', () => {
      seen.trailers = incoming.trailers
      response.writeHead(200, { trailer: 'x-digest' })
      response.write('got ')
      response.addTrailers({ 'x-digest': 'response' })
      response.end('it')
    })
  })
  const gateway = await startGateway(t, { routes: [{ upstream: service.url }] })
  const sent = request(`${gateway.url}/upload`, {
    agent: false,
    method: 'POST',
    headers: { trailer: 'x-checksum, x-count' },
  })
  sent.write('one,')
  sent.write('two')
  sent.addTrailers({ 'x-checksum': 'abc', 'x-count': '2' })
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const answer = await readAll(response)
  assert.equal(seen.chunks.join(''), 'one,two')
  assert.deepEqual({ ...seen.trailers }, { 'x-checksum': 'abc', 'x-count': '2' })
  assert.deepEqual([answer.content, answer.complete], ['got it', true])
  assert.deepEqual({ ...answer.trailers }, { 'x-digest': 'response' })
})

test('server-sent events arrive one by one: each is there before the next is sent', async (t) => {
  const streams: ServerResponse[] = []
  const service = await startService(t, (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
    streams.push(response)
  })
  const gateway = await startGateway(t, { routes: [{ upstream: service.url }] })
  const sent = request(`${gateway.url}/events`, { agent: false }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  assert.equal(response.headers['content-type'], 'text/event-stream')
  for (let event = 1; event <= 20; event++) {
    const arrived = once(response, 'data')
    streams[0]?.write(`data: ${event}\n\n`)
    assert.equal(String((await arrived)[0]), `data: ${event}\n\n`)
  }
  streams[0]?.end()
  response.resume()
  await once(response, 'end')
  assert.ok(response.complete)
})

test('upload and response flow at the same time: each part is answered before the next is sent', async (t) => {
  const service = await startService(t, (incoming, response) => {
    incoming.on('data', (chunk: Buffer) => response.write(`<${chunk.toString()}>`))
    incoming.on('end', () => response.end())
  })
  const gateway = await startGateway(t, { routes: [{ upstream: service.url }] })
  const sent = request(gateway.url, { agent: false, method: 'POST' })
  sent.write('0')
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  assert.equal(String((await once(response, 'data'))[0]), '<0>')
  for (let part = 1; part < 10; part++) {
    sent.write(String(part))
    assert.equal(String((await once(response, 'data'))[0]), `<${part}>`)
  }
  sent.end()
  await once(response, 'end')
  assert.ok(response.complete)
})

test('a client that expects 100 gets it when the origin wants the body, and early hints before the answer', async (t) => {
  const origin = await startScripted(t)
  const gateway = await startGateway(t, { routes: [{ upstream: origin.url }] })
  const client = await gateway.connect()
  client.send('PUT /a HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n')
  const connection = await origin.accept()
  await connection.receives('\r\n\r\n')
  assert.equal(client.text, '')
  connection.send('HTTP/1.1 100 Continue\r\n\r\n')
  await client.receives('HTTP/1.1 100 Continue\r\n\r\n')
  client.forget()
  client.send('body')
  await connection.receives('\r\n\r\nbody')
  connection.send('HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n')
  assert.match(await client.receives('\r\n\r\n'), /^HTTP\/1\.1 103 Early Hints\r\nlink: <\/a\.css>\r\n/)
  client.forget()
  connection.send('HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n')
  assert.equal((await nextResponse(client)).status, 201)
})
