import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type Exchange, type Handler, systemClock } from '@headgate/core'
import { JsonAccessLog } from '../../../../src/features/access-log/access-log.ts'
import type { GatewayConfigInput } from '../../../../src/config/input/input.ts'
import { parseConfig } from '../../../../src/config/parse.ts'
import type { WarmAnswer, WarmRequest } from '../../../../src/features/cache/warming/warm-run.ts'
import { Gateway } from '../../../../src/gateway.ts'
import { warmOne } from '../../../../src/surveys/warm.ts'
import { createClient } from '@headgate/client'
import { becomes } from '../../../becomes.ts'
import { type Origin, startOrigin } from '../../../origin.ts'

interface Warmed {
  readonly gateway: Gateway
  readonly lines: string[]
  readonly warm: (url: string, further?: Partial<WarmRequest>) => Promise<WarmAnswer>
  readonly get: (path: string, headers?: Record<string, string>) => Promise<string | undefined>
}

function warmed(config: GatewayConfigInput): Warmed {
  const result = parseConfig(config)
  assert.ok(result.ok, JSON.stringify(result))
  const lines: string[] = []
  const accessLog = new JsonAccessLog({ write: (line) => void lines.push(line) }, systemClock, [])
  const gateway = new Gateway(result.config, { accessLog })
  const here = { gateway, clock: systemClock }
  const transport: Handler = (exchange: Exchange) => gateway.handler(exchange)
  const client = createClient({ baseUrl: 'http://shop.example', transport, throwOnStatus: false })
  return {
    gateway,
    lines,
    warm: (url, further = {}) => warmOne.answer(here, { url, headers: {}, ...further }),
    async get(path, headers = {}) {
      const response = await client.get(path, { headers })
      await response.text()
      return response.header('cache-status')
    },
  }
}

function cached(origin: Origin, further: object = {}): GatewayConfigInput {
  const routes = [
    { name: 'plain', match: { host: 'shop.example', path: '/plain/**' }, upstream: origin.url },
    { name: 'shop', upstream: origin.url, cache: { ttl: '1h' } as const, ...further },
  ]
  return { routes }
}

it('what is warmed is a hit for clients, and neither counts as their requests nor for their rate limits', async () => {
  const origin = await startOrigin((_request, response) => {
    response.writeHead(200, { vary: 'accept-encoding' }).end('content')
  })
  const rateLimit = { name: 'own', rate: '1/h', key: 'global' } as const
  const { gateway, lines, warm, get } = warmed(cached(origin, { rateLimit: [rateLimit], importance: 'high' }))
  const headers = { 'accept-encoding': 'gzip' }
  assert.deepEqual(await warm('http://shop.example/a', { headers }), { result: 'stored' })
  assert.deepEqual(await warm('http://shop.example/a', { headers }), { result: 'fresh' })
  assert.deepEqual(await warm('http://shop.example/b', { headers }), { result: 'stored' })
  assert.equal(origin.requests, 2)
  assert.match(String(await get('/a', headers)), /^headgate; hit/)
  assert.equal(origin.requests, 2)
  const marks = (): string =>
    lines.map((line) => `${line.includes('"warming":true')} ${/"cache":"(\w+)/.exec(line)?.[1]}`).join()
  const expected = 'true miss,true hit,true miss,false hit'
  assert.equal(await becomes(marks, expected), expected)
  const metrics = gateway.metrics.render()
  assert.match(metrics, /headgate_requests_total\{route="shop",status_class="2xx"\} 1\n/)
  assert.match(metrics, /headgate_cache_warmed_total\{route="shop",result="stored"\} 2\n/)
  assert.match(metrics, /headgate_cache_warmed_total\{route="shop",result="fresh"\} 1\n/)
  assert.match(metrics, /headgate_cache_requests_total\{route="shop",result="hit"\} 1\n/)
  assert.match(metrics, /headgate_requests_active\{route="shop"\} 0\n/)
  await gateway.close(0)
})

it('what no route with a cache takes is not asked for, nor what another route takes than the one that is meant', async () => {
  const origin = await startOrigin()
  const config = cached(origin, { match: { host: 'shop.example' } })
  const { gateway, warm } = warmed(config)
  for (const [url, route] of [
    ['http://shop.example/plain/a'],
    ['http://other.example/'],
    ['http://shop.example/a', 'plain'],
    ['no url'],
    ['http://shop.example/..%2f'],
  ] as const)
    assert.equal((await warm(url, { route })).result, 'other', url)
  assert.equal(origin.requests, 0)
  assert.deepEqual(await warm('http://shop.example/a', { route: 'shop' }), { result: 'stored' })
  await gateway.close(0)
})

it('what is not stored is told with why, and what fails as a failure', async () => {
  const origin = await startOrigin(({ url }, response) => {
    if (url === '/private') response.writeHead(200, { 'cache-control': 'no-store' }).end('x')
    else if (url === '/limited') response.writeHead(429).end()
    else if (url === '/broken')
      response.writeHead(200, { 'content-length': '10' }).write('x', () => response.destroy())
    else response.writeHead(503).end()
  })
  const { gateway, warm } = warmed(cached(origin, { retry: false }))
  assert.deepEqual(await warm('http://shop.example/private'), { result: 'refused', reason: 'no-store' })
  for (const path of ['limited', 'broken', 'down'])
    assert.equal((await warm(`http://shop.example/${path}`)).result, 'failed', path)
  assert.equal(gateway.snapshot.config.cache.warm.length, 0)
  await gateway.close(0)
})

it('a sitemap is had by a route of the gateway, with or without a cache, up to a limit', async () => {
  const origin = await startOrigin((_request, response) => response.end('<urlset/>'))
  const { gateway, warm } = warmed(cached(origin))
  const found = await warm('http://shop.example/plain/sitemap.xml', { content: 100 })
  assert.equal(Buffer.from(found.content ?? []).toString(), '<urlset/>')
  assert.deepEqual(await warm('http://shop.example/plain/sitemap.xml', { content: 3 }), {
    result: 'failed',
    reason: 'http://shop.example/plain/sitemap.xml: it has more than 3 bytes',
  })
  await gateway.close(0)
})
