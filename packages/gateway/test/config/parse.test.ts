import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { test } from 'node:test'
import type { GatewayConfig } from '../../src/config/schema/schema.ts'
import { defineConfig } from '../../src/config/define-config.ts'
import type { GatewayConfigInput } from '../../src/config/input/input.ts'
import { parseConfig } from '../../src/config/parse.ts'
import type { ConfigProblem } from '../../src/settings/problems/problem.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const route = { upstream: 'http://127.0.0.1:9000' }

function accepted(input: GatewayConfigInput): GatewayConfig {
  const result = parseConfig(defineConfig(input))
  assert.ok(result.ok, JSON.stringify(result))
  return result.config
}

function problemsOf(input: unknown): ConfigProblem[] {
  const result = parseConfig(input)
  assert.ok(!result.ok)
  return result.problems
}

/** The only problem, in short. */
function problemOf(input: unknown): string {
  const problems = problemsOf(input)
  assert.equal(problems.length, 1, JSON.stringify(problems))
  const [problem] = problems
  return [problem?.path, problem?.message, problem?.hint].filter((part) => part !== undefined).join(' | ')
}

test('one route with a URL is a whole configuration, with every default filled in', () => {
  assert.deepEqual(accepted({ routes: [route] }), {
    workers: availableParallelism(),
    listeners: [
      {
        address: { kind: 'tcp', host: '127.0.0.1', port: 8080 },
        protocols: ['h2', 'http/1.1'],
        maxConnections: 50_000,
      },
    ],
    tls: { sessionTickets: { rotate: 43_200_000 } },
    admin: { address: { kind: 'tcp', host: '127.0.0.1', port: 9901 }, hosts: [] },
    trustedProxies: [],
    paths: { encodedSlash: 'refuse', slashes: 'merge' },
    limits: { head: 16_384, fields: 100, target: 8192 },
    http2: {
      maxStreams: 100,
      streamWindow: 262_144,
      connectionWindow: 1_048_576,
      maxContinuations: 16,
      maxCookieCrumbs: 200,
      settingsTimeout: 10_000,
      pingInterval: 60_000,
      pingTimeout: 20_000,
      wastedWork: 2_000,
    },
    timeouts: {
      connect: 5_000,
      requestHead: 30_000,
      responseHead: 30_000,
      bodyIdle: 30_000,
      streamIdle: 3_600_000,
      keepAlive: 75_000,
      halfClosed: 500,
      workerStall: 10_000,
    },
    minimumByteRate: { rate: 240, grace: 30_000 },
    drain: { timeout: 30_000 },
    forwarding: { forwarded: true, xForwarded: true, via: 'headgate' },
    requestId: { header: 'x-request-id', accept: true },
    accessLog: { path: 'stdout', format: 'auto', headers: [] },
    stores: {},
    authenticators: {},
    consumers: {},
    failedAuthentication: {
      perClient: { requests: 30, per: 60_000 },
      perAccount: { requests: 20, per: 60_000 },
      maxKeys: 10_000,
    },
    cache: { memory: 64 * 1024 * 1024, warm: [] },
    discovery: { dns: { minInterval: 1_000, maxInterval: 300_000, timeout: 2_000 } },
    deadlines: true,
    reload: { watch: true },
    versions: { keep: 20 },
    rateLimits: {},
    upstreams: {},
    routes: [
      {
        name: 'route-1',
        match: { path: ['/**'] },
        upstream: 'http://127.0.0.1:9000',
        paths: { encodedSlash: 'refuse', slashes: 'merge' },
        preserveHost: true,
        priority: 0,
        importance: 'normal',
        retry: {
          attempts: 3,
          backoff: { base: 25, max: 1_000, jitter: 'full' },
          statuses: [],
          grpcStatuses: [],
        },
      },
    ],
  })
})

