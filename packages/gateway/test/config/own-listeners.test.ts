import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { ownEndpoints } from '../../src/config/checks/addresses.ts'
import { parseConfig } from '../../src/config/parse.ts'

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

test('each place of a route is looked at where a URL may stand', () => {
  const self = 'http://127.0.0.1:8080'
  const result = parseConfig({
    listeners: [{ address: '127.0.0.1:8080' }],
    upstreams: { orders: { endpoints: [{ url: 'http://192.0.2.7' }] } },
    routes: [
      { match: { path: '/split' }, split: { upstreams: [{ upstream: 'orders' }, { upstream: self }] } },
      { match: { path: '/mirror' }, upstream: 'orders', mirror: { upstream: self } },
      { match: { path: '/fallback' }, upstream: 'orders', fallback: { upstream: self } },
      {
        match: { path: '/versions' },
        apiVersions: {
          header: 'x-version',
          versions: { v1: { upstream: 'orders' }, v2: { upstream: self } },
        },
      },
    ],
  })
  assert.ok(result.ok, JSON.stringify(result))
  assert.deepEqual(
    ownEndpoints(result.config).map(({ path, url }) => [path.join('.'), url]),
    [
      ['routes.0.split.upstreams.1.upstream', self],
      ['routes.1.mirror.upstream', self],
      ['routes.2.fallback.upstream', self],
      ['routes.3.apiVersions.versions.v2.upstream', self],
    ],
  )
})

test('check warns of an endpoint that is an own listener', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-own-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'headgate.json')
  const config = {
    listeners: [{ address: ':8080' }],
    upstreams: { self: { endpoints: [{ url: 'http://192.0.2.7' }, { url: 'http://localhost:8080' }] } },
    routes: [{ upstream: 'self' }],
  }
  writeFileSync(path, JSON.stringify(config))
  const loaded = await loadConfig(path)
  assert.ok(loaded.ok)
  const [warning, ...others] = loaded.warnings()
  assert.deepEqual(others, [])
  assert.equal(warning?.path, 'upstreams.self.endpoints[1]')
  assert.match(warning?.message ?? '', /own listener \[::\]:8080: .*loop \(508\)/)
})
