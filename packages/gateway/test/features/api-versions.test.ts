import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { type Clock, collect, Exchange, HttpRequest, type HttpResponse, systemClock } from '@headgate/core'
import { VirtualClock } from '@headgate/core/testing'
import type { ApiVersionsInput, RouteInput } from '../../src/config/input/input.ts'
import { acceptedVersion } from '../../src/features/api-versions/asked-version.ts'
import { startOrigin } from '../origin.ts'
import { createGateway } from '../../src/embedding/create-gateway.ts'

const NOW = Date.UTC(2026, 5, 1)

interface Answer {
  readonly response: HttpResponse
  readonly text: string
}

type Ask = (path: string, headers?: Record<string, string>) => Promise<Answer>

function gatewayOf(
  routes: RouteInput[],
  more: { clock?: Clock; accessLog?: (line: string) => void } = {},
): Ask {
  const { clock = new VirtualClock({ wallTime: NOW }), accessLog } = more
  const starting = createGateway({ requestId: false, routes }, { clock, ...(accessLog && { accessLog }) })
  after(async () => (await starting).close())
  return async (path, headers = {}) => {
    const gateway = await starting
    const exchange = new Exchange(HttpRequest.to(`http://shop.example${path}`, { headers }), clock)
    const response = await gateway.handler(exchange)
    const text = String(await collect(response.body))
    exchange.finish({ status: response.status, error: undefined, bytesSent: text.length, bytesReceived: 0 })
    return { response, text }
  }
}

/** Each version says its name, and what it was asked for. */
function versions(more: Partial<ApiVersionsInput> = {}): RouteInput {
  return {
    name: 'shop',
    match: { path: ['/items/**', '/:version/items/**'] },
    respond: { body: 'the route itself', headers: { 'x-version': '${api.version}' } },
    apiVersions: {
      path: 'version',
      query: 'v',
      header: 'X-API-Version',
      mediaType: 'application/vnd.shop',
      default: 2,
      versions: { 1: {}, 2: {}, '2026-01-31': {} },
      ...more,
    },
  }
}

