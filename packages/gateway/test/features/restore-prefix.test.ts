import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type RecordingOrigin, startRecordingOrigin } from '../attack/recording-origin.ts'
import { startGateway } from '../survival/start-gateway.ts'
import type { GatewayConfigInput, RouteInput } from '../../src/config/input/input.ts'

type Line = readonly [name: string, value: string]

interface Site {
  readonly origin: RecordingOrigin
  readonly gatewayUrl: string
  /** The lines of that name that a client gets which asks for the path, where the origin answers with these lines. */
  readonly answered: (path: string, lines: readonly Line[], fields?: readonly Line[]) => Promise<Line[]>
}

/** A gateway before an origin, both seen as bytes. */
async function site(
  t: TestContext,
  route: Omit<RouteInput, 'upstream'>,
  config: Omit<GatewayConfigInput, 'routes'> = {},
): Promise<Site> {
  const origin = await startRecordingOrigin(t)
  const gateway = await startGateway(t, { ...config, routes: [{ ...route, upstream: origin.url }] })
  const written = (lines: readonly Line[]) => lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return {
    origin,
    gatewayUrl: gateway.url,
    async answered(path, lines, fields = []) {
      origin.answer = () => `HTTP/1.1 302 Found\r\n${written(lines)}content-length: 0\r\n\r\n`
      const client = await gateway.connect()
      client.send(`GET ${path} HTTP/1.1\r\nhost: shop.example\r\n${written(fields)}connection: close\r\n\r\n`)
      await client.end()
      const names = new Set(lines.map(([name]) => name))
      return client.text
        .split('\r\n')
        .map((line): Line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)])
        .filter(([name]) => names.has(name))
    },
  }
}

const STRIPPED = { match: { path: '/**' }, rewrite: { stripPrefix: '/api' } }

const LOCATIONS: readonly (readonly [given: string, got: string, why: string])[] = [
  ['/', '/api/', 'the root'],
  ['/orders/7?a=/b#c', '/api/orders/7?a=/b#c', 'a path with query and fragment'],
  ['/?a=b', '/api/?a=b', 'the root with a query'],
  ['/apis', '/api/apis', 'a path that begins with the same letters'],
  ['/%2F/x', '/api/%2F/x', 'an escaped slash'],
  ['/api', '/api', 'the prefix itself, from an origin that knows it'],
  ['/api/orders', '/api/orders', 'a path that has it already'],
  ['/api?a', '/api?a', 'the prefix with a query'],
  ['/../x', '/api/x', '".." above the root, which is the root'],
  ['/api/../x', '/api/x', '".." that leads out of the prefix'],
  ['/api/%2e%2E/x', '/api/x', 'the same in escapes'],
  ['http://shop.example/x?y', 'http://shop.example/api/x?y', 'the origin that the client asked for'],
  ['HTTP://Shop.Example:80/x', 'http://Shop.Example:80/api/x', 'the same in another spelling'],
  ['http://shop.example', 'http://shop.example/api/', 'the same without a path'],
  ['http://shop.example?a', 'http://shop.example/api/?a', 'the same with a query alone'],
  ['http://shop.example/api/x', 'http://shop.example/api/x', 'a URL that has it already'],
  ['orders/8', 'orders/8', 'a relative path, which leads to the right place by itself'],
  ['../../x', '/api/x', 'a relative path with too many ".."'],
  ['?page=2', '?page=2', 'a query'],
  ['#top', '#top', 'a fragment'],
  ['//evil.example/x', '//evil.example/x', 'another host without a scheme'],
  ['//shop.example/x', '//shop.example/x', 'a host without a scheme'],
  ['/\\evil.example', '/\\evil.example', 'what browsers take for another host'],
  ['/\t/evil.example', '/\t/evil.example', 'the same with a tab'],
  ['/a\\b', '/a\\b', 'a backslash elsewhere'],
  ['http:\\\\shop.example/x', 'http:\\\\shop.example/x', 'backslashes in place of slashes'],
  ['http:/x', 'http:/x', 'a scheme without a host'],
  ['http:///x', 'http:///x', 'an empty host'],
  ['https://shop.example/x', 'https://shop.example/x', 'another scheme'],
  ['http://shop.example:81/x', 'http://shop.example:81/x', 'another port'],
  ['http://shop.example.evil.example/x', 'http://shop.example.evil.example/x', 'another host'],
  ['http://shop.example@evil.example/x', 'http://shop.example@evil.example/x', 'a host behind credentials'],
  ['http://u@shop.example/x', 'http://u@shop.example/x', 'credentials'],
  ['ftp://shop.example/x', 'ftp://shop.example/x', 'a scheme of its own'],
  ['mailto:a@shop.example', 'mailto:a@shop.example', 'what has no path'],
  ['javascript:/x', 'javascript:/x', 'a script'],
]

