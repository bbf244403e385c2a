import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, request, type RequestListener } from 'node:http'
import { it } from 'node:test'
import { VirtualClock } from '@headgate/core/testing'
import { parseConfig } from '../../../src/config/parse.ts'
import { createGateway } from '../../../src/index.ts'
import { becomes } from '../../becomes.ts'
import { startOrigin } from '../../origin.ts'
import { startMetered } from '../metered-gateway.ts'

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

function ask(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers: { connection: 'close', ...headers } }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
    sent.on('error', reject).end()
  })
}

const numbered = (fields: Record<string, string>): RequestListener => {
  let count = 0
  return ({ url, headers }, response) => {
    response.writeHead(200, fields)
    response.end(`${++count} ${url} ${String(headers['x-lang'] ?? '')}`.trim())
  }
}

it('a response is answered from the cache while it is fresh, and asked for anew when it is not', async (t) => {
  const origin = await startOrigin(numbered({ etag: '"a"' }))
  const clock = new VirtualClock()
  const routes = [{ name: 'shop', upstream: origin.url, cache: { ttl: '60s' } as const }]
  const { url, shown } = await startMetered(t, { routes }, clock)
  const first = await ask(`${url}/a`)
  assert.deepEqual(
    [first.text, first.headers['cache-status']],
    ['1 /a', 'headgate; fwd=uri-miss; ttl=60; stored'],
  )
  await clock.advance(59_000)
  const second = await ask(`${url}/a`)
  assert.deepEqual([second.text, second.headers['age']], ['1 /a', '59'])
  assert.equal(second.headers['cache-status'], 'headgate; hit; ttl=1')
  const head = await ask(`${url}/a`, {}, 'HEAD')
  assert.deepEqual([head.text, head.headers['content-length']], ['', '4'])
  const known = await ask(`${url}/a`, { 'if-none-match': '"a"' })
  assert.deepEqual([known.status, known.text], [304, ''])
  assert.equal(origin.requests, 1)
  await clock.advance(2_000)
  assert.equal((await ask(`${url}/a`)).text, '2 /a')
  assert.match(shown(), /headgate_cache_requests_total\{route="shop",result="hit"\} 3\n/)
  const ages = (bound: string): string => `headgate_cache_hit_age_seconds_bucket{route="shop",le="${bound}"}`
  assert.ok(shown().includes(`${ages('30')} 0\n${ages('60')} 3\n`))
  assert.ok(shown().includes('headgate_cache_hit_age_seconds_sum{route="shop"} 177\n'))
})

it('what Vary names, and what the key names, tells requests apart; what the key leaves out is not sent', async (t) => {
  const origin = await startOrigin(numbered({ vary: 'x-lang' }))
  const key = { query: { without: ['utm'] }, cookies: ['theme'] }
  const routes = [{ upstream: origin.url, cache: { ttl: '60s', key } as const }]
  const { url } = await startMetered(t, { routes })
  assert.equal((await ask(`${url}/a?x=1&utm=7`, { 'x-lang': 'en' })).text, '1 /a?x=1 en')
  assert.equal((await ask(`${url}/a?utm=8&x=1`, { 'x-lang': 'en' })).text, '1 /a?x=1 en')
  assert.equal((await ask(`${url}/a?x=1`, { 'x-lang': 'de' })).text, '2 /a?x=1 de')
  assert.equal((await ask(`${url}/a?x=1`, { 'x-lang': 'de', cookie: 'theme=dark' })).text, '3 /a?x=1 de')
})

it('what the upstream forbids to store is not stored, unless the route says so', async (t) => {
  const origin = await startOrigin(numbered({ 'cache-control': 'no-store' }))
  const { url } = await startMetered(t, {
    routes: [
      {
        match: { path: '/forced' },
        upstream: origin.url,
        cache: { ttl: '1h', ignore: ['response-directives'] },
      },
      {
        upstream: origin.url,
        cache: { ttl: '1h', statuses: { 200: '1h' }, fields: false },
      },
    ],
  })
  assert.equal((await ask(`${url}/a`)).text, '1 /a')
  const second = await ask(`${url}/a`)
  assert.deepEqual([second.text, second.headers['cache-status']], ['2 /a', undefined])
  assert.equal((await ask(`${url}/forced`)).text, '3 /forced')
  assert.equal((await ask(`${url}/forced`)).text, '3 /forced')
})

it('the lifetime of a status goes before the word of the upstream, and some requests go past the cache', async (t) => {
  const origin = await startOrigin(numbered({ 'cache-control': 'max-age=0' }))
  const lines: string[] = []
  const gateway = await createGateway(
    {
      listeners: [{ address: '127.0.0.1:0' }],
      routes: [
        {
          upstream: origin.url,
          cache: { statuses: { 200: '1h' }, bypass: { cookies: ['session'], headers: ['x-preview'] } },
        },
      ],
    },
    { accessLog: (line) => lines.push(line) },
  )
  t.after(() => gateway.close(0))
  const [listener] = await gateway.listen()
  const url = `${listener?.url}/a`
  assert.equal((await ask(url)).text, '1 /a')
  assert.equal((await ask(url, { cookie: 'sessions=7' })).text, '1 /a')
  const past = await ask(url, { cookie: 'a=b; session=7' })
  assert.deepEqual([past.text, past.headers['cache-status']], ['2 /a', 'headgate; fwd=bypass'])
  assert.equal((await ask(url, { 'x-preview': '' })).text, '3 /a')
  assert.equal((await ask(url)).text, '1 /a')
  const logged = (): string => lines.map((line) => String(/"cache":"(\w+)"/.exec(line)?.[1])).join(' ')
  assert.equal(await becomes(logged, 'miss hit bypass bypass hit'), 'miss hit bypass bypass hit')
})

