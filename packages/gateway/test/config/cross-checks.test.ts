import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../src/config/parse.ts'

const url = 'http://127.0.0.1:9000'

/** `path | message | hint` of each problem. */
function problemsOf(input: object): string[] {
  const result = parseConfig({ routes: [{ upstream: url }], ...input })
  if (result.ok) return []
  return result.problems.map(({ path, message, allowed, hint }) =>
    [path, message, allowed, hint].filter(Boolean).join(' | '),
  )
}

function routes(...matches: unknown[]): object {
  return { routes: matches.map((match) => ({ match, upstream: url })) }
}

test('two routes with one name are refused at the second', () => {
  const problems = problemsOf({
    routes: [
      { name: 'a', upstream: url },
      { name: 'a', upstream: url, match: { path: '/a' } },
    ],
  })
  assert.deepEqual(problems, ['routes[1].name | "a" is the name of routes[0] already'])
})

test('a name that a later route gets by its position is refused where it is written', () => {
  const problems = problemsOf({
    routes: [
      { name: 'route-2', upstream: url },
      { upstream: url, match: { path: '/a' } },
    ],
  })
  assert.deepEqual(problems, [
    'routes[0].name | "route-2" is the name that routes[1] gets, because it has none',
  ])
  assert.deepEqual(problemsOf({ routes: [{ name: 'route-1', upstream: url }] }), [])
})

test('an upstream that does not exist is refused with those that do', () => {
  const upstreams = { orders: { endpoints: [{ url }] }, users: { endpoints: [{ url }] } }
  assert.deepEqual(problemsOf({ upstreams, routes: [{ upstream: 'ordres' }] }), [
    'routes[0].upstream | "ordres" is not the name of an upstream | the name of an upstream (orders, users) or a URL such as http://127.0.0.1:9000 | did you mean "orders"?',
  ])
  assert.match(problemsOf({ routes: [{ upstream: 'constructor' }] })[0] ?? '', /none is defined/)
})

test('a route whose match repeats earlier ones is refused', () => {
  const repeats: unknown[][] = [
    [{ path: '/a' }, { path: '/a' }],
    [{}, { path: '/**' }],
    [undefined, {}],
    [{ path: '/users/:id' }, { path: '/users/:name' }],
    [{ path: ['/a', '/b'] }, { path: ['/b', '/a'] }],
    [
      { path: '/a', methods: ['GET', 'POST'] },
      { path: '/a', methods: ['POST', 'GET'] },
    ],
    [
      { path: ['/a', '/b'], host: 'x' },
      { path: '/b', host: ['x'] },
    ],
  ]
  for (const matches of repeats) {
    assert.deepEqual(
      problemsOf(routes(...matches)),
      ['routes[1].match | matches nothing that routes[0] ("route-1") does not match already'],
      JSON.stringify(matches),
    )
  }
})

test('routes that differ in host, path or method stand side by side', () => {
  const matches = [
    { path: '/a' },
    { path: '/a', host: 'x' },
    { path: '/a', host: '*.x' },
    { path: '/a', methods: ['GET'] },
    { path: '/a/**' },
    { path: ['/a', '/b'] },
  ]
  assert.deepEqual(problemsOf(routes(...matches)), [])
})

test('one address cannot be taken twice, by listeners or by the admin endpoints', () => {
  const cases: [object, string][] = [
    [
      { listeners: [{ address: '127.0.0.1:1' }, { address: '127.0.0.1:1' }] },
      'listeners[1].address | "127.0.0.1:1" is taken by listeners[0] already',
    ],
    [
      { listeners: [{ address: ':1' }, { address: '127.0.0.1:1' }] },
      'listeners[1].address | "127.0.0.1:1" is taken by listeners[0] already',
    ],
    [
      { listeners: [{ address: '127.0.0.1:9901' }] },
      'listeners[0].address | "127.0.0.1:9901" is taken by the admin endpoints already',
    ],
    [
      { admin: { address: '127.0.0.1:8080' } },
      'admin.address | "127.0.0.1:8080" is the address of the default listener too | write "listeners" to move that',
    ],
    [
      { admin: { address: 'unix:/a' }, listeners: [{ address: 'unix:/a' }] },
      'listeners[0].address | "unix:/a" is taken by the admin endpoints already',
    ],
  ]
  for (const [input, expected] of cases) assert.deepEqual(problemsOf(input), [expected])
  assert.deepEqual(problemsOf({ admin: false, listeners: [{ address: '127.0.0.1:9901' }] }), [])
  assert.deepEqual(problemsOf({ listeners: [{ address: '127.0.0.1:0' }, { address: '127.0.0.1:0' }] }), [])
})

test('names of upstreams are plain words', () => {
  for (const name of ['a b', 'http://x', '-x', '', '__proto__x y']) {
    const [problem = ''] = problemsOf({ upstreams: { [name]: { endpoints: [{ url }] } } })
    assert.match(problem, /^upstreams\[.*is not a name \| letters, digits/, name)
  }
})

test('an upstream cannot be hidden under "__proto__"', () => {
  const upstreams: unknown = JSON.parse('{"__proto__": {"endpoints": "anything"}}')
  assert.notDeepEqual(problemsOf({ upstreams }), [])
})

test('TLS without an https endpoint is refused, as nothing would be encrypted', () => {
  const upstream = (endpoint: string) => ({
    upstreams: { a: { endpoints: [{ url: endpoint }], tls: { verify: true } } },
  })
  assert.match(problemsOf(upstream('http://127.0.0.1'))[0] ?? '', /^upstreams\.a\.tls \| TLS is configured/)
  assert.deepEqual(problemsOf(upstream('https://127.0.0.1')), [])
  assert.deepEqual(problemsOf(upstream('https+unix:/run/a')), [])
})

test('the first wait between tries cannot be longer than the longest', () => {
  const retry = (backoff: object) => ({ routes: [{ upstream: url, retry: { backoff } }] })
  assert.match(
    problemsOf(retry({ base: '2s' }))[0] ?? '',
    /^routes\[0\]\.retry\.backoff\.base \| "2s" is longer than "max"/,
  )
  assert.match(problemsOf(retry({ max: '1ms' }))[0] ?? '', /backoff\.max \| "1ms" is shorter than "base"/)
  assert.match(problemsOf(retry({ max: 0 }))[0] ?? '', /backoff\.max \| 0 is shorter than "base"/)
  assert.deepEqual(problemsOf(retry({ base: 0, max: 0 })), [])
})
