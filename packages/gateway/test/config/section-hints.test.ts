import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseConfig } from '../../src/config/parse.ts'
import { readYaml } from '../../src/settings/read/yaml.ts'

const url = 'http://127.0.0.1:9000'

/** The hints of what is wrong with it, each with its place. */
function hints(config: object): string[] {
  const result = parseConfig({ routes: [{ upstream: url }], ...config })
  assert.ok(!result.ok, 'there is no mistake')
  return result.problems.map(({ path, hint }) => `${path}: ${hint}`)
}

function ofRoute(settings: object): string[] {
  return hints({ routes: [{ upstream: url, ...settings }] })
}

describe('one value in the place of a section', () => {
  for (const [settings, hint] of [
    [{ retry: 3 }, 'routes[0].retry: did you mean { attempts: 3 }?'],
    [{ match: '/api/**' }, 'routes[0].match: did you mean { path: /api/** }?'],
    [{ concurrency: 10 }, 'routes[0].concurrency: did you mean { limit: 10 }?'],
    [{ limits: '10MiB' }, 'routes[0].limits: did you mean { body: "10MiB" }?'],
    [{ mirror: url }, `routes[0].mirror: did you mean { upstream: ${url} }?`],
    [{ hedge: true }, 'routes[0].hedge: to have it with its defaults, write {}'],
    [{ hedge: '100ms' }, 'routes[0].hedge: did you mean { delay: "100ms" }?'],
    [{ hedge: 2 }, 'routes[0].hedge: did you mean { hedges: 2 }?'],
    [{ fallback: url }, `routes[0].fallback: did you mean { upstream: ${url} }?`],
    [{ upstream: undefined, respond: 404 }, 'routes[0].respond: did you mean { status: 404 }?'],
    [{ upstream: undefined, respond: 'hello' }, 'routes[0].respond: did you mean { body: hello }?'],
    [{ timeouts: '5s' }, 'routes[0].timeouts: did you mean timeout: "5s"?'],
    [{ timeout: { attempt: '1s' } }, 'routes[0].timeout: did you mean "timeouts"?'],
  ] as const) {
    it(`is the setting that it can be alone: ${JSON.stringify(settings)}`, () =>
      assert.deepEqual(ofRoute(settings), [hint]))
  }

  it('is told for items of lists, and for what stands under a name', () => {
    assert.deepEqual(hints({ listeners: [':8080'] }), ['listeners[0]: did you mean { address: ":8080" }?'])
    assert.deepEqual(hints({ upstreams: { app: { endpoints: [url] } }, routes: [{ upstream: 'app' }] }), [
      `upstreams.app.endpoints[0]: did you mean { url: ${url} }?`,
    ])
    assert.deepEqual(hints({ rateLimits: { all: '5/s' } }), ['rateLimits.all: did you mean { rate: "5/s" }?'])
    assert.deepEqual(hints({ routes: [{ redirect: 'https://a.example/' }] }), [
      'routes[0].redirect: did you mean { location: https://a.example/ }?',
    ])
  })

  for (const [settings, hint] of [
    [{ listeners: ':8080' }, 'listeners: did you mean [{ address: ":8080" }]?'],
    [{ upstreams: { app: url } }, `upstreams.app: did you mean { endpoints: [{ url: ${url} }] }?`],
    [{ admin: '127.0.0.1:1' }, 'admin: did you mean { address: "127.0.0.1:1" }?'],
    [{ minimumByteRate: '1KiB/s' }, 'minimumByteRate: did you mean { rate: "1KiB/s" }?'],
    [{ requestId: 'x-id' }, 'requestId: did you mean { header: x-id }?'],
    [{ accessLog: '/var/log/access.log' }, 'accessLog: did you mean { path: /var/log/access.log }?'],
    [{ geo: '/var/lib/a.mmdb' }, 'geo: did you mean { database: /var/lib/a.mmdb }?'],
    [{ versions: 5 }, 'versions: did you mean { keep: 5 }?'],
  ] as const) {
    it(`is read from the schema at the top, too: ${JSON.stringify(settings)}`, () =>
      assert.equal(hints(settings)[0], hint))
  }

  it('is not guessed where the setting could not be that, or where it is a secret', () => {
    assert.deepEqual(hints({ drain: true }), ['drain: to have it with its defaults, write {}'])
    assert.deepEqual(ofRoute({ match: 5 }), ['routes[0].match: undefined'])
    assert.deepEqual(ofRoute({ rewrite: '/x' }), ['routes[0].rewrite: undefined'])
    assert.deepEqual(ofRoute({ retry: 11 }), ['routes[0].retry: undefined'])
    assert.deepEqual(ofRoute({ redirect: 301 }), ['routes[0].redirect: undefined'])
    assert.deepEqual(ofRoute({ hedge: 'soon' }), ['routes[0].hedge: undefined'])
    const shown = ofRoute({ redirect: undefined, mirror: 'http://user:secret@127.0.0.1:1' }).join()
    assert.ok(!shown.includes('secret'), shown)
  })
})

