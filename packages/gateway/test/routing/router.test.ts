import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type RouteEntry, Router } from '../../src/routing/router/router.ts'
import { slowFind } from './oracle.ts'
import { fc } from '../../../../scripts/testing/property.ts'

function route(
  name: string,
  match: { hosts?: string[]; paths?: string[]; methods?: string[] } = {},
): RouteEntry<string> {
  return {
    name,
    hosts: match.hosts ?? [],
    paths: match.paths ?? [],
    methods: match.methods ?? [],
    value: name,
  }
}

function taken(
  routes: readonly RouteEntry<string>[],
  path: string,
  host = 'any.example',
  method = 'GET',
): string {
  const match = new Router(routes).find(host, path, method)
  return match.kind === 'found' ? match.route : match.kind
}

describe('path patterns', () => {
  it('an exact path matches itself only', () => {
    const routes = [route('exact', { paths: ['/a/b'] })]
    assert.equal(taken(routes, '/a/b'), 'exact')
    for (const path of ['/', '/a', '/a/', '/a/b/', '/a/b/c', '/a/B', '/a/bb'])
      assert.equal(taken(routes, path), 'not_found')
  })

  it('a prefix matches its root, with and without a slash, and all below, but no longer word', () => {
    const routes = [route('prefix', { paths: ['/a/**'] })]
    for (const path of ['/a', '/a/', '/a/x', '/a/x/y/']) assert.equal(taken(routes, path), 'prefix')
    for (const path of ['/', '/ab', '/b/a']) assert.equal(taken(routes, path), 'not_found')
  })

  it('no path at all means every path', () => {
    for (const path of ['/', '/a', '/a/b/']) assert.equal(taken([route('all')], path), 'all')
  })

  it('a parameter takes exactly one segment that is not empty', () => {
    const router = new Router([route('posts', { paths: ['/users/:id/posts'] })])
    const match = router.find('h', '/users/7%20a/posts', 'GET')
    assert.deepEqual(match, { kind: 'found', route: 'posts', params: { id: '7%20a' } })
    for (const path of ['/users//posts', '/users/posts', '/users/1/2/posts', '/users/1/posts/']) {
      assert.equal(router.find('h', path, 'GET').kind, 'not_found')
    }
  })

  it('the "*" of OPTIONS has no route', () => {
    assert.equal(taken([route('all')], '*'), 'not_found')
  })
})

describe('precedence', () => {
  it('text wins over a parameter, a parameter over a prefix, a longer prefix over a shorter', () => {
    const routes = [
      route('all', { paths: ['/**'] }),
      route('prefix', { paths: ['/users/**'] }),
      route('parameter', { paths: ['/users/:id'] }),
      route('exact', { paths: ['/users/me'] }),
      route('below', { paths: ['/users/me/**'] }),
    ]
    assert.equal(taken(routes, '/users/me'), 'exact')
    assert.equal(taken(routes, '/users/me/x'), 'below')
    assert.equal(taken(routes, '/users/you'), 'parameter')
    assert.equal(taken(routes, '/users/you/x'), 'prefix')
    assert.equal(taken(routes, '/users'), 'prefix')
    assert.equal(taken(routes, '/user'), 'all')
  })

  it('text that leads nowhere falls back to the parameter beside it, then to the nearest prefix', () => {
    const routes = [
      route('static', { paths: ['/a/b/c'] }),
      route('parameter', { paths: ['/a/:x/d'] }),
      route('prefix', { paths: ['/a/**'] }),
    ]
    assert.equal(taken(routes, '/a/b/c'), 'static')
    assert.equal(taken(routes, '/a/b/d'), 'parameter')
    assert.equal(taken(routes, '/a/b/e'), 'prefix')
  })

  it('an exact host wins over a longer suffix, that over a shorter, that over any host', () => {
    const routes = [
      route('any'),
      route('short', { hosts: ['*.example'] }),
      route('long', { hosts: ['*.shop.example'] }),
      route('exact', { hosts: ['www.shop.example'] }),
    ]
    assert.equal(taken(routes, '/', 'www.shop.example'), 'exact')
    assert.equal(taken(routes, '/', 'a.b.shop.example'), 'long')
    assert.equal(taken(routes, '/', 'shop.example'), 'short')
    assert.equal(taken(routes, '/', 'example'), 'any')
    assert.equal(taken(routes, '/', 'workshop.example'), 'short')
  })

  it('a host without a path that matches falls back to the next less specific one', () => {
    const routes = [
      route('any', { paths: ['/any'] }),
      route('suffix', { hosts: ['*.example'], paths: ['/suffix'] }),
      route('exact', { hosts: ['a.example'], paths: ['/exact'] }),
    ]
    for (const name of ['exact', 'suffix', 'any']) assert.equal(taken(routes, `/${name}`, 'a.example'), name)
    assert.equal(taken(routes, '/none', 'a.example'), 'not_found')
  })

  it('of two routes with the same pattern the one with the method wins, then the one declared first', () => {
    const routes = [
      route('first', { paths: ['/a/:x'] }),
      route('second', { paths: ['/a/:y'] }),
      route('post', { paths: ['/a/:z'], methods: ['POST'] }),
    ]
    assert.equal(taken(routes, '/a/1', 'h', 'GET'), 'first')
    assert.equal(taken(routes, '/a/1', 'h', 'POST'), 'post')
  })
})