describe('the version of an API', () => {
  it('is taken from path, query, header or media type, else it is the default', async () => {
    const ask = gatewayOf([versions()])
    const cases: [path: string, headers: Record<string, string>, version: string][] = [
      ['/v1/items/7', {}, '1'],
      ['/1/items', {}, '1'],
      ['/2026-01-31/items', {}, '2026-01-31'],
      ['/items?v=1', {}, '1'],
      ['/items?v=', {}, '2'],
      ['/items', { 'x-api-version': '1' }, '1'],
      ['/items', { 'x-api-version': 'v1' }, '1'],
      ['/items', { 'x-api-version': '' }, '2'],
      ['/items', { accept: 'application/vnd.shop.v1+json' }, '1'],
      ['/items', { accept: 'application/vnd.shop+json;version=1' }, '1'],
      ['/items', { accept: 'application/json' }, '2'],
      ['/items', {}, '2'],
      ['/v1/items?v=1', { 'x-api-version': 'V1' }, '1'],
    ]
    for (const [path, headers, version] of cases) {
      const { response } = await ask(path, headers)
      assert.deepEqual(
        [response.status, response.headers.get('x-version')],
        [200, version],
        `${path} ${JSON.stringify(headers)}`,
      )
      assert.equal(response.headers.get('vary'), 'x-api-version, accept', 'caches are told')
    }
  })

  it('that there is not is refused with the status that fits, and those that there are', async () => {
    const ask = gatewayOf([versions()])
    const cases: [path: string, headers: Record<string, string>, status: number, detail: string][] = [
      ['/v9/items', {}, 404, 'the path asks for version "v9"; there are 1, 2, 2026-01-31'],
      ['/items?v=9', {}, 400, 'the parameter v of the query asks for version "9"; there are'],
      ['/items?v=1&v=2', {}, 400, 'the parameter v of the query asks for version "1, 2"'],
      ['/items', { 'x-api-version': '9' }, 400, 'the field x-api-version asks for version "9"'],
      ['/items', { 'x-api-version': '<script>' }, 400, 'asks for version "<script>"'],
      ['/v1/items', { 'x-api-version': '9' }, 400, 'the field x-api-version asks for version "9"'],
      ['/items', { accept: 'application/vnd.shop.v9+json' }, 406, 'Accept (application/vnd.shop) asks for'],
      ['/v1/items', { 'x-api-version': '2' }, 400, 'the request asks for version 1 and for version 2'],
    ]
    for (const [path, headers, status, detail] of cases) {
      const { response, text } = await ask(path, headers)
      const problem = JSON.parse(text) as { status: number; detail: string; supported: string[] }
      assert.deepEqual([response.status, problem.status], [status, status], path)
      assert.ok(problem.detail.includes(detail), problem.detail)
      assert.deepEqual(problem.supported, ['1', '2', '2026-01-31'])
      assert.equal(response.headers.get('content-type'), 'application/problem+json')
    }
  })

  it('must be named where there is no default', async () => {
    const { default: _, ...others } = versions().apiVersions as ApiVersionsInput
    const ask = gatewayOf([{ ...versions(), apiVersions: others }])
    const { response, text } = await ask('/items')
    assert.equal(response.status, 400)
    assert.match(
      text,
      /must name a version, in the path or the parameter v of the query or the field x-api-version or Accept/,
    )
  })

  it('leads to an upstream of its own, without the version in the path if it is stripped', async () => {
    const [one, other] = [
      await startOrigin((request, response) => response.end(`one ${request.url}`)),
      await startOrigin((request, response) =>
        response.end(`other ${request.url} ${String(request.headers['x-v'])}`),
      ),
    ]
    const lines: string[] = []
    const route: RouteInput = {
      match: { path: ['/api/items/**', '/api/:version/items/**'] },
      upstream: other.url,
      rewrite: { stripPrefix: '/api' },
      requestHeaders: { set: { 'x-v': '${api.version}' } },
      apiVersions: {
        path: 'version',
        stripPath: true,
        default: 2,
        versions: { 1: { upstream: one.url }, 2: {} },
      },
    }
    const ask = gatewayOf([route], { clock: systemClock, accessLog: (line) => lines.push(line) })
    assert.equal((await ask('/api/v1/items/7?a=1')).text, 'one /items/7?a=1')
    assert.equal((await ask('/api/v2/items/7')).text, 'other /items/7 2')
    assert.equal((await ask('/api/items/7')).text, 'other /items/7 2')
    const logged = lines.map((line) => JSON.parse(line) as { path: string; api_version: string })
    assert.deepEqual(
      logged.map(({ path, api_version }) => `${path} ${api_version}`),
      ['/api/v1/items/7?a=1 1', '/api/v2/items/7 2', '/api/items/7 2'],
    )
  })
})

describe('caches and clients', () => {
  it('are told in Vary what the upstream does not tell already', async () => {
    const answers: [vary: string | undefined, told: string][] = [
      [undefined, 'x-api-version, accept'],
      ['Accept-Encoding, X-API-Version', 'Accept-Encoding, X-API-Version, accept'],
      ['*', '*'],
    ]
    for (const [vary, told] of answers) {
      const headers = vary === undefined ? {} : { vary }
      const ask = gatewayOf([{ ...versions(), respond: { headers } }])
      assert.equal((await ask('/items')).response.headers.get('vary'), told)
    }
  })

  it('cannot have the field taken off that the version was chosen by', async () => {
    const { url: upstream } = await startOrigin((request, response) =>
      response.end(`${String(request.headers['x-api-version'])} ${String(request.headers['x_api_version'])}`),
    )
    const { respond: _, ...route } = versions()
    const ask = gatewayOf([{ ...route, upstream }], { clock: systemClock })
    const headers = { 'x-api-version': '1', x_api_version: '2', connection: 'x-api-version' }
    assert.equal((await ask('/items', headers)).text, '1 undefined')
  })
})