test('links of an upstream get the prefix back that was cut off', async (t) => {
  const { answered } = await site(t, STRIPPED)
  for (const [given, got, why] of LOCATIONS)
    await t.test(why, async () => {
      const lines: Line[] = [
        ['location', given],
        ['content-location', given],
        ['refresh', `5; url=${given}`],
      ]
      assert.deepEqual(await answered('/api/orders/1', lines), [
        ['location', got],
        ['content-location', got],
        ['refresh', `5; url=${got}`],
      ])
    })
})

test('a URL of the endpoint becomes one of the origin that the client asked for', async (t) => {
  for (const preserveHost of [true, false]) {
    const { answered, origin } = await site(t, { ...STRIPPED, preserveHost })
    const locations = [`${origin.url}/x?y`, `${origin.url}/api/x`, 'http://127.0.0.1:1/x']
    const got: string[] = []
    for (const each of locations)
      got.push(...(await answered('/api/a', [['location', each]])).map(([, value]) => value))
    assert.deepEqual(got, [
      'http://shop.example/api/x?y',
      'http://shop.example/api/x',
      'http://127.0.0.1:1/x',
    ])
  }
  const renamed = await site(t, { ...STRIPPED, rewrite: { stripPrefix: '/api', host: 'inner.example:81' } })
  assert.deepEqual(await renamed.answered('/api/a', [['location', 'http://inner.example:81/x']]), [
    ['location', 'http://shop.example/api/x'],
  ])
})

test('behind a trusted proxy, the origin is the one that clients know, and its prefix is not added twice', async (t) => {
  const { answered } = await site(t, STRIPPED, { trustedProxies: ['127.0.0.1'] })
  const fields: Line[] = [
    ['x-forwarded-host', 'www.example'],
    ['x-forwarded-proto', 'https'],
    ['x-forwarded-prefix', '/shop'],
  ]
  for (const [given, got] of [
    ['/x', '/api/x'],
    ['/shop/api/x', '/shop/api/x'],
    ['/shop/x', '/api/shop/x'],
    ['https://www.example/x', 'https://www.example/api/x'],
    ['http://www.example/x', 'https://www.example/api/x'],
    ['http://shop.example/x', 'https://shop.example/api/x'],
    ['https://other.example/x', 'https://other.example/x'],
  ])
    assert.deepEqual(await answered('/api/a', [['location', given ?? '']], fields), [['location', got]])
})

test('a client that nobody trusts does not choose the origin', async (t) => {
  const { answered } = await site(t, STRIPPED)
  const fields: Line[] = [
    ['x-forwarded-host', 'evil.example'],
    ['x-forwarded-prefix', '//evil.example'],
  ]
  for (const given of ['http://evil.example/x', '//evil.example/api/x'])
    assert.deepEqual(await answered('/api/a', [['location', given]], fields), [['location', given]])
  assert.deepEqual(await answered('/api/a', [['location', '/x']], fields), [['location', '/api/x']])
})

const COOKIES: readonly Line[] = [
  ['a=1; Path=/', 'a=1; Path=/api'],
  ['a=1; path=/orders; HttpOnly', 'a=1; path=/api/orders; HttpOnly'],
  ['a=/x; PATH = /orders/ ;Secure', 'a=/x; PATH = /api/orders/;Secure'],
  ['a=1; Path=/api', 'a=1; Path=/api'],
  ['a=1; Path=/api/x', 'a=1; Path=/api/x'],
  ['a=1; Path=/apis', 'a=1; Path=/api/apis'],
  ['a=1; Path=orders', 'a=1; Path=orders'],
  ['a=1; Path=', 'a=1; Path='],
  ['a=1; Path', 'a=1; Path'],
  ['a=1; Path=//x', 'a=1; Path=//x'],
  ['a=1', 'a=1'],
  ['Path=/x', 'Path=/x'],
  ['__Host-a=1; Path=/; Secure', '__Host-a=1; Path=/; Secure'],
]