test('everything that can be set is set', () => {
  const config = accepted({
    $schema: './schema.json',
    workers: 2,
    listeners: [
      {
        address: ':8443',
        tls: {
          cert: 'cert.pem',
          key: 'key.pem',
          passphrase: 'open',
          certificates: [{ cert: 'other.pem', key: 'other.key', passphrase: 'too' }],
          unknownNames: 'refuse',
          preset: 'modern',
          minVersion: 'TLSv1.3',
          suites: ['TLS_AES_128_GCM_SHA256'],
          groups: ['X25519'],
          signatureAlgorithms: ['ed25519'],
          maxHandshakes: 5,
          handshakeTimeout: '2s',
        },
        protocols: ['http/1.1'],
        proxyProtocol: { from: ['10.0.0.0/8'], timeout: '2s' },
        maxConnections: 10,
      },
      { address: 'unix:/run/headgate.sock' },
    ],
    admin: false,
    trustedProxies: ['10.0.0.0/8'],
    paths: { encodedSlash: 'pass' },
    limits: { head: '32KiB', fields: 50, target: '4KiB', body: '10MB' },
    http2: {
      maxStreams: 7,
      streamWindow: '64KiB',
      connectionWindow: '128KiB',
      maxContinuations: 1,
      maxCookieCrumbs: 2,
      settingsTimeout: '8s',
      pingInterval: 'off',
      pingTimeout: '9s',
      wastedWork: 500,
    },
    timeouts: {
      connect: '1s',
      requestHead: '2s',
      responseHead: '3s',
      bodyIdle: '4s',
      streamIdle: '7s',
      halfClosed: 0,
      keepAlive: '5s',
      exchange: '6s',
      workerStall: 0,
    },
    minimumByteRate: { rate: 0, grace: '1s' },
    drain: { timeout: 0 },
    forwarding: { forwarded: false, xForwarded: false, via: false },
    requestId: false,
    accessLog: false,
    stores: {
      main: {
        redis: 'rediss://127.0.0.1:6379/1',
        username: 'ada',
        password: 'hunter2',
        ca: 'ca.pem',
        prefix: 'shop',
        timeout: '50ms',
      },
    },
    cache: {
      memory: '8MiB',
      tier: { store: 'main', size: '2GiB', largest: '1MiB', onStoreError: 'closed' },
    },
    discovery: {
      dns: { resolvers: ['127.0.0.1:5353'], minInterval: '2s', maxInterval: '3s', timeout: '4s' },
    },
    upstreams: {
      orders: {
        endpoints: [{ url: 'https://127.0.0.1:9001/', weight: 3 }],
        balance: 'round-robin',
        outliers: false,
        pool: { maxConnections: 1, maxPending: 0, pendingTimeout: '1s', idleTimeout: '2s', maxAge: '3s' },
        timeouts: { connect: '250ms' },
        tls: {
          ca: 'ca.pem',
          cert: 'client.pem',
          key: 'client.key',
          passphrase: 'sesame',
          servername: 'orders.internal',
          pins: [`sha256/${'A'.repeat(43)}=`],
          minVersion: 'TLSv1.3',
          maxVersion: 'TLSv1.3',
          verify: false,
        },
      },
    },
    routes: [
      {
        name: 'orders',
        match: { host: ['shop.example', '*.shop.example'], path: '/orders/**', methods: ['GET', 'POST'] },
        upstream: 'orders',
        paths: { slashes: 'keep' },
        preserveHost: false,
        timeout: '10s',
        retry: false,
        limits: { body: 0 },
      },
    ],
  })
  assert.deepEqual(config, {
    workers: 2,
    listeners: [
      {
        address: { kind: 'tcp', host: '::', port: 8443 },
        tls: {
          cert: 'cert.pem',
          key: 'key.pem',
          passphrase: 'open',
          certificates: [{ cert: 'other.pem', key: 'other.key', passphrase: 'too' }],
          unknownNames: 'refuse',
          preset: 'modern',
          minVersion: 'TLSv1.3',
          maxVersion: 'TLSv1.3',
          suites: ['TLS_AES_128_GCM_SHA256'],
          groups: ['X25519'],
          signatureAlgorithms: ['ed25519'],
          maxHandshakes: 5,
          handshakeTimeout: 2_000,
        },
        protocols: ['http/1.1'],
        proxyProtocol: { from: ['10.0.0.0/8'], timeout: 2e3 },
        maxConnections: 10,
      },
      {
        address: { kind: 'unix', path: '/run/headgate.sock' },
        protocols: ['h2', 'http/1.1'],
        maxConnections: 50_000,
      },
    ],
    tls: { sessionTickets: { rotate: 43_200_000 } },
    admin: false,
    trustedProxies: ['10.0.0.0/8'],
    paths: { encodedSlash: 'pass', slashes: 'merge' },
    limits: { head: 32_768, fields: 50, target: 4096, body: 10_000_000 },
    http2: {
      maxStreams: 7,
      streamWindow: 65_536,
      connectionWindow: 131_072,
      maxContinuations: 1,
      maxCookieCrumbs: 2,
      settingsTimeout: 8_000,
      pingInterval: Infinity,
      pingTimeout: 9_000,
      wastedWork: 500,
    },
    timeouts: {
      connect: 1e3,
      requestHead: 2e3,
      responseHead: 3e3,
      bodyIdle: 4e3,
      streamIdle: 7e3,
      halfClosed: 0,
      keepAlive: 5e3,
      exchange: 6e3,
      workerStall: 0,
    },
    minimumByteRate: { rate: 0, grace: 1_000 },
    drain: { timeout: 0 },
    forwarding: { forwarded: false, xForwarded: false, via: false },
    requestId: false,
    accessLog: false,
    stores: {
      main: {
        redis: 'rediss://127.0.0.1:6379/1',
        username: 'ada',
        password: 'hunter2',
        ca: 'ca.pem',
        prefix: 'shop',
        timeout: 50,
      },
    },
    authenticators: {},
    consumers: {},
    failedAuthentication: {
      perClient: { requests: 30, per: 60_000 },
      perAccount: { requests: 20, per: 60_000 },
      maxKeys: 10_000,
    },
    cache: {
      memory: 8 * 1024 * 1024,
      tier: { store: 'main', size: 2 ** 31, largest: 2 ** 20, onStoreError: 'closed' },
      warm: [],
    },
    discovery: {
      dns: { resolvers: ['127.0.0.1:5353'], minInterval: 2_000, maxInterval: 3_000, timeout: 4_000 },
    },
    deadlines: true,
    reload: { watch: true },
    versions: { keep: 20 },
    rateLimits: {},
    upstreams: {
      orders: {
        endpoints: [{ url: 'https://127.0.0.1:9001', weight: 3, priority: 0 }],
        protocols: ['http/1.1'],
        balance: 'round-robin',
        slowStart: 0,
        panicThreshold: 30,
        overprovisioning: 140,
        outliers: false,
        health: false,
        pool: { maxConnections: 1, maxPending: 0, pendingTimeout: 1e3, idleTimeout: 2e3, maxAge: 3e3 },
        timeouts: { connect: 250 },
        tls: {
          ca: 'ca.pem',
          cert: 'client.pem',
          key: 'client.key',
          passphrase: 'sesame',
          servername: 'orders.internal',
          pins: [`sha256/${'A'.repeat(43)}=`],
          minVersion: 'TLSv1.3',
          maxVersion: 'TLSv1.3',
          verify: false,
        },
      },
    },
    routes: [
      {
        name: 'orders',
        match: { host: ['shop.example', '*.shop.example'], path: ['/orders/**'], methods: ['GET', 'POST'] },
        upstream: 'orders',
        paths: { encodedSlash: 'pass', slashes: 'keep' },
        preserveHost: false,
        priority: 0,
        importance: 'normal',
        timeout: 10_000,
        retry: false,
        limits: { body: 0 },
      },
    ],
  })
})

