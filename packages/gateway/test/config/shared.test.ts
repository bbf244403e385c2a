import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseConfig } from '../../src/config/parse.ts'
import { shownConfig, shownExpanded } from '../../src/config/shown.ts'
import type { GatewayConfig } from '../../src/config/schema/schema.ts'
import type { RouteConfig } from '../../src/config/schema/route-schema.ts'
import { changesBetween } from '../../src/versions/changes.ts'
import { assertSentBackIsSame } from './sent-back.ts'

const upstream = 'http://127.0.0.1:9001'

function configOf(input: object, variables = {}): GatewayConfig {
  const result = parseConfig(input, variables)
  assert.ok(result.ok, JSON.stringify(result))
  return result.config
}

/** The first route of what the configuration becomes. */
function routeOf(input: object): RouteConfig {
  const [route] = configOf(input).routes
  assert.ok(route)
  return route
}

function problemsOf(input: object): { path: string; message: string; hint?: string | undefined }[] {
  const result = parseConfig(input)
  return result.ok ? [] : result.problems.map(({ path, message, hint }) => ({ path, message, hint }))
}

describe('settings that routes share', () => {
  it('come from the route itself, then from the last group in use, then from the defaults', () => {
    const route = routeOf({
      defaults: { upstream, timeout: '1s', retry: false, importance: 'low', priority: 1 },
      groups: { a: { timeout: '2s', importance: 'high', priority: 2 }, b: { timeout: '3s', priority: 3 } },
      routes: [{ use: ['a', 'b'], priority: 4 }],
    })
    const { timeout, retry, importance, priority } = route
    assert.deepEqual(
      { timeout, retry, importance, priority },
      {
        timeout: 3000,
        retry: false,
        importance: 'high',
        priority: 4,
      },
    )
  })

  it('are taken whole, but a match by what it names, whose "all" hold together', () => {
    const { match, retry } = routeOf({
      groups: {
        api: {
          match: {
            host: 'api.example',
            path: '/**',
            headers: { 'X-Tenant': 'a', 'x-b': 'b' },
            all: [{ scheme: 'https' }],
          },
          retry: { attempts: 5, statuses: [503] },
        },
      },
      routes: [
        {
          use: 'api',
          upstream,
          match: { path: '/orders', headers: { 'x-tenant': 'c' }, all: [{ methods: 'GET' }] },
          retry: { attempts: 2 },
        },
      ],
    })
    assert.deepEqual(match.host, ['api.example'])
    assert.deepEqual(match.path, ['/orders'])
    assert.deepEqual(match.headers, { 'x-tenant': { equals: ['c'] }, 'x-b': { equals: ['b'] } })
    assert.deepEqual(
      match.all?.map(({ methods, scheme }) => methods?.[0] ?? scheme),
      ['GET', 'https'],
    )
    assert.ok(retry)
    assert.deepEqual([retry.attempts, retry.statuses], [2, []])
  })

  it('change header fields by their names: what is nearer decides about a field', () => {
    const { responseHeaders } = routeOf({
      defaults: {
        responseHeaders: {
          set: { 'X-A': 'far', 'x-b': 'far' },
          add: { vary: 'a' },
          remove: ['server', 'x-c'],
        },
      },
      routes: [{ upstream, responseHeaders: { set: { 'x-a': 'near', 'X-C': 'near' }, remove: ['VARY'] } }],
    })
    assert.deepEqual(responseHeaders, {
      set: { 'x-a': 'near', 'x-c': 'near', 'x-b': 'far' },
      add: {},
      remove: ['vary', 'server'],
    })
  })

  it('give way to a target that is nearer, and what is for upstreams to an answer', () => {
    const defaults = {
      upstream,
      rewrite: { stripPrefix: '/a' },
      requestHeaders: { set: { 'x-a': '1' } },
      mirror: { upstream },
      preserveHost: false,
      timeout: '3s',
    }
    const split = routeOf({ defaults, routes: [{ split: { upstreams: [{ upstream }] } }] })
    assert.deepEqual([split.upstream, split.timeout], [undefined, 3000])
    const answer = routeOf({ defaults, routes: [{ respond: {} }] })
    assert.deepEqual(
      [answer.upstream, answer.rewrite, answer.requestHeaders, answer.mirror, answer.preserveHost],
      [undefined, undefined, undefined, undefined, true],
    )
    assert.equal(answer.timeout, 3000)
    const versions = { 1: { upstream }, 2: { upstream } }
    const versioned = routeOf({ defaults, routes: [{ apiVersions: { header: 'x-v', versions } }] })
    assert.equal(versioned.upstream, undefined)
    const rewritten = routeOf({ defaults, routes: [{ rewrite: { host: 'a.example' } }] })
    assert.equal(rewritten.preserveHost, true)
  })

  it('are left out where a route says that it goes without', () => {
    const { rateLimit, timeout } = routeOf({
      defaults: { upstream, rateLimit: { rate: '1/s' }, timeout: '1s' },
      groups: { a: { rateLimit: { rate: '2/s' } } },
      routes: [{ use: 'a', without: 'rateLimit' }],
    })
    assert.deepEqual([rateLimit, timeout], [undefined, 1000])
  })
})

