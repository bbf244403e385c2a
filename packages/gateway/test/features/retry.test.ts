import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { test } from 'node:test'
import { ask } from '../survival/http-client.ts'
import { startScripted, startService } from '../survival/origins.ts'
import { startGateway } from '../survival/start-gateway.ts'
import { assertRefused } from './refused-route.ts'
import { statuses } from './statuses.ts'

const AT_ONCE = { base: 0, max: 0 } as const

test('a status that asks for it is tried again, where the route says so and the method allows it', async (t) => {
  const { url: upstream } = await startService(t, statuses(503, 503, 503, 503))
  const gateway = await startGateway(t, {
    routes: [{ upstream, retry: { attempts: 3, backoff: AT_ONCE, statuses: [503] } }],
  })
  const first = await ask(gateway.url)
  assert.deepEqual([first.status, first.content], [503, '3'])
  const post = await ask(gateway.url, { method: 'POST', content: 'a' })
  assert.deepEqual([post.status, post.content], [503, '4'])
  assert.equal((await ask(gateway.url)).status, 200)
})

test('with `retry: false` a stale connection is still replaced', async (t) => {
  let served = 0
  const origin = await startScripted(t, async (connection) => {
    for (;;) {
      await connection.receives('\r\n\r\n')
      connection.text = ''
      served++
      // The first connection ends at its second request, without an answer.
      if (served === 2) return connection.finish()
      connection.send('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
    }
  })
  const gateway = await startGateway(t, { routes: [{ upstream: origin.url, retry: false }] })
  assert.deepEqual([(await ask(gateway.url)).status, (await ask(gateway.url)).status], [200, 200])
  assert.deepEqual([served, origin.connections.length], [3, 2])
})

test('an attempt that takes too long is given up for another, within the time of the whole', async (t) => {
  let count = 0
  const { url: upstream } = await startService(t, (_, response) => {
    if (++count > 1) response.end('second')
  })
  const gateway = await startGateway(t, {
    routes: [{ upstream, timeouts: { attempt: '100ms' }, retry: { backoff: AT_ONCE } }],
  })
  const answer = await ask(gateway.url)
  assert.deepEqual([answer.status, answer.content, (await gateway.logged(1)).attempts], [200, 'second', 2])
})

test('mistakes in it are named', () => {
  assertRefused({ retry: { statuses: [404] } }, /says nothing of another try/)
})

test('a call of gRPC is tried again by its status, with what it has streamed so far', async (t) => {
  const contents: string[] = []
  const { url: upstream } = await startService(t, (request, response) => {
    let content = ''
    request.on('data', (chunk: Buffer) => (content += chunk.toString('latin1')))
    request.on('end', () => {
      contents.push(content)
      const status = contents.length < 3 ? 14 : 0
      response.writeHead(200, {
        'content-type': 'application/grpc',
        'grpc-status': status,
        'content-length': 0,
      })
      response.end()
    })
  })
  const gateway = await startGateway(t, {
    routes: [{ upstream, retry: { attempts: 3, backoff: AT_ONCE, grpcStatuses: ['UNAVAILABLE'] } }],
  })
  const request = http.request(`${gateway.url}/shop.Orders/Get`, {
    method: 'POST',
    headers: { 'content-type': 'application/grpc' },
  })
  request.write('\0\0\0\0\x01')
  setImmediate(() => request.end('a'))
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  response.resume()
  assert.equal(response.headers['grpc-status'], '0')
  assert.deepEqual(contents, Array(3).fill('\0\0\0\0\x01a'))
  assert.equal((await gateway.logged(1)).attempts, 3)
})