test('a configuration can be sent to a worker thread', () => {
  const config = accepted({ routes: [route] })
  assert.deepEqual(structuredClone(config), config)
})

test('routes without a name are named by their position', () => {
  const { routes } = accepted({
    routes: [route, { ...route, name: 'second', match: { path: '/b' } }, { ...route, match: { path: '/c' } }],
  })
  assert.deepEqual(
    routes.map(({ name }) => name),
    ['route-1', 'second', 'route-3'],
  )
})

const refusals: [string, unknown, RegExp][] = [
  ['a list', [], /^ \| an empty list is not an object/],
  ['a text', 'x', /^ \| "x" is not an object/],
  ['no routes', {}, /^routes \| there is no route, so nothing would be served \| the shortest/],
  ['an empty list of routes', { routes: [] }, /^routes \| there is no route/],
  ['routes that are no list', { routes: { a: 1 } }, /^routes \| an object is not a list/],
  ['a route without upstream', { routes: [{}] }, /^routes\[0\]\.upstream \| is missing/],
  [
    'an upstream without endpoints',
    { upstreams: { a: {} }, routes: [route] },
    /^upstreams\.a\.endpoints \| is missing/,
  ],
  [
    'an empty list of endpoints',
    { upstreams: { a: { endpoints: [] } }, routes: [route] },
    /an empty list needs at least one/,
  ],
  ['no listener', { listeners: [], routes: [route] }, /^listeners \| an empty list needs at least one entry/],
  [
    'a number without unit',
    { drain: { timeout: 30 }, routes: [route] },
    /^drain\.timeout \| 30 has no unit \| did you mean "30s"/,
  ],
  ['a timeout of 0', { timeouts: { connect: 0 }, routes: [route] }, /^timeouts\.connect \| 0 is too small/],
  [
    'a size out of range',
    { limits: { head: '100B' }, routes: [route] },
    /^limits\.head \| "100B" is too small/,
  ],
  [
    'a number as text',
    { workers: '2', routes: [route] },
    /^workers \| "2" is not a whole number \| without quotes: 2/,
  ],
  ['a broken number', { workers: 1.5, routes: [route] }, /^workers \| 1\.5 is not a whole number/],
  ['true for a section', { admin: true, routes: [route] }, /^admin \| true is neither false nor an object/],
  ['null for a section', { limits: null, routes: [route] }, /^limits \| null is not an object/],
  [
    'a mistake inside a section',
    { admin: { address: 1 }, routes: [route] },
    /^admin\.address \| 1 is not an address/,
  ],
  [
    'an unknown setting',
    { workerz: 2, routes: [route] },
    /^workerz \| "workerz" is not a known setting \| did you mean "workers"/,
  ],
  [
    'another style of name',
    { requestId: { Header: 'a' }, routes: [route] },
    /^requestId\.Header .* did you mean "header"/,
  ],
  [
    'a setting one level too high',
    { routes: [{ ...route, methods: ['GET'] }] },
    /^routes\[0\]\.methods .* did you mean "match\.methods"/,
  ],
  [
    'a word in place of a flag',
    { routes: [{ ...route, preserveHost: 'yes' }] },
    /"yes" is not true or false/,
  ],
  [
    'a list with one bad entry',
    { routes: [{ ...route, match: { host: ['a', 'B'] } }] },
    /^routes\[0\]\.match\.host\[1\] \| "B" is not a host/,
  ],
  [
    'an empty list of paths',
    { routes: [{ ...route, match: { path: [] } }] },
    /^routes\[0\]\.match\.path \| an empty list needs at least one entry/,
  ],
  [
    'neither text nor list',
    { routes: [{ ...route, match: { path: 5 } }] },
    /^routes\[0\]\.match\.path \| 5 is not a path pattern/,
  ],
  [
    'a method in lower case',
    { routes: [{ ...route, match: { methods: ['get'] } }] },
    /"get" is not in upper case \| did you mean "GET"/,
  ],
  [
    'a reserved field for the id',
    { requestId: { header: 'Host' }, routes: [route] },
    /"Host" has a meaning of its own/,
  ],
  [
    'a balancer that is not there',
    { upstreams: { a: { endpoints: [{ url: 'http://a' }], balance: 'by-mood' } }, routes: [route] },
    /"by-mood" is not one of the choices/,
  ],
  [
    'an own "__proto__"',
    JSON.parse('{"__proto__": {}, "routes": [{"upstream": "http://a"}]}'),
    /^__proto__ \| "__proto__" is not a known setting/,
  ],
]