it('a stale response stands in for an upstream that is down, before the fallback does', async (t) => {
  const server = createServer(numbered({}))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const clock = new VirtualClock()
  const { url } = await startMetered(
    t,
    {
      routes: [
        {
          upstream: `http://127.0.0.1:${port}`,
          retry: false,
          cache: { ttl: '10s', staleIfError: '1h' },
          fallback: { respond: { body: 'instead' } },
        },
      ],
    },
    clock,
  )
  assert.equal((await ask(`${url}/a`)).text, '1 /a')
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await clock.advance(11_000)
  const stale = await ask(`${url}/a`)
  assert.deepEqual([stale.text, stale.headers['age']], ['1 /a', '11'])
  assert.match(String(stale.headers['cache-status']), /^headgate; fwd=stale; ttl=-1; detail=stale-if-error$/)
  assert.equal((await ask(`${url}/other`)).text, 'instead')
  await clock.advance(3_600_000)
  assert.equal((await ask(`${url}/a`)).text, 'instead')
})

it('a stale response stands in where the timeout of the route is over, and the upstream has its say later', async (t) => {
  const held: (() => void)[] = []
  let count = 0
  const origin = await startOrigin((_request, response) => {
    const answer = (): void => void response.end(String(++count))
    if (count === 0) answer()
    else held.push(answer)
  })
  const clock = new VirtualClock()
  const cache = { ttl: '10s', staleIfError: '1h' } as const
  const { url } = await startMetered(t, { routes: [{ upstream: origin.url, timeout: '2s', cache }] }, clock)
  assert.equal((await ask(`${url}/a`)).text, '1')
  await clock.advance(11_000)
  const waiting = ask(`${url}/a`)
  await becomes(() => held.length, 1)
  await clock.advance(2_000)
  const stale = await waiting
  assert.deepEqual([stale.status, stale.text], [200, '1'])
  assert.equal(stale.headers['cache-status'], 'headgate; fwd=stale; ttl=-3; detail=stale-if-error')
  held[0]?.()
  const isNew = async (): Promise<string> => (await ask(`${url}/a`)).text
  assert.equal(await becomes(isNew, '2'), '2')
})

it('responses of one route are not those of another, and the changes of the route are in the key', async (t) => {
  const origin = await startOrigin(numbered({}))
  const cache = { ttl: '60s' } as const
  const { url } = await startMetered(t, {
    routes: [
      { match: { path: '/one/**' }, upstream: origin.url, rewrite: { stripPrefix: '/one' }, cache },
      { match: { path: '/two/**' }, upstream: origin.url, rewrite: { stripPrefix: '/two' }, cache },
      {
        match: { path: '/of/**' },
        upstream: origin.url,
        rewrite: { path: '/${request.headers.x-tenant}/page' },
        cache,
      },
    ],
  })
  assert.equal((await ask(`${url}/one/a`)).text, '1 /a')
  assert.equal((await ask(`${url}/two/a`)).text, '2 /a')
  assert.equal((await ask(`${url}/one/a`)).text, '1 /a')
  assert.equal((await ask(`${url}/of/x`, { 'x-tenant': 'a' })).text, '3 /a/page')
  assert.equal((await ask(`${url}/of/x`, { 'x-tenant': 'b' })).text, '4 /b/page')
})

it('mistakes in the settings of a cache are told where they are', () => {
  const problems = (config: object): string[] => {
    const result = parseConfig({ routes: [{ upstream: 'http://127.0.0.1:1', ...config }] })
    return result.ok ? [] : result.problems.map(({ path, message }) => `${path}: ${message}`)
  }
  assert.match(String(problems({ cache: { ttl: 0 } })), /routes\[0\]\.cache\.ttl: .*too small/)
  assert.match(String(problems({ cache: { statuses: { 304: '1s' } } })), /statuses/)
  const both = { only: ['a'], without: ['b'] }
  assert.match(String(problems({ cache: { key: { query: both } } })), /routes\[0\]\.cache\.key\.query/)
  const answering = parseConfig({ routes: [{ respond: {}, cache: true }] })
  assert.match(JSON.stringify(answering), /without effect, as no upstream is asked/)
  const many = parseConfig({ workers: 300, routes: [{ upstream: 'http://127.0.0.1:1', cache: true }] })
  assert.match(JSON.stringify(many), /at most 253 workers/)
  assert.deepEqual(problems({ cache: false }), [])
})
