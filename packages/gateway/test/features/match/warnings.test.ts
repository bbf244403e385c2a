import assert from 'node:assert/strict'
import { it } from 'node:test'
import { HttpRequest } from '@headgate/core'
import type { RouteInput } from '../../../src/config/input/input.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import { routeEntry } from '../../../src/features/match/conditions.ts'
import { routeWarnings } from '../../../src/features/match/warnings/route-warnings.ts'
import { Router } from '../../../src/routing/router/router.ts'
import { fc } from '../../../../../scripts/testing/property.ts'

const upstream = 'http://127.0.0.1:9000'

type Match = NonNullable<RouteInput['match']>

function warnings(...routes: Omit<RouteInput, 'upstream'>[]): string[] {
  const result = parseConfig({ routes: routes.map((route) => ({ ...route, upstream })) })
  assert.ok(result.ok, JSON.stringify(result))
  return routeWarnings(result.config.routes).map(({ kind, route, other }) => `${route} ${kind} ${other}`)
}

it('a route behind one with a higher priority that takes all of it is never taken', () => {
  assert.deepEqual(
    warnings(
      { match: { path: '/a/b', methods: ['GET'] } },
      { match: { path: '/a/**' }, priority: 1 },
      { match: { path: '/b' } },
    ),
    ['0 unreachable 1'],
  )
  assert.deepEqual(warnings({ match: { path: '/a/**' } }, { match: { path: '/a/b' }, priority: 1 }), [])
  assert.deepEqual(
    warnings({ match: { host: 'www.a.example' } }, { match: { host: '*.a.example' }, priority: 1 }),
    ['0 unreachable 1'],
  )
})

it('routes for one scheme each are no rivals, and of two for the same one the first takes all', () => {
  const elsewhere = { headers: { 'x-a': '1' } }
  assert.deepEqual(
    warnings({ match: { scheme: 'http' } }, { match: { scheme: 'https' } }, { match: elsewhere }),
    ['2 ambiguous 0'],
  )
  assert.deepEqual(warnings({ match: { scheme: 'http' } }, { match: { scheme: 'https' } }), [])
  assert.deepEqual(
    warnings({ match: { scheme: 'http', ...elsewhere } }, { match: { scheme: 'http' }, priority: 1 }),
    ['0 unreachable 1'],
  )
  assert.deepEqual(
    warnings({ match: { scheme: 'https', ...elsewhere } }, { match: { scheme: 'http' }, priority: 1 }),
    [],
  )
})

it('a route is never taken whose requests are all taken by several others', () => {
  assert.deepEqual(
    warnings(
      { match: { path: ['/a', '/b'] } },
      { match: { path: '/a' }, priority: 1 },
      { match: { path: '/b' }, priority: 2 },
    ),
    ['0 unreachable 1'],
  )
  assert.deepEqual(
    warnings(
      { match: { path: '/a', methods: ['GET'] } },
      { match: { path: '/a', methods: ['POST', 'GET'] } },
    ),
    [],
  )
  assert.deepEqual(
    warnings(
      { match: { path: '/a', methods: ['GET'] } },
      { match: { path: '/:x' } },
      { match: { path: '/a', methods: ['GET'], headers: { a: '1' } } },
    ),
    [],
    'more conditions come first',
  )
})

it('a route with the same conditions in another form than one before it is never taken', () => {
  const headers = { 'X-A': '1' }
  assert.deepEqual(
    warnings({ match: { path: '/:a', headers } }, { match: { path: '/:b', headers: { 'x-a': ['1'] } } }),
    ['1 unreachable 0'],
  )
})

