import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseConfig } from '../../src/config/parse.ts'
import { readYaml } from '../../src/settings/read/yaml.ts'

const upstream = 'http://127.0.0.1:9000'

/** The mistakes of one route, each as `path: message`. */
function mistakes(route: object): string[] {
  const result = parseConfig({ routes: [{ name: 'it', ...route }] })
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path}: ${message}`)
}

test('a match is checked, and comes in one form', () => {
  const result = parseConfig({
    routes: [
      {
        upstream,
        match: {
          headers: { 'X-Canary': 'true', 'x-a': { exists: false } },
          query: { v: ['1', '2'] },
          cookies: { sid: { regex: '[a-f0-9]+' } },
          accept: ['Text/HTML'],
          not: { any: [{ client: ['10.0.0.0/8'] }] },
        },
      },
    ],
  })
  assert.ok(result.ok, JSON.stringify(result))
  assert.deepEqual(result.config.routes[0]?.match, {
    path: ['/**'],
    headers: { 'x-canary': { equals: ['true'] }, 'x-a': { exists: false } },
    query: { v: { equals: ['1', '2'] } },
    cookies: { sid: { regex: '[a-f0-9]+' } },
    accept: ['text/html'],
    not: { path: ['/**'], any: [{ path: ['/**'], client: ['10.0.0.0/8'] }] },
  })
})

describe('what a route cannot mean is refused', () => {
  const cases: readonly (readonly [route: object, mistake: RegExp])[] = [
    [
      { upstream, match: { pathRegex: '^/a' } },
      /^routes\[0\]\.match\.pathRegex: "\^\/a" is not a regular expression at character 1/,
    ],
    [
      { upstream, match: { headers: { 'x a': '1' } } },
      /^routes\[0\]\.match\.headers\["x a"\]: "x a" is not the name of a header field/,
    ],
    [
      { upstream, match: { headers: { 'X-Forwarded-Proto': 'http' } } },
      /"X-Forwarded-Proto" is what anybody may claim/,
    ],
    [{ upstream, match: { scheme: 'HTTPS' } }, /match\.scheme: "HTTPS" is not one of the choices/],
    [
      { upstream, match: { not: { scheme: ['http'] } } },
      /match\.not\.scheme: a list is not one of the choices/,
    ],
    [{ upstream, match: { headers: { te: 'trailers' } } }, /"te" does not reach the upstream as it came/],
    [
      { upstream, match: { headers: { a: { regexp: '1' } } } },
      /headers\.a\.regexp: "regexp" is not a known setting/,
    ],
    [{ upstream, match: { headers: { a: {} } } }, /headers\.a: an object needs one of exists and regex/],
    [
      { upstream, match: { any: [{ headers: { a: { regex: '(' } } }] } },
      /match\.any\[0\]\.headers\.a\.regex: "\(" is not a regular/,
    ],
    [{ upstream, match: { not: { pth: '/a' } } }, /match\.not\.pth: "pth" is not a known setting/],
    [{ upstream, match: { client: ['10.0.0.0/33'] } }, /client\[0\]: .* prefix/],
    [{ upstream, match: { accept: ['json'] } }, /accept\[0\]: "json" is not a media type/],
    [{}, /^routes\[0\]\.upstream: is missing$/],
    [{ upstream, redirect: { location: '/' } }, /redirect: "redirect" stands beside "upstream"/],
    [
      { upstream, rewrite: { path: '/${params.id}' } },
      /rewrite\.path: .* needs "\$\{params\.id\}", which not every path/,
    ],
    [{ upstream, rewrite: { path: '/a/../b' } }, /rewrite\.path: .* is not canonical/],
    [{ upstream, rewrite: { path: 'a' } }, /rewrite\.path: "a" does not start with "\/"/],
    [
      { upstream, rewrite: { path: '/a', stripPrefix: '/b' } },
      /stripPrefix: "stripPrefix" stands beside "path"/,
    ],
    [{ upstream, rewrite: { stripPrefix: '/b/' } }, /stripPrefix: .* without a slash at its end/],
    [
      { upstream, preserveHost: false, rewrite: { host: 'a' } },
      /host: "host" is without effect, as preserveHost is false/,
    ],
    [{ upstream, requestHeaders: { set: { 'content-length': '1' } } }, /"content-length" frames messages/],
    [{ upstream, requestHeaders: { remove: ['X-Forwarded-For'] } }, /"X-Forwarded-For" frames messages/],
    [{ upstream, requestHeaders: { set: { host: 'a' } } }, /"host" is not changed here/],
    [{ upstream, requestHeaders: { set: { a: 'b\r\nc: d' } } }, /holds a character that no field may hold/],
    [
      { upstream, requestHeaders: { set: { a: '${env.SECRET}' } } },
      /has an unknown variable "\$\{env\.SECRET\}"/,
    ],
    [{ upstream, responseHeaders: { add: { a: '${request.id' } } }, /has "\$\{" without "\}"/],
    [{ respond: { status: 204, body: 'a' } }, /body: "body" is without effect, as a 204 has no content/],
    [
      { respond: {}, rewrite: { stripPrefix: '/a' } },
      /rewrite: "rewrite" is without effect, as no upstream is asked/,
    ],
    [{ redirect: { status: 304, location: '/' } }, /status: 304 is not the status of a redirect/],
    [{ split: { upstreams: [{ upstream, weight: 0 }] } }, /every weight is 0/],
    [
      { split: { upstreams: [{ upstream: 'nobody' }] } },
      /split\.upstreams\[0\]\.upstream: "nobody" is not the name of an upstream/,
    ],
    [
      { split: { upstreams: [{ upstream }], sticky: { header: 'a', cookie: 'b' } } },
      /needs one of header and cookie/,
    ],
    [{ upstream, mirror: { upstream, percent: 101 } }, /percent: 101 is not a percentage/],
    [{ upstream, priority: 101 }, /priority: 101 is too large/],
  ]
  for (const [route, mistake] of cases) {
    test(JSON.stringify(route), () => {
      const found = mistakes(route)
      assert.equal(found.length, 1, found.join('\n'))
      assert.match(found[0] ?? '', mistake)
    })
  }
})

test('fields that lead elsewhere, and variables that hold secrets or what anybody may claim, are refused where they stand', () => {
  assert.match(
    mistakes({ respond: { status: 302, headers: { Location: 'https:/${request.path}' } } }).join(),
    /^routes\[0\]\.respond\.headers\.Location: .* has no host that can be asked$/,
  )
  assert.match(
    mistakes({ upstream, responseHeaders: { add: { link: '<${request.headers.x-a}>' } } }).join(),
    /^routes\[0\]\.responseHeaders\.add\.link: /,
  )
  for (const name of ['authorization', 'Cookie', 'x-forwarded-for', 'x-real-ip', 'connection', 'a b', '']) {
    const found = mistakes({ upstream, requestHeaders: { set: { 'x-a': `\${request.headers.${name}}` } } })
    assert.match(
      found.join(),
      /^routes\[0\]\.requestHeaders\.set\["?x-a"?\]?|^routes\[0\]\.requestHeaders\.set\.x-a/,
      name,
    )
  }
})

describe('the host of a redirect is chosen by nobody who sends a request', () => {
  const refused = [
    '//evil.example',
    '/${request.path}',
    'https://${params.id}/',
    'https://shop.example${params.id}',
    'https://shop.example${request.query}${params.id}',
    'https://${params.id}.example/',
    '${params.id}',
    'shop.example/',
    'javascript:alert(1)',
    '/\\evil.example',
    'https://user@shop.example/',
    'https:/${request.path}',
    '/${request.headers.x-a}/evil.example',
  ]
  for (const location of refused) {
    test(`refused: ${location}`, () => {
      const found = mistakes({ match: { path: '/:id' }, redirect: { location } })
      assert.equal(found.length, 1, found.join('\n'))
      assert.match(found[0] ?? '', /^routes\[0\]\.redirect\.location: /)
    })
  }
  const accepted = [
    '/new/${params.id}',
    '${request.path}',
    'https://${request.host}${request.path}${request.query}',
    'http://a:81?x',
  ]
  for (const location of accepted) {
    test(`accepted: ${location}`, () =>
      assert.deepEqual(mistakes({ match: { path: '/:id' }, redirect: { location } }), []))
  }
})

test('two routes with the same host, path and methods are no repetition if their conditions or priorities differ', () => {
  const routes = [
    { upstream, match: { path: '/a', headers: { a: '1' } } },
    { upstream, match: { path: '/a' } },
    { upstream, match: { path: '/a' }, priority: 1 },
  ]
  assert.equal(parseConfig({ routes }).ok, true)
  const repeated = parseConfig({
    routes: [...routes, { upstream, match: { path: '/a', headers: { a: '1' } } }],
  })
  assert.ok(!repeated.ok)
  assert.match(repeated.problems[0]?.message ?? '', /matches nothing that routes\[0\]/)
})

test('mistakes deep inside a match have their line and column', () => {
  const text = `routes:
  - upstream: http://127.0.0.1:9000
    match:
      any:
        - not:
            headers:
              x-a: { regex: "a**" }
`
  const { value } = readYaml(text)
  const result = parseConfig(value?.input, { file: 'f.yaml', ...(value?.locate && { locate: value.locate }) })
  assert.ok(!result.ok)
  assert.equal(result.problems[0]?.path, 'routes[0].match.any[0].not.headers.x-a.regex')
  assert.deepEqual([result.problems[0]?.line, result.problems[0]?.column], [7, 29])
})
