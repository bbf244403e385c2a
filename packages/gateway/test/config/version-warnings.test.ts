import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../src/config/parse.ts'
import { versionWarnings } from '../../src/config/version-warnings.ts'

/** What is warned of, each with its place. */
function warnings(written: object): string[] {
  const result = parseConfig(written)
  assert.ok(result.ok, JSON.stringify(result))
  return versionWarnings(result.config, written).map(
    ({ path, problem, hint }) => `${path.join('.')}: ${problem}; ${String(hint)}`,
  )
}

const CALLS = { match: { grpc: {} }, upstream: 'a' }

function ofUpstream(urls: readonly string[], more: object = {}, route: object = { upstream: 'a' }): string[] {
  return warnings({ upstreams: { a: { endpoints: urls.map((url) => ({ url })), ...more } }, routes: [route] })
}

const HOW = 'write h2c:// in the URLs of the endpoints, or https:// and protocols: [h2]'

test('a route of gRPC whose upstream speaks no HTTP/2 is warned of, wherever the route names it', () => {
  const warned = `routes.0.upstream: calls of gRPC take HTTP/2, and no endpoint of "a" speaks it; ${HOW}`
  assert.deepEqual(ofUpstream(['http://a.example', 'unix:/run/a'], {}, CALLS), [warned])
  assert.deepEqual(ofUpstream(['https://a.example'], {}, { upstream: 'a', grpc: {} }), [warned])
  const split = { match: { grpc: {} }, split: { upstreams: [{ upstream: 'http://b.example' }] } }
  assert.match(warnings({ routes: [split] }).join(), /^routes\.0\.split\.upstreams\.0\.upstream: /)
  const discovered = { endpoints: [{ dns: 'a.example:1' }] }
  assert.deepEqual(warnings({ upstreams: { a: discovered }, routes: [CALLS] }), [warned])
})

test('one whose upstream may speak HTTP/2 is not, nor is a route of anything else', () => {
  assert.deepEqual(ofUpstream(['http://a.example', 'h2c://b.example'], {}, CALLS), [])
  assert.deepEqual(ofUpstream(['h2c+unix:/run/a'], {}, CALLS), [])
  assert.deepEqual(ofUpstream(['https://a.example'], { protocols: ['http/1.1', 'h2'] }, CALLS), [])
  const discovered = { endpoints: [{ dns: 'a.example:1', scheme: 'h2c' }] }
  assert.deepEqual(warnings({ upstreams: { a: discovered }, routes: [CALLS] }), [])
  assert.deepEqual(ofUpstream(['http://a.example']), [])
  assert.deepEqual(warnings({ routes: [{ match: { grpc: {} }, respond: {} }] }), [])
})

test('settings of HTTP/2 beside endpoints that speak none are warned of where they are written', () => {
  const clear = 'for HTTP/2 without TLS, write h2c:// in place of http://'
  assert.deepEqual(ofUpstream(['http://a.example'], { protocols: ['h2'] }), [
    `upstreams.a.protocols: "protocols" is without effect: it is what https endpoints choose from, and there is none; ${clear}`,
  ])
  assert.deepEqual(ofUpstream(['https://a.example'], { http2: {} }), [
    `upstreams.a.http2: "http2" is without effect: no endpoint speaks HTTP/2; ${HOW}`,
  ])
  assert.deepEqual(ofUpstream(['http://a.example', 'https://b.example'], { protocols: ['h2'] }), [])
  assert.deepEqual(ofUpstream(['h2c://a.example'], { http2: {}, protocols: ['h2'] }), [])
})

test('HTTP/1.1 alone beside endpoints of h2c is warned of, where it is written', () => {
  assert.deepEqual(ofUpstream(['h2c://a.example'], { protocols: ['http/1.1'] }), [
    'upstreams.a.protocols: "protocols" does not hold for endpoints of h2c://, which speak HTTP/2 whatever stands here; for HTTP/1.1, write http:// in place of h2c://',
  ])
  assert.deepEqual(ofUpstream(['h2c://a.example']), [])
})

test('a match of gRPC without POST is warned of', () => {
  const route = (methods: readonly string[]) => ({ match: { grpc: {}, methods }, respond: {} })
  assert.deepEqual(warnings({ routes: [route(['GET'])] }), [
    'routes.0.match.methods: this route takes no call: those of gRPC are sent by POST; leave "methods" out',
  ])
  assert.deepEqual(warnings({ routes: [route(['POST', 'OPTIONS'])] }), [])
})