for (const [name, input, expected] of refusals) {
  test(`refused: ${name}`, () => assert.match(problemOf(input), expected))
}

test('mistakes of different kinds are reported together', () => {
  const problems = problemsOf({
    wrokers: 1,
    listeners: [{ address: 'nowhere' }],
    upstreams: { orders: { endpoints: [{ url: 'http://127.0.0.1:9001' }] } },
    routes: [
      { name: 'a', upstream: 'oders' },
      { name: 'a', upstream: 'orders', match: { path: 'b' } },
    ],
  })
  assert.deepEqual(problems.map(({ path }) => path).sort(), [
    'listeners[0].address',
    'routes[0].upstream',
    'routes[1].match.path',
    'routes[1].name',
    'wrokers',
  ])
})

test('a problem holds the value, what is allowed, and what was probably meant', () => {
  assert.deepEqual(problemsOf({ routes: [{ ...route, match: { path: 'orders/**' } }] }), [
    {
      path: 'routes[0].match.path',
      value: 'orders/**',
      message: '"orders/**" is not a path pattern',
      allowed: 'an exact path (/a/b), a prefix (/a/**) or parameters (/users/:id); it starts with "/"',
      hint: 'did you mean "/orders/**"?',
    },
  ])
})

test('credentials in a URL are refused and never repeated', () => {
  const secrets = [
    'http://user:hunter2@127.0.0.1',
    'http://user:hunt/er2@127.0.0.1',
    'ftp://hunter2@x',
    'x://a:hunt er2@b',
  ]
  for (const url of secrets) {
    const problems = problemsOf({ upstreams: { a: { endpoints: [{ url }] } }, routes: [{ upstream: url }] })
    assert.equal(problems.length, 2)
    if (!url.includes(' ')) assert.doesNotMatch(JSON.stringify(problems), /hunt|er2/, url)
  }
})

