import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { fc } from '../../../../../scripts/testing/property.ts'
import { originTest } from '../../../src/features/cors/origin.ts'
import type { GatewayConfigInput } from '../../../src/config/input/input.ts'
import { type Answer, ask } from '../../survival/http-client.ts'
import { startService } from '../../survival/origins.ts'
import { startGateway } from '../../survival/start-gateway.ts'
import { assertRefused } from '../refused-route.ts'

type Cors = GatewayConfigInput['routes'][number]['cors']

async function start(
  t: TestContext,
  cors: Cors,
): Promise<{
  send: (headers?: Record<string, string>, method?: string) => Promise<Answer>
  asked: string[]
}> {
  const asked: string[] = []
  const { url: upstream } = await startService(t, (request, response) => {
    asked.push(request.method ?? '')
    response.setHeader('access-control-allow-origin', 'https://upstream.example')
    response.setHeader('access-control-allow-credentials', 'true')
    response.setHeader('vary', 'Accept')
    response.end('ok')
  })
  const gateway = await startGateway(t, { routes: [{ name: 'it', upstream, cors }] })
  return { asked, send: (headers = {}, method = 'GET') => ask(`${gateway.url}/`, { method, headers }) }
}

const of = ({ headers }: Answer, ...names: string[]): unknown[] =>
  names.map((name) => headers[`access-control-${name}`])

const preflight = (origin: string, more: Record<string, string> = {}): Record<string, string> => ({
  origin,
  'access-control-request-method': 'PUT',
  ...more,
})

test('a preflight of a page that is allowed is answered here, with what it may do', async (t) => {
  const { send, asked } = await start(t, {
    origins: ['https://app.example'],
    credentials: true,
    exposeHeaders: ['x-total'],
    maxAge: '10m',
  })
  const answer = await send(
    preflight('https://app.example', { 'access-control-request-headers': 'X-Token, content-type, b(d' }),
    'OPTIONS',
  )
  assert.equal(answer.status, 204)
  assert.deepEqual(
    of(
      answer,
      'allow-origin',
      'allow-credentials',
      'allow-methods',
      'allow-headers',
      'max-age',
      'expose-headers',
    ),
    ['https://app.example', 'true', 'PUT', 'X-Token, content-type', '600', undefined],
  )
  assert.match(String(answer.headers['vary']), /Origin/)
  assert.deepEqual(asked, [])
})

test('a page that is not allowed gets an answer that allows nothing', async (t) => {
  const { send, asked } = await start(t, { origins: ['https://app.example', 'https://*.shop.example'] })
  for (const origin of [
    'https://evil.example',
    'http://app.example',
    'https://app.example.evil.example',
    'https://evilapp.example',
    'https://app.example:8443',
    'https://shop.example',
    'https://evilshop.example',
    'https://a.shop.example.evil.example',
    'https://evil.example/.shop.example',
    'null',
  ]) {
    const answer = await send(preflight(origin), 'OPTIONS')
    assert.deepEqual(
      [answer.status, ...of(answer, 'allow-origin', 'allow-methods')],
      [204, undefined, undefined],
      origin,
    )
  }
  assert.deepEqual(asked, [])
  assert.deepEqual(of(await send(preflight('https://a.b.shop.example'), 'OPTIONS'), 'allow-origin'), [
    'https://a.b.shop.example',
  ])
})

test('a response is shared with the page that asked; what the upstream says of it gives way', async (t) => {
  const { send } = await start(t, { origins: ['https://app.example'], exposeHeaders: ['x-total', 'etag'] })
  const answer = await send({ origin: 'https://app.example' })
  assert.deepEqual(of(answer, 'allow-origin', 'allow-credentials', 'expose-headers'), [
    'https://app.example',
    undefined,
    'x-total, etag',
  ])
  assert.match(String(answer.headers['vary']), /Accept.*Origin/)
  const other = await send({ origin: 'https://evil.example' })
  assert.deepEqual(
    [other.status, ...of(other, 'allow-origin', 'allow-credentials')],
    [200, undefined, undefined],
  )
  const any = await start(t, { origins: ['*'] })
  const shared = await any.send({ origin: 'https://whoever.example' })
  assert.deepEqual([...of(shared, 'allow-origin'), shared.headers['vary']], ['*', 'Accept'])
})