describe('a mistake in settings that routes share', () => {
  it('is told once, where it is written', () => {
    const problems = problemsOf({
      defaults: { timeout: '10', upstream: 'shpo' },
      groups: { api: { retry: { backoff: { base: '2s', max: '1s' } } }, idle: { mirorr: {} } },
      upstreams: { shop: { endpoints: [{ url: upstream }] } },
      routes: [
        { use: 'api', match: { path: '/a' } },
        { use: ['api'], match: { path: '/b' } },
      ],
    })
    assert.deepEqual(
      problems.map(({ path }) => path),
      ['defaults.timeout', 'groups.idle.mirorr', 'defaults.upstream', 'groups.api.retry.backoff.base'],
    )
  })

  it('names the route that cannot have it, where others can', () => {
    assert.deepEqual(
      problemsOf({
        defaults: { responseHeaders: { set: { 'x-id': '${params.id}' } } },
        routes: [
          { upstream, match: { path: '/a/:id' } },
          { upstream, name: 'rest', match: { path: '/b' } },
        ],
      }),
      [
        {
          path: 'defaults.responseHeaders.set.x-id',
          message:
            '"${params.id}" needs "${params.id}", which not every path of the route has (in the route "rest")',
          hint: undefined,
        },
      ],
    )
  })

  it('is none where a route has only no use for a setting', () => {
    const attempt = { upstream, timeouts: { attempt: '5s' } }
    const routes = [{ match: { path: '/a' }, timeout: '2s' }, { match: { path: '/b' } }]
    assert.deepEqual(problemsOf({ defaults: attempt, routes }), [])
    assert.equal(problemsOf({ defaults: { ...attempt, timeout: '2s' }, routes: [{}] }).length, 1)
  })

  it('may be a group that there is not, a setting that is no setting, or no target', () => {
    assert.deepEqual(
      problemsOf({
        groups: { public: {} },
        routes: [{ use: ['pubic'], upstream, without: ['retrys'] }],
      }).map(({ path, hint }) => [path, hint]),
      [
        ['routes[0].without[0]', 'did you mean "retry"?'],
        ['routes[0].use[0]', 'did you mean "public"?'],
      ],
    )
    assert.deepEqual(
      problemsOf({ groups: { a: { timeout: '1s' } }, routes: [{ use: 'a' }] }).map(({ path }) => path),
      ['routes[0].upstream'],
    )
  })

  it('is found in a route that says the same as another one, at the route', () => {
    assert.deepEqual(
      problemsOf({
        groups: { a: { match: { path: '/a' } } },
        routes: [
          { use: 'a', upstream },
          { use: 'a', upstream },
        ],
      }).map(({ path }) => path),
      ['routes[1].match'],
    )
  })
})