it('a route is never taken that asks for more of what a route before it asks for', () => {
  const taken = (one: Match, other: Match): string =>
    warnings({ match: one, priority: 1 }, { match: other }).join()
  const client = (...ranges: string[]) => ({ client: ranges })
  const subsets: [Match, Match][] = [
    [{ headers: { x: { exists: true } } }, { headers: { x: 'a' } }],
    [{ headers: { x: { exists: true } } }, { headers: { x: { regex: 'a+' } } }],
    [{ query: { x: ['a', 'b'] } }, { query: { x: 'b', y: 'c' } }],
    [{ cookies: { x: { regex: '[ab]' } } }, { cookies: { x: ['a', 'b'] } }],
    [client('10.0.0.0/8', '::/0'), client('10.1.0.0/16', '10.2.3.4', '2001:db8::/32')],
    [{ contentType: ['text/*'] }, { contentType: ['text/html', 'text/plain'] }],
    [{ accept: ['text/*', 'image/png'] }, { accept: ['image/png'] }],
  ]
  for (const [one, other] of subsets)
    assert.equal(taken(one, other), '1 unreachable 0', JSON.stringify([one, other]))
  const others: [Match, Match][] = [
    [{ headers: { x: 'a' } }, { headers: { x: ['a', 'b'] } }],
    [{ headers: { x: { exists: false } } }, { headers: { x: 'a' } }],
    [{ headers: { x: { exists: true } } }, { query: { x: 'a' } }],
    [client('10.1.0.0/16'), client('10.0.0.0/8')],
    [client('10.0.0.0/8'), client('10.1.0.0/16', '11.0.0.0/16')],
    [client('0.0.0.0/0'), client('::1')],
    [{ contentType: ['text/html'] }, { contentType: ['text/*'] }],
    [{ headers: { x: { regex: 'a' } } }, { headers: { x: ['a', 'b'] } }],
  ]
  for (const [one, other] of others) assert.equal(taken(one, other), '', JSON.stringify([one, other]))
})

it('two routes between which the order in the file decides are named, unless no request fits both', () => {
  const match = (headers: Record<string, string | { exists: boolean }>) => ({ match: { headers } })
  assert.deepEqual(warnings(match({ a: '1' }), match({ b: '1' })), ['1 ambiguous 0'])
  assert.deepEqual(warnings(match({ a: '1' }), match({ a: '2' })), [])
  assert.deepEqual(warnings(match({ a: '1' }), match({ a: { exists: false } })), [])
  assert.deepEqual(
    warnings(match({ a: '1' }), match({ b: '1', a: '1' })),
    [],
    'the second has more conditions',
  )
  assert.deepEqual(
    warnings({ match: { query: { v: '1' } } }, { match: { query: { v: '2' } } }),
    ['1 ambiguous 0'],
    'a query may hold both',
  )
  const from = (...client: string[]) => ({ match: { client } })
  assert.deepEqual(warnings(from('10.0.0.0/8'), from('192.168.0.0/16', '::1')), [])
  assert.deepEqual(warnings(from('10.1.0.0/16'), from('::1', '10.0.0.0/8')), ['1 ambiguous 0'])
})

const route = fc.record({
  priority: fc.constantFrom(0, 0, 1),
  match: fc.record(
    {
      host: fc.constantFrom('a.example', '*.example'),
      path: fc.constantFrom('/a', '/:p', '/**', '/a/**', '/a/b'),
      methods: fc.constantFrom(['GET'], ['POST'], ['GET', 'POST']),
      headers: fc.constantFrom<Record<string, string | string[] | { exists: boolean } | { regex: string }>>(
        { x: '1' },
        { x: '2' },
        { x: ['1', '2'] },
        { x: { exists: true } },
        { x: { exists: false } },
        { x: { regex: '[1-3]' } },
        { y: '1' },
        { x: '1', y: '1' },
      ),
    },
    { requiredKeys: [] },
  ),
})

it('what it calls unreachable is reached by no request', () => {
  const requests = ['a.example', 'b.example', 'other'].flatMap((host) =>
    ['/', '/a', '/b', '/a/b', '/a/c'].flatMap((path) =>
      ['GET', 'POST', 'PUT', 'HEAD'].flatMap((method) =>
        [{}, { x: '1' }, { x: '2' }, { y: '1' }, { x: '1', y: '1' }].map((headers) => {
          return { host, path, method, request: HttpRequest.to(`http://${host}${path}`, { method, headers }) }
        }),
      ),
    ),
  )
  fc.assert(
    fc.property(fc.array(route, { minLength: 2, maxLength: 6 }), (routes) => {
      const result = parseConfig({ routes: routes.map((each) => ({ ...each, upstream })) })
      if (!result.ok) return
      const unreachable = new Set(
        routeWarnings(result.config.routes).flatMap(({ kind, route: index }) =>
          kind === 'unreachable' ? [index] : [],
        ),
      )
      const router = new Router(result.config.routes.map((each, index) => routeEntry(each, index)))
      for (const { host, path, method, request } of requests) {
        const found = router.find(host, path, method, { request, clientAddress: '', clientScheme: 'http' })
        if (found.kind === 'found') assert.ok(!unreachable.has(found.route), `${method} ${host}${path}`)
      }
    }),
    { numRuns: 500 },
  )
})
