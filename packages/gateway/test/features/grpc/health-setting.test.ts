import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../../src/config/parse.ts'

function problems(upstream: object): string[] {
  const result = parseConfig({ upstreams: { shop: upstream }, routes: [{ upstream: 'shop' }] })
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path}: ${message}`)
}

const grpc = { grpc: { service: 'shop.Orders' } }

test('health checks by gRPC go with endpoints that speak HTTP/2, and with no others', () => {
  assert.deepEqual(problems({ endpoints: [{ url: 'h2c://127.0.0.1:1' }], health: grpc }), [])
  const https = { endpoints: [{ url: 'https://127.0.0.1:1' }], health: grpc }
  assert.deepEqual(problems({ ...https, protocols: ['h2'] }), [])
  assert.match(problems(https).join(), /health\.grpc: asks by gRPC, but no endpoint speaks HTTP\/2/)
  assert.match(
    problems({ endpoints: [{ url: 'http://127.0.0.1:1' }], health: grpc }).join(),
    /no endpoint speaks HTTP\/2/,
  )
})

test('what is of another kind of check is told, and so is what is no service', () => {
  const endpoints = [{ url: 'h2c://127.0.0.1:1' }]
  for (const other of [{ type: 'tcp' }, { path: '/healthz' }, { method: 'HEAD' }, { statuses: [204] }])
    assert.deepEqual(problems({ endpoints, health: { ...grpc, ...other } }), [
      `upstreams.shop.health.${Object.keys(other).join()}: "${Object.keys(other).join()}" is without effect beside "grpc"`,
    ])
  const defaults = { type: 'http', path: '/', method: 'GET', statuses: ['200-299'] }
  assert.deepEqual(problems({ endpoints, health: { ...grpc, ...defaults } }), [], 'as it is shown')
  assert.match(
    problems({ endpoints, health: { grpc: { service: '' } } }).join(),
    /is not the name of a service/,
  )
})
