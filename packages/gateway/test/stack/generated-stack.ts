import { createHash } from 'node:crypto'
import { bodyFrom, HttpRequest } from '@headgate/core'
import { fc } from '../../../../scripts/testing/property.ts'

/** A configuration as it is written, and a request for it. */
export interface StackCase {
  readonly config: object
  readonly request: () => HttpRequest
}

const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined, freq: 2 })
const some = <Value extends readonly unknown[]>(...values: Value): fc.Arbitrary<Value[number]> =>
  fc.constantFrom<unknown[]>(...values)

/** Every setting that puts a policy into a stack, or takes one out of it, is there or not. */
function routeOf(name: string, path: string): fc.Arbitrary<object> {
  return fc
    .record({
      target: fc.oneof(
        { weight: 4, arbitrary: fc.record({ upstream: some('a', 'b', 'down', 'down') }) },
        {
          weight: 3,
          arbitrary: fc.record({
            split: fc.record(
              {
                upstreams: some(
                  [{ upstream: 'a' }, { upstream: 'b' }],
                  [{ upstream: 'b', weight: 0 }, { upstream: 'down' }],
                ),
                sticky: some('client', { header: 'x-user' }, { cookie: 'at' }),
              },
              { requiredKeys: ['upstreams'] },
            ),
          }),
        },
        {
          weight: 1,
          arbitrary: fc.constant({
            upstream: 'b',
            match: { path: path.replace('/s/', '/:version/') },
            apiVersions: { path: 'version', default: 's', stripPath: true, versions: { s: {} } },
          }),
        },
        { weight: 1, arbitrary: fc.constant({ respond: { status: 204 } }) },
        { weight: 1, arbitrary: fc.constant({ redirect: { location: '/b' } }) },
        {
          weight: 1,
          arbitrary: fc.constant({ files: { root: import.meta.dirname, fallback: '/order.test.ts' } }),
        },
        {
          weight: 2,
          arbitrary: fc.constant({
            upstream: 'a',
            apiVersions: { header: 'x-version', versions: { 1: { upstream: 'b' }, 2: {} } },
          }),
        },
      ),
      sends: fc.record({
        rewrite: maybe(
          some(
            { stripPrefix: '/s' },
            { stripPrefix: '/s', query: { remove: ['a'] } },
            { path: '/other' },
            { query: { remove: ['a'] } },
          ),
        ),
        requestHeaders: maybe(some({ set: { 'x-a': '1' } }, { set: { 'x-caller': '${identity.subject}' } })),
        preserveHost: maybe(fc.boolean()),
        retry: some(
          false,
          { attempts: 2, backoff: { base: '1ms', max: '1ms' } },
          { attempts: 2, backoff: { base: '1ms', max: '1ms' }, grpcStatuses: ['UNAVAILABLE'] },
        ),
        grpc: maybe(some({}, { web: {} }, { maxRequestMessage: '1B', maxResponseMessage: '1MiB' })),
        hedge: maybe(fc.constant({ delay: '1s' })),
        mirror: maybe(some({ upstream: 'b' }, { upstream: 'a', percent: 0 })),
        fallback: maybe(some({ upstream: 'a' }, { upstream: 'b' }, { respond: { status: 503 } })),
        timeouts: maybe(some({ attempt: '2s' }, { bodyIdle: '9s' })),
        cache: maybe(some(true, false, { ttl: '1s' }, { key: { query: 'none' } })),
        events: maybe(some({}, { heartbeat: 'off' }, { without: ['ping'] }, { share: true })),
        webSocket: maybe(some({}, { perClient: 2, ping: {} })),
      }),
      any: fc.record({
        importance: maybe(some('high', 'normal')),
        timeout: maybe(fc.constant('5s')),
        cors: maybe(fc.constant({ origins: ['https://a.example'] })),
        authentication: maybe(some('partners', false, { anyOf: ['partners'], anonymous: true })),
        authorization: maybe(
          some(
            { allow: { scopes: ['read'] } },
            { deny: { methods: ['PUT'], when: 'request.path.size() > 1' }, mode: 'report' },
          ),
        ),
        validate: maybe(some({ body: {} }, { body: {}, mode: 'report' })),
        limits: maybe(some({ body: '1KiB' }, { body: '1B' })),
        redirectToHttps: maybe(some(true, false, { port: 8443 })),
        securityHeaders: maybe(some('recommended', false, { preset: 'none', frames: 'self' })),
        responseCookies: maybe(some(true, [{ names: ['a*'] }])),
        compress: maybe(some(true, false, { codings: ['br'], minSize: '1B', levels: { br: 1 } })),
        errorPages: maybe(
          some(
            { pages: [{ statuses: ['4xx'], text: 'none' }] },
            { pages: [{ statuses: ['503'], type: 'text/plain', text: 'soon' }], upstream: true },
          ),
        ),
        transform: maybe(
          some(
            { request: { json: [{ wrap: 'data' }] } },
            { response: { json: [{ wrap: 'data' }] } },
            { request: { as: 'json' }, response: { text: [{ find: 'a', replace: 'b' }] } },
          ),
        ),
        csrf: maybe(some(true, { trustedOrigins: ['https://a.example'] })),
        hsts: maybe(some(false, {}, { maxAgeDays: 1, includeSubDomains: true, preload: true })),
        forwardClientCertificate: maybe(some('certificate', 'none')),
        rateLimit: maybe(some(['one'], ['two', { name: 'own', rate: '9/s', key: ['client-ip', 'route'] }])),
        concurrency: maybe(fc.constant({ limit: 9 })),
        responseHeaders: maybe(fc.constant({ set: { 'x-b': '2' } })),
        lifecycle: maybe(fc.constant({ sunset: '2099-01-01' })),
        graphql: maybe(some({}, { maxBatch: 2 })),
        match: some({ path }, { path, methods: ['GET', 'POST'] }),
      }),
    })
    .map(({ target, sends, any }) => {
      const isAnswered = 'respond' in target || 'redirect' in target || 'files' in target
      const { lifecycle, ...others } = any
      const defined = Object.entries({
        name,
        ...others,
        ...(isAnswered ? {} : sends),
        ...('apiVersions' in target ? {} : { lifecycle }),
        ...target,
      }).filter(([, value]) => value !== undefined)
      return Object.fromEntries(defined)
    })
}

