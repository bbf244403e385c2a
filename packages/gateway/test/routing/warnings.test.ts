import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { HttpRequest } from '@headgate/core'
import type { RouteInput } from '../../src/config/input.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { routeEntry } from '../../src/routing/entry.ts'
import { routeWarnings } from '../../src/routing/route-warnings.ts'
import { Router } from '../../src/routing/router.ts'

const upstream = 'http://127.0.0.1:9000'

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
})

const route = fc.record({
  priority: fc.constantFrom(0, 0, 1),
  match: fc.record(
    {
      host: fc.constantFrom('a.example', '*.example'),
      path: fc.constantFrom('/a', '/:p', '/**', '/a/**', '/a/b'),
      methods: fc.constantFrom(['GET'], ['POST'], ['GET', 'POST']),
      headers: fc.constantFrom<Record<string, string>>(
        { x: '1' },
        { x: '2' },
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
        const found = router.find(host, path, method, { request, clientAddress: '' })
        if (found.kind === 'found') assert.ok(!unreachable.has(found.route), `${method} ${host}${path}`)
      }
    }),
    { numRuns: 500 },
  )
})