test('a page can read a refusal, and needs no credentials for its preflight', async (t) => {
  const { url: upstream } = await startService(t)
  const gateway = await startGateway(t, {
    authenticators: { partners: { apiKey: { keys: [] } } },
    routes: [{ authentication: 'partners', cors: { origins: ['https://app.example'] }, upstream }],
  })
  const refused = await ask(gateway.url, { headers: { origin: 'https://app.example' } })
  assert.deepEqual([refused.status, ...of(refused, 'allow-origin')], [401, 'https://app.example'])
  const answer = await ask(gateway.url, { method: 'OPTIONS', headers: preflight('https://app.example') })
  assert.deepEqual([answer.status, ...of(answer, 'allow-methods')], [204, 'PUT'])
})

test('a preflight is for the route that takes the method that it asks for', async (t) => {
  const { url: upstream } = await startService(t)
  const cors = { origins: ['https://app.example'] }
  const gateway = await startGateway(t, {
    routes: [
      { name: 'reads', match: { methods: ['GET', 'HEAD'] }, cors, upstream },
      { name: 'writes', match: { methods: ['PUT'] }, cors: { ...cors, headers: ['x-token'] }, upstream },
      { name: 'silent', match: { methods: 'DELETE' }, upstream },
    ],
  })
  const answered = async (method: string): Promise<unknown[]> => {
    const headers = preflight('https://app.example', { 'access-control-request-method': method })
    const answer = await ask(gateway.url, { method: 'OPTIONS', headers })
    return [answer.status, ...of(answer, 'allow-methods', 'allow-headers')]
  }
  assert.deepEqual(await answered('GET'), [204, 'GET, HEAD', undefined])
  assert.deepEqual(await answered('PUT'), [204, 'PUT', 'x-token'])
  assert.equal((await answered('DELETE'))[0], 405)
  assert.equal((await ask(gateway.url, { method: 'OPTIONS' })).status, 405)
})

test('a private network is opened only where the route says so', async (t) => {
  const headers = preflight('https://app.example', { 'access-control-request-private-network': 'true' })
  for (const privateNetwork of [false, true]) {
    const { send } = await start(t, { origins: ['https://app.example'], privateNetwork })
    assert.deepEqual(of(await send(headers, 'OPTIONS'), 'allow-private-network'), [
      privateNetwork ? 'true' : undefined,
    ])
  }
})

test('OPTIONS that is no preflight goes to the upstream', async (t) => {
  const { send, asked } = await start(t, { origins: ['https://app.example'] })
  assert.equal((await send({ origin: 'https://app.example' }, 'OPTIONS')).status, 200)
  assert.deepEqual(asked, ['OPTIONS'])
})

test('nothing that is not below a host passes for it, whatever stands around it', () => {
  const isAllowed = originTest(['https://*.shop.example'])
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/)
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 4 }), (labels) => {
      assert.ok(isAllowed(`https://${labels.join('.')}.shop.example`))
      assert.ok(
        !isAllowed(
          `https://${labels.join('.')}shop.example${labels.length % 2 ? '' : '.'}`.replace('.shop', 'shop'),
        ),
      )
    }),
  )
  fc.assert(
    fc.property(fc.string(), (text) => {
      const isBelow = /^(?!-)[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(text)
      assert.equal(isAllowed(`https://${text}.shop.example`), isBelow)
    }),
  )
})

test('mistakes are named', () => {
  assertRefused(
    { cors: { origins: ['*'], credentials: true } },
    /act with the credentials of whoever looks at it/,
  )
  assertRefused({ cors: { origins: ['https://*shop.example'] } }, /would never match/)
  assertRefused({ cors: { origins: ['https://shop.example/'] } }, /is not the origin of a page/)
  assertRefused({ cors: { origins: [] } }, /./)
})
