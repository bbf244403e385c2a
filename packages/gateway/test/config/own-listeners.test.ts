import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { ownEndpoints } from '../../src/config/own-listeners.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { configWarnings } from '../../src/config/warnings.ts'

function found(address: string, url: string): string[] {
  const result = parseConfig({ listeners: [{ address }], routes: [{ upstream: url }] })
  assert.ok(result.ok, JSON.stringify(result))
  return ownEndpoints(result.config).map(({ path }) => path.join('.'))
}

const outward = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address

for (const [address, url] of [
  ['127.0.0.1:8080', 'http://127.0.0.1:8080'],
  ['127.0.0.1:8080', 'http://localhost:8080'],
  ['127.0.0.1:8080', 'http://0.0.0.0:8080'],
  [':8080', 'http://127.0.0.1:8080'],
  ['0.0.0.0:8080', 'http://127.3.2.1:8080'],
  ['0.0.0.0:8080', 'http://localhost:8080'],
  [':8080', 'http://[::1]:8080'],
  ['[::1]:8080', 'http://[::1]:8080'],
  ['localhost:8080', 'http://127.0.0.1:8080'],
  [':80', 'http://127.0.0.1'],
  [':443', 'https://127.0.0.1'],
  ['unix:/run/gateway.sock', 'unix:/run/gateway.sock'],
  ...(outward === undefined ? [] : [[':8080', `http://${outward}:8080`] as const]),
] as const)
  test(`${url} is the own listener ${address}`, () =>
    assert.deepEqual(found(address, url), ['routes.0.upstream']))

for (const [address, url] of [
  ['127.0.0.1:8080', 'http://127.0.0.1:8081'],
  ['127.0.0.1:8080', 'http://127.0.0.2:8080'],
  [':8080', 'http://192.0.2.7:8080'],
  [':8080', 'http://orders.internal:8080'],
  ['127.0.0.1:0', 'http://127.0.0.1:80'],
  ['unix:/run/gateway.sock', 'unix:/run/orders.sock'],
] as const)
  test(`${url} is not the own listener ${address}`, () => assert.deepEqual(found(address, url), []))

test('check warns of an endpoint that is an own listener', () => {
  const input = {
    listeners: [{ address: ':8080' }],
    upstreams: { self: { endpoints: [{ url: 'http://192.0.2.7' }, { url: 'http://localhost:8080' }] } },
    routes: [{ upstream: 'self' }],
  }
  const result = parseConfig(input)
  assert.ok(result.ok)
  const [warning, ...others] = configWarnings(result.config, input, {})
  assert.deepEqual(others, [])
  assert.equal(warning?.path, 'upstreams.self.endpoints[1]')
  assert.match(warning?.message ?? '', /own listener \[::\]:8080: .*loop \(508\)/)
})
