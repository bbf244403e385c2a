import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseConfig } from '../../src/config/parse.ts'

const url = 'http://127.0.0.1:9000'

/** The only mistake of one route, with what it suggests. */
function mistake(settings: object, more: object = {}): string {
  const result = parseConfig({ ...more, routes: [{ upstream: url, ...settings }] })
  assert.ok(!result.ok, 'there is no mistake')
  assert.equal(result.problems.length, 1, JSON.stringify(result.problems))
  const [problem] = result.problems
  assert.ok(problem?.allowed, 'what is allowed is told')
  return `${problem.path}: ${problem.message}; ${problem.hint}`
}

describe('a number without a unit', () => {
  for (const [written, hint] of [
    [30, '"30s"'],
    [99, '"99s"'],
    [500, '"500ms" or "500s"'],
    [5000, '"5000ms"'],
    ['5000', '"5000ms"'],
    [' 60000 ', '"60000ms"'],
    [1.5, '"1500ms"'],
    [0.25, '"250ms"'],
  ] as const) {
    it(`${JSON.stringify(written)} as a time may mean ${hint}`, () => {
      const shown = JSON.stringify(written)
      assert.equal(
        mistake({ timeout: written }),
        `routes[0].timeout: ${shown} has no unit; did you mean ${hint}?`,
      )
    })
  }

  for (const [written, hint] of [
    [10, '"10MiB" or "10KiB" or "10B"'],
    [1000, '"1000MiB" or "1000KiB" or "1000B"'],
    [1500, '"1500B"'],
    [65_536, '"64KiB"'],
    [10_485_760, '"10MiB"'],
    ['10485760', '"10MiB"'],
    [10_000_000, '"10MB"'],
  ] as const) {
    it(`${JSON.stringify(written)} as a size may mean ${hint}`, () => {
      const place = `routes[0].limits.body: ${JSON.stringify(written)} has no unit`
      assert.equal(mistake({ limits: { body: written } }), `${place}; did you mean ${hint}?`)
    })
  }

  it('is suggested only with units that the setting can have', () => {
    assert.match(
      mistake({}, { limits: { head: 16 } }),
      /^limits\.head: 16 has no unit; did you mean "16KiB"\?$/,
    )
    assert.match(
      mistake({}, { minimumByteRate: { rate: 1024 } }),
      /1024 has no unit; did you mean "1KiB\/s"\?$/,
    )
  })
})

describe('quantities as other programs write them', () => {
  for (const [written, hint] of [
    ['1m30s', '90s'],
    ['1h30m', '90m'],
    ['1d', '24h'],
    ['PT5S', '5s'],
    ['1500 msec', '1500ms'],
    ['5S', '5s'],
  ] as const) {
    it(`${written} is ${hint}`, () =>
      assert.match(mistake({ timeout: written }), new RegExp(`did you mean "${hint}"`)))
  }
  for (const [written, hint] of [
    ['10Mi', '10MiB'],
    ['8k', '8KiB'],
    ['100 bytes', '100B'],
  ] as const) {
    it(`${written} is ${hint}`, () =>
      assert.match(mistake({ limits: { body: written } }), new RegExp(`did you mean "${hint}"`)))
  }
})

describe('words that are nearly right', () => {
  const upstreams = (balance: string) => ({ upstreams: { a: { endpoints: [{ url }], balance } } })
  for (const [written, hint] of [
    ['roundrobin', 'round-robin'],
    ['ROUND_ROBIN', 'round-robin'],
    ['round-robbin', 'round-robin'],
    ['least_conn', 'least-connections'],
    ['leastconn', 'least-connections'],
    ['ewma', 'peak-ewma'],
  ] as const) {
    it(`balance: ${written} may mean ${hint}`, () =>
      assert.equal(
        mistake({}, upstreams(written)),
        `upstreams.a.balance: "${written}" is not one of the choices; did you mean "${hint}"?`,
      ))
  }
  it('what resembles nothing gets no suggestion', () =>
    assert.match(mistake({}, upstreams('fastest')), /choices; undefined$/))
  it('true and false in quotes', () => {
    assert.match(mistake({ preserveHost: 'true' }), /"true" is not true or false; without quotes: true$/)
    assert.match(mistake({ preserveHost: 'off' }), /"off" is not true or false; without quotes: false$/)
  })
})