describe('what is no list', () => {
  it('is one with that item', () => {
    assert.deepEqual(hints({ trustedProxies: '10.0.0.0/8' }), [
      'trustedProxies: did you mean ["10.0.0.0/8"]?',
    ])
    assert.match(
      hints({ routes: { upstream: url } }).join(),
      /^routes: a list of one is written \[\{ \.\.\. \}\]/,
    )
  })
})

it('a number alone in YAML as a rate limit is a rate without its time', () => {
  const { value } = readYaml(`routes:\n  - upstream: ${url}\n    rateLimit: 100\n`)
  const result = parseConfig(value?.input, {
    isUnquoted: true,
    ...(value?.locate && { locate: value.locate }),
  })
  assert.ok(!result.ok)
  assert.deepEqual(
    result.problems.map(({ message, hint }) => [message, hint]),
    [['100 has no time', 'did you mean { rate: 100/s }?']],
  )
})

describe('a pattern of a path as others write it', () => {
  for (const [path, hint] of [
    ['/users/{id}/items', 'did you mean "/users/:id/items"?'],
    ['/users/<id>', 'did you mean "/users/:id"?'],
    ['^/users/[0-9]+$', 'a regular expression stands in "pathRegex", beside the pattern of "path"'],
    ['/users/\\d+', 'a regular expression stands in "pathRegex", beside the pattern of "path"'],
    ['/a b', 'did you mean "/a%20b"?'],
    ['users', 'did you mean "/users"?'],
  ] as const) {
    it(`${path}: ${hint}`, () =>
      assert.deepEqual(ofRoute({ match: { path } }), [`routes[0].match.path: ${hint}`]))
  }

  it('may hold a dollar sign, as OData has it', () =>
    assert.ok(parseConfig({ routes: [{ upstream: url, match: { path: '/odata/$metadata' } }] }).ok))
})

describe('what is written of a cache where it does not belong', () => {
  for (const [settings, hint] of [
    [{ cache: 'yes' }, 'routes[0].cache: did you mean true?'],
    [{ cache: '60s' }, 'routes[0].cache: did you mean { ttl: "60s" }?'],
    [
      { cache: { key: { query: { only: ['a'], without: ['b'] } } } },
      'routes[0].cache.key.query.without: undefined',
    ],
  ] as const)
    it(`${JSON.stringify(settings)} of a route: ${hint}`, () => assert.deepEqual(ofRoute(settings), [hint]))
  for (const [settings, hint] of [
    [
      { cache: { ttl: '60s' } },
      'cache.ttl: it is a setting of routes: write it in cache of a route, or of "defaults" for all routes',
    ],
    [
      { cache: true },
      'cache: for all routes that is written as defaults: { cache: true }, for one in the route itself',
    ],
    [{ cache: { warm: [{ on: 'startup' }] } }, 'cache.warm[0].on: did you mean [start]?'],
  ] as const)
    it(`${JSON.stringify(settings)}: ${hint}`, () => assert.deepEqual(hints(settings), [hint]))

  it('a ttl of 0 is told how nothing is stored', () => {
    const [hint] = ofRoute({ cache: { ttl: '0s' } })
    assert.match(hint ?? '', /0 stores nothing of a status, as in statuses: \{ 200: 0 \}/)
  })

  it('forms that a choice has are told with it', () => {
    const result = parseConfig({ routes: [{ upstream: url, cache: { key: { query: ['a'] } } }] })
    assert.equal(result.ok ? '' : result.problems[0]?.allowed, 'all or none; or an object with only, without')
  })
})
