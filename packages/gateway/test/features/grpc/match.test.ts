import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HttpRequest } from '@headgate/core'
import { fc } from '../../../../../scripts/testing/property.ts'
import type { RouteInput } from '../../../src/config/input/input.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import { conditionsOf, routeEntry } from '../../../src/features/match/conditions.ts'
import { routeWarnings } from '../../../src/features/match/warnings/route-warnings.ts'
import { calledMethod, nameTest } from '../../../src/features/grpc/conditions.ts'
import { Router } from '../../../src/routing/router/router.ts'
import { assertRefused } from '../refused-route.ts'

const upstream = 'http://127.0.0.1:9000'

function routesOf(...matches: NonNullable<RouteInput['match']>[]): ReturnType<typeof parsed> {
  return parsed(matches.map((match, index) => ({ name: `r${index}`, match, upstream })))
}

function parsed(routes: RouteInput[]) {
  const result = parseConfig({ routes })
  assert.ok(result.ok, JSON.stringify(result))
  return result.config.routes
}

/** The name of the route that takes a call, by what it says of itself. */
function taken(
  routes: ReturnType<typeof routesOf>,
  path: string,
  contentType: string | null = 'application/grpc',
  method = 'POST',
  more: Readonly<Record<string, string>> = {},
): string | undefined {
  const router = new Router(routes.map((route) => routeEntry(route, route.name)))
  const headers = { ...(contentType === null ? {} : { 'content-type': contentType }), ...more }
  const request = HttpRequest.to(`http://a.example${path}`, { method, headers })
  const subject = { request, clientAddress: '', clientScheme: 'http' as const }
  const found = router.find(request.authority.host, request.path, request.method, subject)
  return found.kind === 'found' ? found.route : undefined
}

test('a call is routed by service and method, and only calls of gRPC are', () => {
  const routes = routesOf(
    { grpc: { service: 'shop.Orders', method: 'Get*' } },
    { grpc: { service: 'shop.*' } },
  )
  assert.equal(taken(routes, '/shop.Orders/GetOrder'), 'r0')
  assert.equal(taken(routes, '/shop.Orders/GetOrder', 'application/grpc+json'), 'r0')
  assert.equal(taken(routes, '/shop.Orders/GetOrder', 'application/grpc-web-text'), 'r0')
  assert.equal(taken(routes, '/shop.Orders/Delete'), 'r1')
  assert.equal(taken(routes, '/shop.Carts/Get'), 'r1')
  assert.equal(taken(routes, '/bank.Orders/Get'), undefined)
  assert.equal(taken(routes, '/shop.Orders/GetOrder', 'application/json'), undefined)
  assert.equal(taken(routes, '/shop.Orders/GetOrder', null), undefined)
  assert.equal(taken(routes, '/shop.Orders/GetOrder', 'application/grpc', 'GET'), undefined)
})

test('an empty condition takes all calls, and several names each of them', () => {
  assert.equal(taken(routesOf({ grpc: {} }), '/whatever'), 'r0')
  const routes = routesOf({ grpc: { service: ['a.A', 'b.B'], method: ['X', 'Y'] } })
  assert.deepEqual(
    ['/a.A/X', '/b.B/Y', '/c.C/X', '/a.A/Z'].map((path) => taken(routes, path)),
    ['r0', 'r0', undefined, undefined],
  )
})

test('a name in full is more specific than a pattern, wherever it stands', () => {
  const routes = routesOf({ grpc: { service: 'shop.*' } }, { grpc: { service: 'shop.Orders' } })
  assert.equal(taken(routes, '/shop.Orders/Get'), 'r1')
})

test('the preflight of a browser for gRPC-Web takes the route of the call', () => {
  const routes = routesOf({ grpc: { service: 'shop.Orders' } })
  const asks = (headers: string, method = 'POST') => ({
    'access-control-request-method': method,
    'access-control-request-headers': headers,
  })
  const preflight = (more: Record<string, string>): string | undefined =>
    taken(routes, '/shop.Orders/Get', null, 'OPTIONS', more)
  assert.equal(preflight(asks('content-type, X-Grpc-Web')), 'r0')
  assert.equal(preflight(asks('content-type')), undefined)
  assert.equal(preflight(asks('x-grpc-web', 'PUT')), undefined)
  assert.equal(preflight({}), undefined)
})

test('inside of any and not it is asked as anywhere', () => {
  const routes = routesOf({ any: [{ grpc: { method: 'Get' } }, { path: '/plain' }] }, { not: { grpc: {} } })
  assert.equal(taken(routes, '/a.A/Get'), 'r0')
  assert.equal(taken(routes, '/plain', 'text/plain'), 'r0')
  assert.equal(taken(routes, '/a.A/Get', 'text/plain'), 'r1')
  assert.equal(taken(routes, '/a.A/Put'), undefined)
})

test('it is told in words', () => {
  const words = conditionsOf({ grpc: { service: ['shop.Orders', 'shop.Carts'], method: ['Get*'] } })
  assert.deepEqual(
    words.map(({ text }) => text),
    ['gRPC service is shop.Orders or shop.Carts', 'gRPC method is Get*'],
  )
})

test('routes for calls that no request makes both are no rivals', () => {
  const kinds = (...matches: Parameters<typeof routesOf>): string[] =>
    routeWarnings(routesOf(...matches)).map(({ kind }) => kind)
  assert.deepEqual(kinds({ grpc: { service: 'a.A' } }, { grpc: { service: ['b.B', 'c.C'] } }), [])
  assert.deepEqual(kinds({ grpc: { method: 'Get*' } }, { grpc: { method: 'Put' } }), [])
  assert.deepEqual(kinds({ grpc: { service: 'a.*' } }, { grpc: { service: '*.A' } }), ['ambiguous'])
})

test('what is no name of a service or method is refused', () => {
  assertRefused({ match: { grpc: { service: '/shop.Orders' } } }, /is not the name of a gRPC service/)
  assertRefused({ match: { grpc: { service: 'shop.Orders/Get' } } }, /is not the name of a gRPC service/)
  assertRefused({ match: { grpc: { method: 'Get.Order' } } }, /is not the name of a gRPC method/)
  assertRefused({ match: { grpc: { servcie: 'a' } } }, /"servcie" is not a known setting/)
})

for (const [path, expected] of [
  ['/shop.Orders/Get', { service: 'shop.Orders', method: 'Get' }],
  ['/A/b', { service: 'A', method: 'b' }],
  ['/', undefined],
  ['/shop.Orders', undefined],
  ['/shop.Orders/', undefined],
  ['//Get', undefined],
  ['/api/shop.Orders/Get', undefined],
] as const) {
  test(`the path ${path} calls ${expected === undefined ? 'nothing' : expected.method}`, () => {
    assert.deepEqual(calledMethod(path), expected)
  })
}

test('a pattern takes the names that the regular expression of it takes', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 6 })
  const name = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 })
  fc.assert(
    fc.property(text, name, (pattern, given) => {
      const regex = new RegExp(`^${pattern.replaceAll(/\*+/g, '.*')}$`)
      assert.equal(nameTest(pattern)(given), regex.test(given))
    }),
    { numRuns: 2000 },
  )
})