const KEY = 'a key'
const HASH = `sha256:${createHash('sha256').update(KEY).digest('hex')}`

/** @param origin of the upstreams that answer */
export function stackCases(origin: string): fc.Arbitrary<StackCase> {
  const guards = fc.record({
    breaker: maybe(some({}, { per: 'endpoint' }, { per: 'both' })),
    concurrency: maybe(fc.constant({ limit: 50 })),
    balance: some('round-robin', 'peak-ewma', 'least-connections'),
    sticky: maybe(fc.constant({ cookie: 'held' })),
    outliers: maybe(fc.constant(false)),
  })
  const upstream = (url: string): fc.Arbitrary<object> =>
    guards.map((settings) => ({
      endpoints: [{ url }],
      ...Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)),
    }))
  const config = fc.record({
    requestId: some(false, {}),
    accessLog: some(false, {}, { headers: ['x-user'] }),
    deadlines: fc.boolean(),
    limits: some({}, { body: '2KiB' }),
    timeouts: some({}, { exchange: '4s' }),
    forwarding: some({}, { xForwarded: false }),
    trustedProxies: some([], ['192.0.2.0/24']),
    loadShedding: some(undefined, { memory: '64GiB' }),
    rateLimits: fc.constant({ one: { rate: '5/s' }, two: { rate: '6/s', key: ['header:x-user'] } }),
    authenticators: fc.constant({
      partners: { apiKey: { keys: [{ name: 'shop', hash: HASH, scopes: ['read'] }] } },
    }),
    consumers: fc.constant({ shop: { credentials: { partners: 'shop' }, rateLimit: 'two' } }),
    upstreams: fc.record({
      a: upstream(origin),
      b: upstream(origin),
      // Nobody listens on that port.
      down: upstream('http://127.0.0.1:1'),
    }),
    routes: fc.tuple(routeOf('first', '/s/first'), routeOf('second', '/s/second')),
  })
  const request = fc
    .record({
      path: some('/s/first', '/s/second', '/s/first?a=1', '/none'),
      method: some('GET', 'POST', 'PUT'),
      content: some('', 'content', '{"query":"{ a }"}', '{"query":"mutation { a }"}'),
      headers: some(
        {},
        { 'x-version': '1' },
        { 'x-api-key': KEY },
        { 'x-api-key': KEY, origin: 'https://a.example' },
        { 'x-api-key': 'another' },
        { 'x-version': '2', 'x-user': 'ada' },
        { cookie: 'at=7', 'x-request-timeout': '3' },
      ),
    })
    .map(({ path, method, content, headers }) => () => {
      const named = content.startsWith('{') ? 'application/json' : content === '' ? '' : 'application/grpc'
      const type: Record<string, string> = named === '' ? {} : { 'content-type': named }
      const hasContent = method !== 'GET' && content !== ''
      return HttpRequest.to(`http://a.example${path}`, {
        method,
        headers: { ...headers, ...(hasContent ? type : {}) },
        ...(hasContent && { body: bodyFrom(content) }),
      })
    })
  return fc.record({ config, request })
}
