import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { lookAlikes } from '../../../src/features/match/warnings/look-alikes.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import { formatPath } from '../../../src/settings/problems/problem.ts'

const url = 'http://127.0.0.1:9000'

/** Where something is warned of, in a configuration that is taken. */
function warned(config: object): string[] {
  const result = parseConfig(config)
  assert.ok(result.ok, JSON.stringify(result))
  return lookAlikes(config).map(({ path }) => formatPath(path))
}

function ofRoute(settings: object): string[] {
  return warned({ routes: [{ upstream: url, ...settings }] })
}

describe('texts that look like another language are warned of', () => {
  for (const [match, place] of [
    [{ path: '/users/[0-9]+' }, 'path'],
    [{ path: ['/a', '/users/[a-z]'] }, 'path[1]'],
    [{ path: '/files/(.+)' }, 'path'],
    [{ path: '/files/.+' }, 'path'],
    [{ path: '/users$' }, 'path'],
    [{ path: '/(a)/b' }, 'path'],
    [{ pathRegex: '/users/:id' }, 'pathRegex'],
    [{ pathRegex: '/api/*' }, 'pathRegex'],
    [{ methods: 'GET*' }, 'methods'],
    [{ methods: ['GET', 'P.+'] }, 'methods[1]'],
    [{ headers: { 'x-tier': 'gold|silver' } }, 'headers["x-tier"]'],
    [{ headers: { 'x-tier': '^gold' } }, 'headers["x-tier"]'],
    [{ headers: { 'x-tier': ['gold', '.*'] } }, 'headers["x-tier"][1]'],
    [{ headers: { 'x-tier': '*' } }, 'headers["x-tier"]'],
    [{ query: { v: '\\d+' } }, 'query.v'],
    [{ cookies: { beta: 'v[0-9]+' } }, 'cookies.beta'],
    [{ contentType: 'text/.+' }, 'contentType'],
    [{ any: [{ path: '/a/[0-9]+' }] }, 'any[0].path'],
    [{ not: { path: '/a/[0-9]+' } }, 'not.path'],
  ] as const) {
    it(`match: ${JSON.stringify(match)}`, () => {
      const shown = place.replace('["x-tier"]', '.x-tier')
      assert.deepEqual(ofRoute({ match }), [`routes[0].match.${shown}`])
    })
  }

  for (const [settings, place] of [
    [{ match: { path: '/a/:id' }, rewrite: { path: '/b/:id' } }, 'rewrite.path'],
    [{ rewrite: { path: '/b/$1' } }, 'rewrite.path'],
    [{ rewrite: { stripPrefix: '/:tenant' } }, 'rewrite.stripPrefix'],
    [
      { upstream: undefined, match: { path: '/a/:id' }, redirect: { location: '/b/:id' } },
      'redirect.location',
    ],
    [{ upstream: undefined, redirect: { location: 'https://b.example/*' } }, 'redirect.location'],
  ] as const) {
    it(JSON.stringify(settings), () => assert.deepEqual(ofRoute(settings), [`routes[0].${place}`]))
  }

  it('in groups and defaults, where they stand', () => {
    const match = { path: '/users/[0-9]+' }
    assert.deepEqual(warned({ defaults: { match }, routes: [{ upstream: url }] }), ['defaults.match.path'])
    assert.deepEqual(warned({ groups: { a: { match } }, routes: [{ upstream: url, use: 'a' }] }), [
      'groups.a.match.path',
    ])
  })
})

it('what may well be meant as it stands is not warned of', () => {
  for (const match of [
    { path: '/odata/$metadata' },
    { path: "/odata/Orders('7')" },
    { path: '/a/v1.2+build' },
    { path: '/v1/users:batch' },
    { path: '/users/:id/**' },
    { pathRegex: '/users/[0-9]+/.*' },
    { pathRegex: '/(a|b)/c*' },
    { methods: ['GET', 'M-SEARCH', 'VERSION-CONTROL'] },
    { headers: { accept: '*/*', 'if-none-match': '*', 'x-price': '5$ or more', 'x-ids': '[1,2]x' } },
    { query: { filter: 'a.b', sort: '-name', 'x[]': '1' } },
    { cookies: { session: 'a|b=c' } },
    { contentType: ['application/*', 'application/vnd.api+json'] },
  ])
    assert.deepEqual(ofRoute({ match }), [], JSON.stringify(match))
  assert.deepEqual(ofRoute({ match: { path: '/a/:id' }, rewrite: { path: '/b/${params.id}' } }), [])
  assert.deepEqual(ofRoute({ rewrite: { path: '/v1/users/:batch' } }), [])
})

it('a host as others write it is refused with what stands for it here', () => {
  for (const [host, hint] of [
    ['.shop.example', 'did you mean "*.shop.example"?'],
    ['^www\\.shop\\.example$', 'there are no regular expressions of hosts'],
    ['(a|b).example', 'there are no regular expressions of hosts'],
    ['.*.shop.example', 'there are no regular expressions of hosts'],
  ] as const) {
    const result = parseConfig({ routes: [{ upstream: url, match: { host } }] })
    assert.ok(!result.ok)
    assert.ok(result.problems[0]?.hint?.startsWith(hint), JSON.stringify(result.problems))
  }
})
