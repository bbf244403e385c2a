import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask } from '../survival/http-client.ts'
import { startService } from '../survival/origins.ts'
import { startGateway } from '../survival/start-gateway.ts'

test('a client may give a request less time, and upstreams are told what is left of it for each try', async (t) => {
  const told: (string | undefined)[] = []
  const { url: upstream } = await startService(t, (request, response) => {
    told.push(String(request.headers['x-request-timeout'] ?? request.headers['grpc-timeout']))
    if (request.url !== '/never') response.end()
  })
  const gateway = await startGateway(t, {
    routes: [{ upstream, timeout: '10s', timeouts: { attempt: '2s' } }],
  })
  const late = await ask(`${gateway.url}/never`, { headers: { 'x-request-timeout': '0.2' } })
  assert.equal(late.status, 504)
  await ask(gateway.url, { headers: { 'x-request-timeout': '60' } })
  await ask(gateway.url, { headers: { 'grpc-timeout': '1S' } })
  await ask(gateway.url)
  const [first, second, third, fourth] = told
  assert.ok(Number(first) > 0 && Number(first) <= 0.2, first)
  assert.equal(second, '2')
  assert.match(third ?? '', /^(9\d\d|1000)m$/)
  assert.equal(fourth, 'undefined')
})

test('with `deadlines: false` what a client says of its time passes as it is', async (t) => {
  const { url: upstream } = await startService(t, (request, response) => {
    setTimeout(() => response.end(request.headers['x-request-timeout']), 50)
  })
  const gateway = await startGateway(t, { deadlines: false, routes: [{ upstream }] })
  const answer = await ask(gateway.url, { headers: { 'x-request-timeout': '0.01' } })
  assert.deepEqual([answer.status, answer.content], [200, '0.01'])
})