test('the Path of cookies gets the prefix back; all cookies stay, in their order', async (t) => {
  const { answered } = await site(t, STRIPPED)
  const given = COOKIES.map(([cookie]): Line => ['set-cookie', cookie])
  const got = COOKIES.map(([, cookie]): Line => ['set-cookie', cookie])
  assert.deepEqual(await answered('/api/orders/1', given), got)
})

test('a relative path is resolved where the upstream sees another folder than the client', async (t) => {
  const { answered, origin } = await site(t, STRIPPED)
  assert.deepEqual(await answered('/api', [['location', 'login?a']]), [['location', '/api/login?a']])
  assert.match(origin.bytes, /^GET \/ HTTP/)
  assert.deepEqual(await answered('/api/', [['location', 'login']]), [['location', 'login']])
})

test('nothing is put back where nothing was cut off, or where it is not wanted', async (t) => {
  const lines: Line[] = [
    ['location', '/x'],
    ['set-cookie', 'a=1; Path=/'],
  ]
  const { answered } = await site(t, STRIPPED)
  assert.deepEqual(await answered('/apis/x', lines), lines)
  const off = await site(t, { ...STRIPPED, rewrite: { stripPrefix: '/api', restorePrefix: false } })
  assert.deepEqual(await off.answered('/api/x', lines), lines)
  const made = await site(t, { match: { path: '/api/:id' }, rewrite: { path: '/${params.id}' } })
  assert.deepEqual(await made.answered('/api/x', lines), lines)
})

test('what the gateway itself answers is meant as it is written, its own cookies too', async (t) => {
  const { answered } = await site(t, {
    ...STRIPPED,
    fallback: { statuses: [500], respond: { status: 303, headers: { location: '/sorry' } } },
  })
  const { origin } = await site(t, STRIPPED)
  origin.answer = () => 'HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n'
  const gateway = await startGateway(t, {
    upstreams: { it: { endpoints: [{ url: origin.url }], sticky: { cookie: 'at', secret: 'x'.repeat(32) } } },
    routes: [
      {
        ...STRIPPED,
        upstream: 'it',
        fallback: { statuses: [500], respond: { status: 303, headers: { location: '/sorry' } } },
      },
    ],
  })
  const ask = async (): Promise<string> => {
    const client = await gateway.connect()
    client.send('GET /api/a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
    await client.end()
    return client.text
  }
  assert.match(await ask(), /^location: \/sorry\r$/m)
  assert.deepEqual(await answered('/api/a', [['location', '/x']]), [['location', '/api/x']])
  origin.answer = () => 'HTTP/1.1 200 OK\r\nset-cookie: a=1; Path=/\r\ncontent-length: 0\r\n\r\n'
  const text = await ask()
  assert.match(text, /^set-cookie: a=1; Path=\/api\r$/m)
  assert.match(text, /^set-cookie: at=[^;]+; Path=\/;/m)
})

test('a version that is taken out of the path is put back, too, and told where it stood in front', async (t) => {
  const versions = (path: string, more: object = {}) => ({
    match: { path },
    apiVersions: { path: 'version', stripPath: true, versions: { 1: {}, 2: {} } },
    ...more,
  })
  for (const [route, asked, told, links] of [
    [
      versions('/:version/**'),
      '/v2/a/b',
      '/v2',
      { '/a': '/v2/a', '/v2/a': '/v2/a', '/v1/a': '/v2/v1/a', '/': '/v2/' },
    ],
    [
      versions('/api/:version/**'),
      '/api/v2/a',
      undefined,
      { '/api/x': '/api/v2/x', '/api': '/api/v2', '/x': '/x' },
    ],
    [
      versions('/api/:version/**', { rewrite: { stripPrefix: '/api' } }),
      '/api/v2/a',
      '/api/v2',
      { '/x': '/api/v2/x', '/api/v2/x': '/api/v2/x' },
    ],
    [versions('/:version/**', { rewrite: { stripPrefix: '/a' } }), '/v2/a/b', '/v2/a', { '/x': '/v2/a/x' }],
  ] as const) {
    const { answered, origin } = await site(t, route)
    for (const [given, got] of Object.entries(links))
      assert.deepEqual(
        await answered(asked, [['location', given]]),
        [['location', got]],
        `${asked}: ${given}`,
      )
    assert.equal(/x-forwarded-prefix: (.*)\r/.exec(origin.bytes)?.[1], told)
  }
})