const valid: GatewayConfigInput = {
  listeners: [{ address: '127.0.0.1:8080', tls: { cert: 'a', key: 'b' } }],
  admin: { address: '127.0.0.1:9901' },
  upstreams: { orders: { endpoints: [{ url: 'http://127.0.0.1:9001', weight: 3 }], tls: { verify: true } } },
  routes: [
    {
      name: 'a',
      match: { host: 'a', path: ['/a/**'], methods: ['GET'] },
      upstream: 'orders',
      retry: { attempts: 1 },
    },
  ],
}

test('no JSON value makes it throw', () => {
  fc.assert(fc.property(fc.jsonValue(), (input) => assert.equal(parseConfig(input).ok, false)))
})

test('a value that cannot be made a text, or is a list of one, is refused wherever a scalar is read', () => {
  for (const value of [
    { toString: 1, valueOf: 1 },
    [{ toString: 1, valueOf: 1 }],
    Object.create(null),
    [200],
  ]) {
    const problems = problemsOf({
      geo: { country: value },
      timeouts: { connect: value },
      minimumByteRate: { rate: value },
      upstreams: {
        a: {
          endpoints: [{ url: 'http://127.0.0.1:9001', weight: value }],
          hash: { key: value },
          health: { path: '/', statuses: [value] },
          tls: { verify: value },
        },
      },
      routes: [{ match: { geo: { asn: [value] } }, upstream: 'a', apiVersions: { path: value } }],
    })
    const paths = problems.map(({ path }) => path)
    for (const path of ['timeouts.connect', 'minimumByteRate.rate', 'upstreams.a.hash.key'])
      assert.ok(paths.includes(path), path)
    for (const path of [
      'upstreams.a.health.statuses[0]',
      'upstreams.a.tls.verify',
      'routes[0].match.geo.asn[0]',
    ])
      assert.ok(paths.includes(path), `${path} in ${paths.join()}`)
  }
})

test('a configuration with any one value replaced is accepted or refused with reasons, and never makes it throw', () => {
  const anything = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom('__proto__', 'constructor', '', 0, -1, Number.NaN),
  )
  fc.assert(
    fc.property(
      fc.nat(),
      anything,
      fc.option(fc.constantFrom('__proto__', 'toString', 'x', '0')),
      (place, value, key) => {
        const input: unknown = structuredClone(valid)
        const places = objectsIn(input)
        const target = places[place % places.length]
        assert.ok(target)
        const name = key ?? Object.keys(target)[place % Math.max(1, Object.keys(target).length)] ?? 'x'
        Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true })
        const result = parseConfig(input)
        if (!result.ok)
          assert.ok(result.problems.length > 0 && result.problems.every(({ message }) => message !== ''))
      },
    ),
    { numRuns: 2000 },
  )
})

function objectsIn(value: unknown): object[] {
  return typeof value === 'object' && value !== null
    ? [value, ...Object.values(value).flatMap(objectsIn)]
    : []
}
