import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextResponse } from './http-client.ts'
import { startService } from './origins.ts'
import { startGateway } from './start-gateway.ts'

test('pipelined requests of all kinds are answered in order, however long each takes', async (t) => {
  const service = await startService(t, (request, response) => {
    const answer = `${request.method} ${request.url} `
    let content = ''
    request.on('data', (chunk: Buffer) => (content += chunk.toString()))
    request.on('end', () => {
      // The first ones take longest.
      const turns = 40 - Number(request.url?.slice(1))
      let turn = 0
      const later = (): unknown => (++turn > turns ? response.end(answer + content) : setImmediate(later))
      later()
    })
  })
  const gateway = await startGateway(t, { routes: [{ upstream: service.url }] })
  const client = await gateway.connect()
  const kinds = [
    { head: 'GET', rest: '\r\n', content: '' },
    { head: 'POST', rest: 'content-length: 5\r\n\r\nbody!', content: 'body!' },
    {
      head: 'PUT',
      rest: 'transfer-encoding: chunked\r\n\r\n3\r\nchu\r\n3\r\nnks\r\n0\r\n\r\n',
      content: 'chunks',
    },
    { head: 'DELETE', rest: 'x-empty:\r\n\r\n', content: '' },
  ]
  const requests = Array.from({ length: 40 }, (_, index) => ({
    ...kinds[index % kinds.length],
    path: `/${index}`,
  }))
  client.send(
    requests.map(({ head, rest, path }) => `${head} ${path} HTTP/1.1\r\nhost: a\r\n${rest}`).join(''),
  )
  for (const { head, path, content } of requests) {
    const answer = await nextResponse(client)
    assert.deepEqual([answer.status, answer.content], [200, `${head} ${path} ${content}`])
  }
  assert.equal(client.text, '')
})

test('an error among pipelined requests is answered in its place', async (t) => {
  const service = await startService(t)
  const gateway = await startGateway(t, { routes: [{ match: { path: '/a' }, upstream: service.url }] })
  const client = await gateway.connect()
  client.send(['/a', '/none', '/a', '/..'].map((path) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`).join(''))
  const statuses = []
  for (let count = 0; count < 4; count++) statuses.push((await nextResponse(client)).status)
  assert.deepEqual(statuses, [200, 404, 200, 400])
  await client.end()
})

test('an HTTP/1.0 client is answered in a way that it understands', async (t) => {
  const service = await startService(t, (request, response) => {
    response.write(`${request.httpVersion} ${request.headers.host ?? 'no host'}, `)
    setImmediate(() => response.end('in chunks'))
  })
  const gateway = await startGateway(t, { routes: [{ upstream: service.url }] })
  const client = await gateway.connect()
  client.send('GET / HTTP/1.0\r\nhost: old.example\r\n\r\n')
  const text = await client.end()
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*\r\nconnection: close\r\n/)
  assert.doesNotMatch(text, /transfer-encoding|content-length/)
  assert.match(text, /\r\n\r\n1\.1 old\.example, in chunks$/)
})

test('an HTTP/1.0 client that asks for it keeps its connection where the length is known', async (t) => {
  const service = await startService(t)
  const gateway = await startGateway(t, { routes: [{ upstream: service.url }] })
  const client = await gateway.connect()
  for (let count = 0; count < 3; count++) {
    client.send('GET / HTTP/1.0\r\nhost: a\r\nconnection: keep-alive\r\n\r\n')
    const { content, headers } = await nextResponse(client)
    assert.deepEqual([content, headers['connection']], ['ok', 'keep-alive'])
  }
})

test('an HTTP/1.0 client without Host is served, by a route for every host', async (t) => {
  const service = await startService(t)
  const gateway = await startGateway(t, { routes: [{ upstream: service.url }] })
  const client = await gateway.connect()
  client.send('GET / HTTP/1.0\r\n\r\n')
  assert.match(await client.end(), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/)
})
