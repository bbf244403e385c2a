import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HttpRequest, type Scheme } from '@headgate/core'
import type { MatchConfig } from '../../src/features/match/setting.ts'
import { allHold, type Subject, weightOf } from '../../src/routing/conditions.ts'
import { conditionsOf } from '../../src/features/match/conditions.ts'
import { type RouteEntry, Router } from '../../src/routing/router/router.ts'
import { slowFind } from './oracle.ts'
import { fc } from '../../../../scripts/testing/property.ts'

function subject(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  clientAddress = '192.0.2.7',
  clientScheme: Scheme = 'http',
): Subject {
  return { request: HttpRequest.to(`http://shop.example${url}`, { headers }), clientAddress, clientScheme }
}

function holds(match: Omit<MatchConfig, 'path'>, ...request: Parameters<typeof subject>): boolean {
  return allHold(conditionsOf(match), subject(...request))
}

describe('a condition', () => {
  it('on a header compares the whole value, whose lines are one', () => {
    const match = { headers: { 'x-canary': { equals: ['true', 'a, b'] } } }
    assert.equal(holds(match, '/', { 'x-canary': 'true' }), true)
    for (const value of ['True', 'true ok', '']) assert.equal(holds(match, '/', { 'x-canary': value }), false)
    assert.equal(holds(match, '/'), false)
    const twice = subject('/')
    twice.request.headers.append('x-canary', 'a')
    twice.request.headers.append('x-canary', 'b')
    assert.equal(allHold(conditionsOf(match), twice), true)
  })

  it('may ask that something is there, or that it is not', () => {
    assert.equal(holds({ headers: { 'x-a': { exists: true } } }, '/', { 'x-a': '' }), true)
    assert.equal(holds({ headers: { 'x-a': { exists: false } } }, '/', { 'x-a': '' }), false)
    assert.equal(holds({ query: { debug: { exists: true } } }, '/?a=1&debug'), true)
    assert.equal(holds({ query: { debug: { exists: false } } }, '/?debugging=1'), true)
    assert.equal(holds({ cookies: { sid: { exists: true } } }, '/', { cookie: 'a=1; sid=' }), true)
    assert.equal(holds({ cookies: { sid: { exists: true } } }, '/', { cookie: 'xsid=1; sid' }), false)
  })

  it('on the query reads names and values as forms are read, and any of several values will do', () => {
    const match = { query: { 'a b': { equals: ['1&2', 'ä'] } } }
    for (const url of ['/?a+b=1%262', '/?x=1&a%20b=%C3%A4', '/?a+b=0&%61+b=1%262', '/?&&a+b=1%262&'])
      assert.equal(holds(match, url), true, url)
    for (const url of ['/', '/?', '/?a+b', '/?a+b=1', '/?b=a+b=1%262', '/?a+b=%ff'])
      assert.equal(holds(match, url), false, url)
  })

  it('on a cookie reads all lines, and leaves quotes out', () => {
    const match = { cookies: { group: { regex: 'b(eta)?' } } }
    for (const cookie of ['group=beta', 'a=1;group="b" ; c=2', 'group=x; group=b'])
      assert.equal(holds(match, '/', { cookie }), true, cookie)
    assert.equal(holds(match, '/', { cookie: 'Group=beta; ugroup=b' }), false)
    const twice = subject('/', { cookie: 'a=1' })
    twice.request.headers.append('cookie', 'group=b')
    assert.equal(allHold(conditionsOf(match), twice), true)
  })

  it('on the client takes addresses of both kinds, mapped ones too, and nobody without an address', () => {
    const match = { client: ['10.0.0.0/8', 'fd00::/8'] }
    for (const client of ['10.1.2.3', '::ffff:10.0.0.1', 'fd12::1'])
      assert.equal(holds(match, '/', {}, client), true)
    for (const client of ['11.0.0.1', 'fe80::1%eth0', ''])
      assert.equal(holds(match, '/', {}, client), false, client)
  })

  it('on the scheme is about the client, not about the URL that the request has', () => {
    assert.equal(holds({ scheme: 'https' }, '/', {}, '', 'https'), true)
    assert.equal(holds({ scheme: 'https' }, '/', { 'x-forwarded-proto': 'https' }, '', 'http'), false)
    assert.equal(holds({ not: { path: ['/**'], scheme: 'https' } }, '/', {}, '', 'http'), true)
    assert.deepEqual(
      conditionsOf({ scheme: 'http' }).map(({ text, weight }) => [text, weight]),
      [['scheme is http', 1]],
    )
  })

  it('on media types leaves parameters and case out; a wildcard of Accept names nothing', () => {
    const sends = { contentType: ['application/json', 'text/*'] }
    for (const type of ['application/json', 'Application/JSON; charset=utf-8', 'text/csv'])
      assert.equal(holds(sends, '/', { 'content-type': type }), true)
    assert.equal(holds(sends, '/', { 'content-type': 'application/jsonp' }), false)
    const asks = { accept: ['application/vnd.shop.v2+json'] }
    const ask = (accept: string): boolean => holds(asks, '/', { accept })
    assert.equal(ask('text/html, application/vnd.shop.v2+json;q=0.5'), true)
    for (const accept of ['*/*', 'application/*', 'application/vnd.shop.v2+json; q=0', 'text/html'])
      assert.equal(ask(accept), false, accept)
  })

  it('on the path by a regular expression takes the whole path', () => {
    assert.equal(holds({ pathRegex: '/orders/[0-9]+' }, '/orders/17?x=1'), true)
    assert.equal(holds({ pathRegex: '/orders/[0-9]+' }, '/orders/17/x'), false)
  })

  it('may be made of others: all, any, not, one in the other, with hosts, paths and methods', () => {
    const path = ['/**']
    const match: MatchConfig = {
      path,
      any: [
        { path, headers: { 'x-beta': { exists: true } }, not: { path, client: ['10.0.0.0/8'] } },
        {
          host: ['*.example'],
          path: ['/beta/**'],
          methods: ['GET'],
          all: [{ path, query: { on: { equals: ['1'] } } }],
        },
      ],
    }
    assert.equal(holds(match, '/', { 'x-beta': '1' }), true)
    assert.equal(holds(match, '/', { 'x-beta': '1' }, '10.0.0.1'), false)
    assert.equal(holds(match, '/beta/x?on=1'), true)
    assert.equal(holds(match, '/beta/x?on=0'), false)
    assert.equal(holds(match, '/alpha?on=1'), false)
    assert.equal(weightOf(conditionsOf(match)), 2, 'the smaller of 2 and 4')
    assert.equal(
      conditionsOf(match)[0]?.text,
      'any of (header x-beta exists and not (client is in 10.0.0.0/8); the request is for *.example, /beta/**, GET and query on is "1")',
    )
  })
})

