import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { after, describe, it } from 'node:test'
import { collect, Exchange, type HttpResponse, HttpRequest, type Peer, systemClock } from '@headgate/core'
import type { RouteInput } from '../../src/config/input/input.ts'
import { startOrigin } from '../origin.ts'
import { createGateway } from '../../src/embedding/create-gateway.ts'

/** Says what it received, by a name. */
function startEcho(name: string): ReturnType<typeof startOrigin> {
  return startOrigin((request: IncomingMessage, response) => {
    response.setHeader('server', name)
    response.setHeader('x-powered-by', 'echo')
    response.end(JSON.stringify({ name, url: request.url, headers: request.headers }))
  })
}

const CLIENT: Peer = { address: '192.0.2.7', port: 4711, encrypted: false }

interface Echo {
  readonly name: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

interface Answer {
  readonly response: HttpResponse
  readonly text: string
  readonly echo: Echo
}

type Ask = (url: string, headers?: Record<string, string>, peer?: Peer) => Promise<Answer>

function gatewayOf(
  routes: RouteInput[],
  more: { trustedProxies?: string[]; accessLog?: (line: string) => void } = {},
): Ask {
  const { accessLog, ...config } = more
  const starting = createGateway({ ...config, routes }, accessLog && { accessLog })
  after(async () => (await starting).close())
  return async (url, headers = {}, peer = CLIENT) => {
    const gateway = await starting
    const exchange = new Exchange(HttpRequest.to(url, { headers }), systemClock, peer)
    const response = await gateway.handler(exchange)
    const text = String(await collect(response.body))
    exchange.finish({ status: response.status, error: undefined, bytesSent: text.length, bytesReceived: 0 })
    return {
      response,
      text,
      get echo() {
        return JSON.parse(text) as Echo
      },
    }
  }
}

describe('rewrites', () => {
  it('strip a prefix by whole segments, and logs tell what was asked for', async () => {
    const { url: upstream } = await startEcho('it')
    const lines: string[] = []
    const ask = gatewayOf([{ match: { path: '/**' }, upstream, rewrite: { stripPrefix: '/api' } }], {
      accessLog: (line) => lines.push(line),
    })
    assert.equal((await ask('http://a/api/orders?x=1')).echo.url, '/orders?x=1')
    assert.equal((await ask('http://a/api')).echo.url, '/')
    assert.equal((await ask('http://a/apis/x')).echo.url, '/apis/x')
    assert.equal(JSON.parse(lines[0] ?? '').path, '/api/orders?x=1')
  })

  it('tell the upstream the prefix that was cut off, behind that of a trusted proxy; what others claim of it does not pass', async () => {
    const { url: upstream } = await startEcho('it')
    const routes = [{ match: { path: '/**' }, upstream, rewrite: { stripPrefix: '/api' } }]
    const ask = gatewayOf(routes, { trustedProxies: ['192.0.2.7'] })
    const prefixOf = async (path: string, sent?: string, peer: Peer = CLIENT) =>
      (await ask(`http://a${path}`, sent === undefined ? {} : { 'x-forwarded-prefix': sent }, peer)).echo
        .headers['x-forwarded-prefix']
    assert.equal(await prefixOf('/api/orders'), '/api')
    assert.equal(await prefixOf('/api'), '/api')
    assert.equal(await prefixOf('/apis'), undefined)
    assert.equal(await prefixOf('/api/orders', '/shop/'), '/shop/api')
    assert.equal(await prefixOf('/other', '/shop'), '/shop')
    const stranger = { ...CLIENT, address: '192.0.2.8' }
    assert.equal(await prefixOf('/api/orders', '//evil.example', stranger), '/api')
    assert.equal(await prefixOf('/other', '//evil.example', stranger), undefined)
    const silent = await createGateway({ routes, forwarding: { xForwarded: false } })
    after(() => silent.close())
    const response = await silent.handler(new Exchange(HttpRequest.to('http://a/api/x'), systemClock, CLIENT))
    assert.doesNotMatch(String(await collect(response.body)), /x-forwarded-prefix/)
  })

  it('make the path from parameters, once: what they hold is no template', async () => {
    const { url: upstream } = await startEcho('it')
    const ask = gatewayOf([
      {
        match: { path: '/users/:id/posts/:post' },
        upstream,
        rewrite: { path: '/v2/${params.post}/by/${params.id}' },
      },
      { match: { path: '/:pre/x' }, upstream, rewrite: { path: '/..${params.pre}' } },
    ])
    assert.equal(
      (await ask('http://a/users/7%20a/posts/$%7Bparams.id%7D')).echo.url,
      '/v2/$%7Bparams.id%7D/by/7%20a',
    )
    const { response, text } = await ask('http://a/;a/x')
    assert.equal(response.status, 400)
    assert.match(text, /the path that the route makes of this one is refused/)
  })

  it('change host and parameters of the query, and leave the others as they were sent', async () => {
    const { url: upstream } = await startEcho('it')
    const query = {
      set: { v: '2', from: '${client.address}', p: '${params.id}' },
      add: { tag: 'a&b' },
      remove: ['secret'],
    }
    const ask = gatewayOf([
      { match: { path: '/a/:id' }, upstream, rewrite: { host: 'inner.example:81', query } },
      { match: { path: '/b' }, upstream, rewrite: { query: { remove: ['x'] } } },
      // Half of a surrogate pair, as JSON can hold it.
      { match: { path: '/c' }, upstream, rewrite: { query: { set: { '\ud800': 'x' } } } },
    ])
    const { echo } = await ask('http://shop.example/a/7%26?tag=1&%76=1&sec%72et=x&B=%7e&&')
    assert.equal(echo.url, '/a/7%26?tag=1&B=%7e&v=2&from=192.0.2.7&p=7%26&tag=a%26b')
    assert.equal(echo.headers['host'], 'inner.example:81')
    assert.equal(echo.headers['x-forwarded-host'], 'shop.example', 'the upstream is told what was asked for')
    assert.equal((await ask('http://a/b?x=1')).echo.url, '/b')
    assert.equal((await ask('http://a/c')).echo.url, '/c?%EF%BF%BD=x')
  })
})

describe('fields of the request as variables', () => {
  it('stand for their value or for nothing, in fields, paths and queries', async () => {
    const { url: upstream } = await startEcho('it')
    const ask = gatewayOf([
      {
        match: { path: '/:id' },
        upstream,
        requestHeaders: { set: { 'x-copy': '${request.headers.X-Tenant}' } },
        rewrite: {
          path: '/of/${request.headers.x-tenant}/${params.id}',
          query: { set: { t: '${request.headers.x-tenant}' } },
        },
        responseHeaders: { set: { 'x-tenant': '${request.headers.x-tenant}' } },
      },
    ])
    // Two bytes of UTF-8, as they arrive.
    const value = 'a;b ?#%\u00c3\u00a9'
    const { response, echo } = await ask('http://a/7', { 'x-tenant': value })
    assert.equal(echo.url, '/of/a;b%20%3F%23%25%C3%A9/7?t=a%3Bb%20%3F%23%25%C3%A9')
    assert.equal(echo.headers['x-copy'], value)
    assert.equal(response.headers.get('x-tenant'), value)
    const without = await ask('http://a/7')
    assert.equal(without.echo.url, '/of/7?t=')
    assert.equal(without.echo.headers['x-copy'], '')
  })

  it('lead no path out of its place', async () => {
    const { url: upstream } = await startEcho('it')
    const ask = gatewayOf([
      { upstream, rewrite: { path: '/of/${request.headers.x-tenant}/items' } },
      { match: { path: '/by-id' }, upstream, rewrite: { path: '/of/${request.id}/items' } },
    ])
    for (const value of ['..', '.', '../..', '..;', '../../admin', 'a/b', 'a\\b']) {
      const { response } = await ask('http://a/', { 'x-tenant': value })
      assert.equal(response.status, 400, value)
    }
    for (const value of ['..', '../../admin']) {
      const { response } = await ask('http://a/by-id', { 'x-request-id': value })
      assert.equal(response.status, 400, value)
    }
  })
})

describe('header changes', () => {
  it('set, add and remove fields on the way in, and nobody can have them removed', async () => {
    const { url: upstream } = await startEcho('it')
    const ask = gatewayOf([
      {
        name: 'r1',
        match: { path: '/u/:id' },
        upstream,
        rewrite: { path: '/other' },
        requestHeaders: {
          set: { 'X-Tenant': '${params.id} ${request.host} ${request.path} ${route.name} ${request.method}' },
          add: { 'x-tag': 'two' },
          remove: ['cookie'],
        },
      },
    ])
    const { echo } = await ask('http://shop.example:81/u/7', {
      'x-tenant': 'mine',
      x_tenant: 'mine',
      'x-tag': 'one',
      cookie: 'a=1',
      connection: 'x-tenant, x-tag',
    })
    assert.equal(echo.headers['x-tenant'], '7 shop.example /u/7 r1 GET')
    assert.equal(echo.headers['x_tenant'], undefined)
    assert.equal(echo.headers['x-tag'], 'one, two')
    assert.equal(echo.headers['cookie'], undefined)
  })

  it('keep what a client says of X-Real-IP out, and the fields in by which the route was chosen', async () => {
    const { url: upstream } = await startEcho('it')
    const ask = gatewayOf([
      {
        match: { any: [{ headers: { 'x-plan': 'paid' } }] },
        upstream,
        requestHeaders: { add: { 'x-real-ip': '${client.address}' } },
      },
    ])
    const { echo } = await ask('http://a/', {
      'x-plan': 'paid',
      'x-real-ip': '10.0.0.1',
      connection: 'x-plan',
    })
    assert.equal(echo.headers['x-real-ip'], '192.0.2.7')
    assert.equal(echo.headers['x-plan'], 'paid')
  })

  it('change the fields of every answer on the way out, errors too', async () => {
    const { url: upstream } = await startEcho('it')
    const responseHeaders = {
      set: { 'strict-transport-security': 'max-age=1', 'x-id': '${request.id}' },
      remove: ['x-powered-by', 'server'],
    }
    const ask = gatewayOf([
      { match: { path: '/up' }, upstream, responseHeaders, rewrite: { path: '/x' } },
      { match: { path: '/down' }, upstream: 'http://127.0.0.1:1', retry: false, responseHeaders },
    ])
    for (const [path, status] of [
      ['/up', 200],
      ['/down', 502],
    ] as const) {
      const { response } = await ask(`http://a${path}`)
      assert.equal(response.status, status)
      assert.equal(response.headers.get('strict-transport-security'), 'max-age=1')
      assert.match(response.headers.get('x-id') ?? '', /./)
      assert.equal(response.headers.get('server'), undefined)
    }
  })
})

describe('answers without an upstream', () => {
  it('redirect, with parts of the request', async () => {
    const ask = gatewayOf([
      {
        match: { path: '/old/:id' },
        redirect: { status: 301, location: 'https://${request.host}/new/${params.id}${request.query}' },
      },
      { redirect: { location: 'https://www.shop.example${request.path}' } },
    ])
    const { response } = await ask('http://shop.example:8080/old/7?a=1')
    assert.equal(response.status, 301)
    assert.equal(response.headers.get('location'), 'https://shop.example/new/7?a=1')
    const other = await ask('http://shop.example//evil.example/x')
    assert.equal(other.response.status, 308)
    assert.equal(other.response.headers.get('location'), 'https://www.shop.example/evil.example/x')
  })

  it('answer the same each time', async () => {
    const ask = gatewayOf([
      { match: { path: '/robots.txt' }, respond: { body: 'User-agent: *\n' } },
      { respond: { status: 404, headers: { 'content-type': 'application/json' }, body: '{}' } },
    ])
    const robots = await ask('http://a/robots.txt')
    assert.equal(robots.text, 'User-agent: *\n')
    assert.equal(robots.response.headers.get('content-type'), 'text/plain; charset=utf-8')
    const other = await ask('http://a/x')
    assert.equal(other.response.status, 404)
    assert.equal(other.response.headers.getAll('content-type').join(), 'application/json')
  })
})

describe('the client of a match', () => {
  it('is the one that a trusted proxy speaks for, and never the one that anybody claims', async () => {
    const ask = gatewayOf(
      [
        { name: 'office', match: { client: ['10.0.0.0/8'] }, respond: { body: 'office' } },
        { name: 'rest', respond: { body: 'rest' } },
      ],
      { trustedProxies: ['192.0.2.1'] },
    )
    const proxy = { ...CLIENT, address: '192.0.2.1' }
    assert.equal((await ask('http://a/', { 'x-forwarded-for': '10.1.1.1' }, proxy)).text, 'office')
    assert.equal((await ask('http://a/', { 'x-forwarded-for': '10.1.1.1, 203.0.113.9' }, proxy)).text, 'rest')
    assert.equal((await ask('http://a/', { 'x-forwarded-for': '10.1.1.1' })).text, 'rest')
    assert.equal((await ask('http://a/', {}, { ...CLIENT, address: '10.1.1.1' })).text, 'office')
  })
})

describe('a split', () => {
  async function names(
    ask: Ask,
    count: number,
    headers: (index: number) => Record<string, string>,
  ): Promise<string[]> {
    const all: string[] = []
    for (let index = 0; index < count; index++) all.push((await ask('http://a/', headers(index))).echo.name)
    return all
  }

  it('spreads requests by weight, and keeps who is sticky', async () => {
    const [one, other] = [await startEcho('one'), await startEcho('other')]
    const upstreams = [
      { upstream: one.url, weight: 3 },
      { upstream: other.url, weight: 1 },
    ]
    const ask = gatewayOf([{ split: { upstreams, sticky: { header: 'x-user' } } }])
    const user = (index: number): Record<string, string> => ({ 'x-user': `user-${index}` })
    const first = await names(ask, 200, user)
    assert.deepEqual(await names(ask, 200, user), first)
    const share = first.filter((name) => name === 'one').length
    assert.ok(share > 120 && share < 180, `${share} of 200, where 150 are expected`)
  })

  it('gives a cookie to who has none, and sends it to the same one from then on', async () => {
    const [one, other] = [await startEcho('one'), await startEcho('other')]
    const ask = gatewayOf([
      { split: { upstreams: [{ upstream: one.url }, { upstream: other.url }], sticky: { cookie: 'ab' } } },
    ])
    for (let round = 0; round < 10; round++) {
      const { response, echo } = await ask('http://a/')
      const [cookie = ''] = (response.headers.get('set-cookie') ?? '').split(';')
      assert.match(cookie, /^ab=\w+$/)
      const again = await ask('http://a/', { cookie })
      assert.equal(again.echo.name, echo.name)
      assert.equal(again.response.headers.get('set-cookie'), undefined)
    }
  })

  it('sends nothing where the weight is 0', async () => {
    const [one, other] = [await startEcho('one'), await startEcho('other')]
    const upstreams = [{ upstream: one.url }, { upstream: other.url, weight: 0 }]
    const ask = gatewayOf([{ split: { upstreams, sticky: 'client' } }])
    assert.deepEqual(new Set(await names(ask, 20, () => ({}))), new Set(['one']))
  })
})

describe('a mirror', () => {
  it('gets a copy of the rewritten request, and the client only the first answer', async () => {
    const { url: upstream } = await startEcho('first')
    const copied = Promise.withResolvers<string>()
    const second = await startOrigin((request, response) => {
      response.end('never seen')
      copied.resolve(`${request.url} ${String(request.headers['x-tag'])}`)
    })
    const ask = gatewayOf([
      {
        upstream,
        mirror: { upstream: second.url },
        rewrite: { stripPrefix: '/api' },
        requestHeaders: { set: { 'x-tag': 'it' } },
      },
    ])
    assert.equal((await ask('http://a/api/x')).echo.name, 'first')
    assert.equal(await copied.promise, '/x it')
  })

  it('is not waited for, fails for itself, and has so many copies under way', async () => {
    const { url: upstream } = await startEcho('first')
    let copies = 0
    const deaf = await startOrigin(() => {
      copies++
    })
    const ask = gatewayOf([
      { match: { path: '/deaf' }, upstream, mirror: { upstream: deaf.url, concurrency: 2 } },
      { match: { path: '/gone' }, upstream, mirror: { upstream: 'http://127.0.0.1:1' } },
      { match: { path: '/none' }, upstream, mirror: { upstream: deaf.url, percent: 0 } },
    ])
    for (const path of ['/deaf', '/deaf', '/deaf', '/deaf', '/gone', '/none'])
      assert.equal((await ask(`http://a${path}`)).echo.name, 'first')
    assert.ok(copies <= 2, `${copies} copies`)
  })
})