const SHARING = {
  defaults: {
    upstream,
    timeout: '90s',
    responseHeaders: { set: { 'X-Frame-Options': 'DENY' }, remove: ['Server'] },
  },
  groups: {
    api: {
      match: { host: 'api.example', headers: { 'X-Tenant': 'a' }, all: [{ scheme: 'https' }] },
      priority: 3,
    },
    inner: { match: { client: '10.0.0.0/8', all: [{ methods: 'GET' }] }, retry: { attempts: 2 } },
    unused: { requestHeaders: { set: { authorization: 'Bearer abcdefgh' } } },
  },
  routes: [
    { name: 'plain' },
    {
      name: 'one',
      use: 'api',
      match: { path: '/one', headers: { 'x-b': 'c' } },
      responseHeaders: { remove: ['via-x'] },
    },
    { name: 'two', use: ['api', 'inner'], without: ['timeout'] },
    { name: 'answer', use: 'inner', match: { path: '/answer' }, respond: { body: 'x' } },
  ],
}

describe('a configuration that is shown', () => {
  it('has groups and defaults as they were written, and routes without what they share', () => {
    const config = configOf(SHARING)
    const shown = JSON.parse(JSON.stringify(shownConfig(config)))
    assert.deepEqual(shown.defaults, SHARING.defaults)
    assert.deepEqual(shown.groups.api, SHARING.groups.api)
    assert.equal(shown.groups.unused.requestHeaders.set.authorization, '[redacted]')
    const [plain, one, two] = shown.routes
    assert.deepEqual(
      [plain.timeout, plain.upstream, plain.responseHeaders],
      [undefined, undefined, undefined],
    )
    assert.deepEqual([one.use, one.match.host, one.priority], [['api'], undefined, undefined])
    assert.deepEqual(one.match.headers, { 'x-b': ['c'] })
    assert.deepEqual(two.without, ['timeout'])
    const [, whole] = JSON.parse(JSON.stringify(shownExpanded(config).routes))
    assert.deepEqual([whole.timeout, whole.match.host, whole.use], ['90s', ['api.example'], undefined])
  })

  it('is read as the same again', () => {
    assertSentBackIsSame(configOf(SHARING))
    assertSentBackIsSame(configOf({ defaults: {}, groups: { a: {} }, routes: [{ use: 'a', upstream }] }))
  })

  it('names variables wherever a setting with one has come to stand', () => {
    const config = configOf(
      { groups: { a: { upstream, rewrite: { path: '/${SECRET_PATH}' } } }, routes: [{ use: 'a' }] },
      { variables: { env: { SECRET_PATH: 'hidden' }, file: () => ({ ok: false, problem: '', hint: '' }) } },
    )
    assert.equal(config.routes[0]?.rewrite?.path, '/hidden')
    for (const shown of [shownConfig(config), shownExpanded(config)]) {
      assert.ok(!JSON.stringify(shown).includes('hidden'))
      assert.ok(JSON.stringify(shown).includes('/${SECRET_PATH}'))
    }
  })

  it('is another one only in the routes that have what was changed', () => {
    const facts = (timeout: string) => {
      const groups = { a: { timeout } }
      const routes = [{ use: 'a', upstream, match: { path: '/a' } }, { upstream }]
      return { config: configOf({ groups, routes }), files: new Map() }
    }
    const { routes, settings } = changesBetween(facts('1s'), facts('2s'))
    assert.deepEqual([routes.changed, routes.kept, settings], [['route-1'], 1, []])
    // As a text of its own, a setting is the same wherever it is written.
    const moved = configOf({ routes: [{ upstream, timeout: '1s', match: { path: '/a' } }, { upstream }] })
    assert.equal(changesBetween(facts('1s'), { config: moved, files: new Map() }).routes.kept, 2)
  })
})