const value = fc.constantFrom('1', '2')
const name = fc.constantFrom('x-a', 'x-b')
const test = fc.oneof(
  value.map((each) => ({ equals: [each] })),
  fc.boolean().map((exists) => ({ exists })),
)
const condition: fc.Arbitrary<Omit<MatchConfig, 'path'>> = fc.record(
  {
    headers: fc.dictionary(name, test, { maxKeys: 2 }),
    query: fc.dictionary(fc.constant('q'), test, { maxKeys: 1 }),
    not: fc.record({
      path: fc.constant(['/**']),
      headers: fc.dictionary(name, test, { minKeys: 1, maxKeys: 1 }),
    }),
  },
  { requiredKeys: [] },
)
const entries: fc.Arbitrary<RouteEntry<string>[]> = fc
  .array(
    fc.record({
      hosts: fc.uniqueArray(fc.constantFrom('a.example', '*.example'), { maxLength: 1 }),
      paths: fc.uniqueArray(fc.constantFrom('/a', '/:p', '/**', '/a/**', '/:p/b'), { maxLength: 2 }),
      methods: fc.uniqueArray(fc.constantFrom('GET', 'HEAD', 'POST'), { maxLength: 2 }),
      priority: fc.constantFrom(0, 0, 0, 1, -1),
      conditions: condition.map(conditionsOf),
    }),
    { maxLength: 12 },
  )
  .map((list) => list.map((each, index) => ({ ...each, name: `r${index}`, value: `r${index}` })))
const request = fc.record({
  host: fc.constantFrom('a.example', 'b.example', 'other'),
  path: fc.constantFrom('/', '/a', '/b', '/a/b', '/b/b', '/a/b/c'),
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT'),
  headers: fc.dictionary(name, value, { maxKeys: 2 }),
  query: fc.constantFrom('', '?q=1', '?q=2'),
})

it('the router finds what a comparison of all routes finds, with conditions and priorities', () => {
  fc.assert(
    fc.property(entries, fc.array(request, { minLength: 1, maxLength: 12 }), (routes, requests) => {
      const router = new Router(routes)
      for (const { host, path, method, headers, query } of requests) {
        const asked = {
          request: HttpRequest.to(`http://${host}${path}${query}`, { method, headers }),
          clientAddress: '',
          clientScheme: 'http' as const,
        }
        assert.deepEqual(router.find(host, path, method, asked), slowFind(routes, host, path, method, asked))
      }
    }),
    { numRuns: 3000 },
  )
})