describe('methods', () => {
  const routes = [
    route('read', { paths: ['/a/**'], methods: ['GET'] }),
    route('write', { paths: ['/a/b'], methods: ['PUT', 'DELETE'] }),
  ]

  it('a method that no route allows is told apart from a path without a route', () => {
    const router = new Router(routes)
    assert.deepEqual(router.find('h', '/a/b', 'POST'), {
      kind: 'method_not_allowed',
      allow: ['DELETE', 'GET', 'HEAD', 'PUT'],
    })
    assert.deepEqual(router.find('h', '/b', 'POST'), { kind: 'not_found' })
  })

  it('a method that the more specific route refuses may be allowed by the less specific one', () => {
    assert.equal(taken(routes, '/a/b', 'h', 'GET'), 'read')
    assert.equal(taken(routes, '/a/b', 'h', 'PUT'), 'write')
  })

  it('HEAD goes where GET goes, unless a route of the same pattern names it', () => {
    assert.equal(taken(routes, '/a/x', 'h', 'HEAD'), 'read')
    const named = [...routes, route('head', { paths: ['/a/**'], methods: ['HEAD'] })]
    assert.equal(taken(named, '/a/x', 'h', 'HEAD'), 'head')
  })
})

it('the same answer is given again and again where the path has no parameters', () => {
  const router = new Router([route('a', { paths: ['/a/**'] })])
  assert.equal(router.find('h', '/a/1', 'GET'), router.find('h', '/a/2', 'GET'))
})

it('a pattern that is none is refused by name', () => {
  for (const [path, reason] of [
    ['a', /"a" is not a path pattern: it does not start/],
    ['/a/**/b', /only in a final/],
    ['/a*', /only in a final/],
    ['/:a/:a', /":a" twice/],
    ['/:', /cannot name a parameter/],
    ['/:__proto__', /cannot name a parameter/],
  ] as const) {
    assert.throws(() => new Router([route('r', { paths: [path] })]), { name: 'TypeError', message: reason })
  }
  for (const host of ['', '*.', 'a.*.b', '*a.example', 'A.example', 'a.example:80', '[::1]:80', 'a/b']) {
    assert.throws(() => new Router([route('r', { hosts: [host] })]), TypeError, host)
  }
  assert.equal(taken([route('v6', { hosts: ['[2001:db8::1]'] })], '/', '[2001:db8::1]'), 'v6')
})

/** Few words, so that patterns overlap and searches must turn back. */
const word = fc.constantFrom('a', 'b', 'ab', 'x.html')
const segment = fc.oneof(word, fc.constantFrom(':p', ':q', ':r'))
const pathPattern = fc
  .tuple(
    fc.uniqueArray(segment, { selector: (each) => (each.startsWith(':') ? each : Symbol()), maxLength: 4 }),
    fc.constantFrom('', '/', '/**'),
  )
  .map(([segments, end]) => segments.map((each) => `/${each}`).join('') + end || '/')
const host = fc.constantFrom('a.b.example', 'b.example', 'example', 'a.example', 'other')
const hostPattern = fc.oneof(host, fc.constantFrom('*.example', '*.b.example', '*.a.b.example'))
const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT')
const routes = fc
  .array(
    fc.record({
      hosts: fc.uniqueArray(hostPattern, { maxLength: 2 }),
      paths: fc.uniqueArray(pathPattern, { maxLength: 2 }),
      methods: fc.uniqueArray(method, { maxLength: 2 }),
    }),
    { maxLength: 12 },
  )
  .map((list) => list.map((match, index) => route(`r${index}`, match)))
const path = fc
  .array(fc.constantFrom('a', 'b', 'ab', 'x.html', 'xxhtml', ''), { maxLength: 5 })
  .map((parts) => `/${parts.join('/')}`)

it('finds what a comparison of all matching routes finds', () => {
  fc.assert(
    fc.property(
      routes,
      fc.array(fc.tuple(host, path, method), { minLength: 1, maxLength: 12 }),
      (entries, requests) => {
        const router = new Router(entries)
        for (const request of requests)
          assert.deepEqual(router.find(...request), slowFind(entries, ...request))
      },
    ),
    { numRuns: 2000 },
  )
})