describe('methods', () => {
  it('may be one text in place of a list, as hosts and paths may', () => {
    const result = parseConfig({
      routes: [
        {
          upstream: url,
          match: { methods: 'GET', client: '10.0.0.0/8', contentType: 'text/*', accept: 'text/html' },
        },
      ],
    })
    assert.ok(result.ok)
    assert.deepEqual(result.config.routes[0]?.match, {
      path: ['/**'],
      methods: ['GET'],
      client: ['10.0.0.0/8'],
      contentType: ['text/*'],
      accept: ['text/html'],
    })
  })
  for (const [methods, expected] of [
    [['get'], 'routes[0].match.methods[0]: "get" is not in upper case; did you mean "GET"?'],
    ['get', 'routes[0].match.methods: "get" is not in upper case; did you mean "GET"?'],
    ['get, post', 'routes[0].match.methods: "get, post" names several methods; did you mean ["GET","POST"]?'],
    ['*', 'routes[0].match.methods: "*" names no method; without "methods", every method matches'],
    [['ANY'], 'routes[0].match.methods[0]: "ANY" names no method; without "methods", every method matches'],
  ] as const) {
    it(`${JSON.stringify(methods)} is refused with what was meant`, () =>
      assert.equal(mistake({ match: { methods } }), expected))
  }
})

describe('rate limits', () => {
  for (const [rateLimit, expected] of [
    [100, 'routes[0].rateLimit: 100 has no time; did you mean { rate: 100/s }?'],
    [[100], 'routes[0].rateLimit[0]: 100 has no time; did you mean { rate: 100/s }?'],
    [
      '100/m',
      'routes[0].rateLimit: "100/m" is a rate, and a limit is a section; did you mean { rate: 100/m }?',
    ],
    [true, 'routes[0].rateLimit: true names no rate limit; undefined'],
    [{ rate: 100 }, 'routes[0].rateLimit.rate: 100 has no time; did you mean "100/s"?'],
  ] as const) {
    it(`${JSON.stringify(rateLimit)} is refused with what was meant`, () =>
      assert.equal(mistake({ rateLimit }), expected))
  }
})

describe('HTTP/2 and gRPC as other programs write them', () => {
  for (const [settings, more, hint] of [
    [
      { upstream: 'h2://a:1' },
      {},
      'did you mean "h2c://a:1"? With TLS, write https and set protocols: [h2] of the upstream',
    ],
    [
      { upstream: 'GRPC://a:1' },
      {},
      'did you mean "h2c://a:1"? With TLS, write https and set protocols: [h2] of the upstream',
    ],
    [
      { upstream: 'http2://a' },
      {},
      'did you mean "h2c://a"? With TLS, write https and set protocols: [h2] of the upstream',
    ],
    [
      { upstream: 'grpcs://a' },
      {},
      'did you mean "https://a"? For HTTP/2 there, set protocols: [h2] of the upstream',
    ],
    [
      { upstream: 'grpc+unix:/run/a' },
      {},
      'did you mean "h2c+unix:/run/a"? With TLS, write https and set protocols: [h2] of the upstream',
    ],
    [{}, { http2: false }, 'which versions a listener speaks, its protocols say: [http/1.1], or [h2]'],
    [{}, { http2: 'off' }, 'which versions a listener speaks, its protocols say: [http/1.1], or [h2]'],
    [{}, { listeners: [{ address: ':1', protocols: ['http/2'] }] }, 'did you mean "h2"?'],
    [{}, { listeners: [{ address: ':1', protocols: [1.1] }] }, 'did you mean "http/1.1"?'],
    [{ retry: { statuses: ['UNAVAILABLE'] } }, {}, 'did you mean grpcStatuses: [UNAVAILABLE]?'],
    [{ retry: { statuses: ['teapot'] } }, {}, 'undefined'],
    [{ retry: { grpcStatuses: [14] } }, {}, 'did you mean "UNAVAILABLE"?'],
    [{ retry: { grpcStatuses: [0] } }, {}, 'undefined'],
  ] as const) {
    it(`${JSON.stringify({ ...settings, ...more })}: ${hint}`, () =>
      assert.equal(mistake(settings, more).split('; ').slice(1).join('; '), hint))
  }

  for (const [upstream, hint] of [
    [{ http2: true }, 'HTTP/2 is asked for by h2c:// in URLs, or by protocols: [h2] for https://'],
    [{ protocols: ['HTTP/2'] }, 'did you mean "h2"?'],
    [{ health: { type: 'grpc' } }, 'to ask by gRPC, write grpc: {} in place of type'],
  ] as const) {
    it(`of an upstream, ${JSON.stringify(upstream)}: ${hint}`, () =>
      assert.ok(
        mistake({}, { upstreams: { a: { endpoints: [{ url }], ...upstream } } }).endsWith(`; ${hint}`),
      ))
  }
})