describe('the end of a version', () => {
  const ending = versions({
    versions: {
      1: {
        deprecated: '2026-01-01',
        sunset: '2026-12-31T12:00:00Z',
        afterSunset: 'gone',
        docs: 'https://shop.example/migrate',
        successor: 2,
      },
      2: { deprecated: '2026-05-01', successor: 'https://shop.example/next${request.path}' },
      '2026-01-31': {},
    },
  })

  it('is told in Deprecation, Sunset and Link, of that version only', async () => {
    const ask = gatewayOf([ending])
    const { response } = await ask('/v1/items/7?a=b')
    assert.equal(response.headers.get('deprecation'), '@1767225600')
    assert.equal(response.headers.get('sunset'), 'Thu, 31 Dec 2026 12:00:00 GMT')
    assert.deepEqual(response.headers.getAll('link'), [
      '<https://shop.example/migrate>; rel="deprecation"',
      '<https://shop.example/migrate>; rel="sunset"',
      '</v2/items/7?a=b>; rel="successor-version"',
    ])
    const byQuery = await ask('/items?v=1&a=b')
    assert.equal(byQuery.response.headers.getAll('link').at(-1), '</items?a=b&v=2>; rel="successor-version"')
    const second = await ask('/items/%3E')
    assert.equal(second.response.headers.get('sunset'), undefined)
    assert.deepEqual(second.response.headers.getAll('link'), [
      '<https://shop.example/next/items/%3E>; rel="successor-version"',
    ])
    const third = await ask('/2026-01-31/items')
    assert.deepEqual(
      ['deprecation', 'sunset', 'link'].map((name) => third.response.headers.get(name)),
      [undefined, undefined, undefined],
    )
  })

  it('is told in errors, too', async () => {
    const { respond: _, ...route } = ending
    const ask = gatewayOf([{ ...route, upstream: 'http://127.0.0.1:1', retry: false }], {
      clock: systemClock,
    })
    const { response } = await ask('/v2/items')
    assert.equal(response.status, 502)
    assert.equal(response.headers.get('deprecation'), `@${Date.UTC(2026, 4, 1) / 1000}`)
  })

  it('is 410 after its sunset, where that is wanted', async () => {
    const clock = new VirtualClock({ wallTime: Date.UTC(2026, 11, 31, 11, 59, 59, 999) })
    const ask = gatewayOf([ending], { clock })
    assert.equal((await ask('/v1/items')).response.status, 200)
    await clock.advance(1)
    const { response, text } = await ask('/v1/items')
    assert.equal(response.status, 410)
    assert.match(text, /version 1 ended on 2026-12-31; there are 2, 2026-01-31/)
    assert.ok(response.headers.get('sunset') !== undefined)
    assert.equal((await ask('/v2/items')).response.status, 200)
  })

  it('of a route without versions is told as well', async () => {
    const clock = new VirtualClock({ wallTime: NOW })
    const ask = gatewayOf(
      [
        {
          name: 'old',
          match: { path: '/old/:id' },
          respond: { body: 'old' },
          lifecycle: {
            deprecated: '2026-01-01',
            sunset: '2026-06-02',
            afterSunset: 'gone',
            successor: '/new/${params.id}',
          },
        },
      ],
      { clock },
    )
    const { response } = await ask('/old/7')
    assert.equal(response.headers.get('deprecation'), '@1767225600')
    assert.equal(response.headers.get('link'), '</new/7>; rel="successor-version"')
    await clock.advance(24 * 3_600_000)
    assert.equal((await ask('/old/7')).response.status, 410)
  })
})

describe('Accept', () => {
  const known = new Map(['1', '2', '3'].map((name) => [name, name]))
  const cases: [accept: string | undefined, version: string | undefined][] = [
    [undefined, undefined],
    ['*/*', undefined],
    ['application/json', undefined],
    ['application/vnd.shop+json', undefined],
    ['application/vnd.shop.v1', 'v1'],
    ['Application/VND.Shop.V1+json', 'v1'],
    ['application/vnd.shop.1+xml', '1'],
    ['application/vnd.shop; version=2', '2'],
    ['application/vnd.shop+json; v="2"', '2'],
    ['application/vnd.shopping.v1+json', undefined],
    ['application/vnd.shop.v1+json;q=0.5, application/vnd.shop.v2+json', 'v2'],
    ['application/vnd.shop.v1+json, application/vnd.shop.v2+json', 'v1'],
    ['application/vnd.shop.v1+json;q=0, application/vnd.shop.v2+json;q=0.1', 'v2'],
    ['application/vnd.shop.v9+json, application/vnd.shop.v2+json;q=0.1', 'v2'],
    ['application/vnd.shop.v9+json', 'v9'],
    ['application/vnd.shop.v9+json, */*;q=0.1', undefined],
    ['application/vnd.shop.v9+json;q=0', undefined],
  ]
  for (const [accept, version] of cases) {
    it(`${accept} asks for ${version ?? 'no version'}`, () => {
      assert.equal(acceptedVersion(accept, 'application/vnd.shop', known), version)
    })
  }
})
