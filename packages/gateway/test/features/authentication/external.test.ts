import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, it, type TestContext } from 'node:test'
import { EMPTY_BODY, Exchange, HeaderList, HttpRequest, HttpResponse, StreamBody } from '@headgate/core'
import { VirtualClock } from '@headgate/core/testing'
import { eventually } from '../../../../../scripts/testing/eventually.ts'
import type { GatewayConfigInput } from '../../../src/config/input/input.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import { ExternalAuthenticator } from '../../../src/features/authentication/external/external.ts'
import { type Answer, ask, type AskOptions } from '../../survival/http-client.ts'
import { nobody, startService } from '../../survival/origins.ts'
import { startGateway } from '../../survival/start-gateway.ts'

type Authenticators = NonNullable<GatewayConfigInput['authenticators']>
type External = NonNullable<Authenticators[string]['external']>
type Judge = (request: IncomingMessage, response: ServerResponse) => void

interface Started {
  readonly clock: VirtualClock
  /** What the service was asked, in order. */
  readonly asked: readonly IncomingMessage[]
  /** How the service answers from now on. */
  judge: Judge
  readonly send: (options?: AskOptions, path?: string) => Promise<Answer>
  /** The fields that the upstream has seen of it. */
  readonly seen: (options?: AskOptions, path?: string) => Promise<Record<string, string | undefined>>
}

/** Lets in whoever has a session, as the user of that name. */
const bySession: Judge = (request, response) => {
  const user = /session=(\w+)/.exec(request.headers.cookie ?? '')?.[1]
  if (user === undefined) response.writeHead(401, { 'www-authenticate': 'Session' }).end('log in')
  else response.writeHead(204, { 'x-user': user, 'x-groups': 'staff, dev', 'x-tenant': 'shop' }).end()
}

const as = (user: string): AskOptions => ({ headers: { cookie: `session=${user}` } })

async function start(
  t: TestContext,
  external: Partial<External> = {},
  more: { readonly config?: Partial<GatewayConfigInput>; readonly route?: object } = {},
): Promise<Started> {
  const asked: IncomingMessage[] = []
  const started = { judge: bySession }
  const service = await startService(t, (request, response) => {
    asked.push(request)
    started.judge(request, response)
  })
  const { url: upstream } = await startService(t, (request, response) => {
    let content = ''
    request.on('data', (piece: Buffer) => (content += piece.toString()))
    request.on('end', () => response.end(JSON.stringify({ ...request.headers, content })))
  })
  const clock = new VirtualClock()
  const place = external.url === undefined &&
    external.upstream === undefined && { url: `${service.url}/verify` }
  const gateway = await startGateway(
    t,
    {
      authenticators: {
        sso: {
          external: {
            subject: 'x-user',
            groups: 'x-groups',
            upstreamHeaders: ['x-user', 'x-tenant'],
            ...place,
            ...external,
          },
        },
      },
      upstreams: { sso: { endpoints: [{ url: service.url }] } },
      routes: [
        {
          authentication: 'sso',
          requestHeaders: { set: { 'x-told': '${identity.groups}' } },
          upstream,
          ...more.route,
        },
      ],
      ...more.config,
    },
    { clock },
  )
  const send = (options: AskOptions = {}, path = '/a?b=c'): Promise<Answer> =>
    ask(gateway.url + path, options)
  return Object.assign(started, {
    clock,
    asked,
    send,
    seen: async (options?: AskOptions, path?: string) => {
      const { status, content } = await send(options, path)
      assert.equal(status, 200, content)
      return JSON.parse(content) as Record<string, string | undefined>
    },
  })
}

describe('a service that is asked who calls', () => {
  it('sees the request as routes do, with the chosen fields and no content', async (t) => {
    const { asked, seen } = await start(t)
    const headers = {
      cookie: 'session=anna',
      'x-secret': 'no',
      'x-forwarded-uri': '/forged',
      'x-original-url': 'forged',
    }
    await seen({ method: 'POST', content: 'content', headers })
    const [request] = asked
    const { host, ...told } = request?.headers ?? {}
    assert.equal(`${request?.method} ${request?.url}`, 'GET /verify')
    assert.equal(told['cookie'], 'session=anna')
    assert.equal(told['x-secret'], undefined)
    assert.equal(told['content-length'] ?? '0', '0')
    assert.match(host ?? '', /^127\.0\.0\.1:/)
    const { 'x-forwarded-host': asking = '' } = told
    assert.deepEqual(
      ['method', 'proto', 'uri', 'for'].map((each) => told[`x-forwarded-${each}`]),
      ['POST', 'http', '/a?b=c', '127.0.0.1'],
    )
    assert.deepEqual(
      ['method', 'url', 'uri'].map((each) => told[`x-original-${each}`]),
      ['POST', `http://${String(asking)}/a?b=c`, '/a?b=c'],
    )
  })

  it('says who it is, and what the upstream gets in place of what clients send in any spelling', async (t) => {
    const { seen } = await start(t)
    const forged = { 'x-user': 'root', x_user: 'root', 'x.tenant': 'bank', 'X-Tenant': 'bank' }
    const told = await seen({ headers: { cookie: 'session=anna', ...forged } })
    assert.deepEqual(
      ['x-user', 'x-tenant', 'x-told', 'x_user', 'x.tenant'].map((name) => told[name]),
      ['anna', 'shop', 'staff dev', undefined, undefined],
    )
  })

  it('has its fields, and those that tell who asks, cleared on routes that ask nobody, but for credentials', async (t) => {
    const open = {
      name: 'open',
      match: { path: '/open/**' },
      authentication: false as const,
      requestHeaders: { set: {} },
    }
    const { url: upstream } = await startService(t, (request, response) => {
      response.end(JSON.stringify(request.headers))
    })
    const { seen, asked } = await start(
      t,
      { upstreamHeaders: ['x-user', 'authorization'] },
      {
        config: {
          routes: [
            {
              authentication: 'sso',
              requestHeaders: { set: { 'x-told': 'by ${identity.subject}', 'x-fixed': 'here' } },
              upstream,
            },
            { ...open, upstream },
          ],
        },
      },
    )
    const told = await seen(
      {
        headers: {
          'x-user': 'root',
          'X.User': 'root',
          'x-told': 'root',
          x_told: 'root',
          'x-fixed': 'own',
          authorization: 'Basic own',
          cookie: 'a=b',
        },
      },
      '/open/x',
    )
    assert.equal(asked.length, 0)
    assert.deepEqual(
      ['x-user', 'x.user', 'x-told', 'x_told', 'x-fixed', 'authorization', 'cookie'].map(
        (name) => told[name],
      ),
      [undefined, undefined, undefined, undefined, 'own', 'Basic own', 'a=b'],
    )
  })

  it('clears its fields also where it says nothing in them, and where others let the caller in', async (t) => {
    const { seen, ...started } = await start(t)
    started.judge = bySession
    const other = await start(
      t,
      {},
      {
        route: { authentication: { anyOf: ['keys', 'sso'], anonymous: true } },
        config: {
          authenticators: {
            keys: { apiKey: { keys: [] } },
            sso: {
              external: {
                url: 'http://127.0.0.1:1/',
                subject: 'x-user',
                upstreamHeaders: ['x-user'],
                cache: { ttl: '1s', by: ['client'] },
              },
            },
          },
        },
      },
    )
    assert.equal((await other.send({ headers: { 'x-user': 'root' } })).status, 503)
    const known = await start(t, { upstreamHeaders: ['x-user', 'x-role'] })
    assert.equal(
      (await known.seen({ headers: { cookie: 'session=anna', 'x-role': 'admin', x_role: 'admin' } }))[
        'x-role'
      ],
      undefined,
    )
    assert.equal((await seen(as('anna')))['x-user'], 'anna')
  })

  it('answers the client itself where it refuses', async (t) => {
    const started = await start(t)
    const refused = await started.send()
    assert.deepEqual(
      [
        refused.status,
        refused.headers['www-authenticate'],
        refused.content,
        refused.headers['cache-control'],
      ],
      [401, 'Session', 'log in', 'no-store'],
    )
    started.judge = (_, response) =>
      response
        .writeHead(302, {
          location: 'https://login.example/',
          'set-cookie': ['a=1', 'b=2'],
          'x-inside': 'no',
        })
        .end()
    const sent = await started.send(as('anna'))
    assert.deepEqual(
      [sent.status, sent.headers['location'], sent.headers['set-cookie'], sent.headers['x-inside']],
      [302, 'https://login.example/', ['a=1', 'b=2'], undefined],
    )
    started.judge = (_, response) => response.writeHead(403).end()
    assert.equal((await started.send(as('anna'))).status, 403)
    const head = await started.send({ ...as('anna'), method: 'HEAD' })
    assert.deepEqual([head.status, head.complete], [403, true])
  })

  it('may be an upstream, which is asked under its own name', async (t) => {
    const { asked, seen } = await start(t, { upstream: 'sso', path: '/check?x=1' })
    assert.equal((await seen(as('anna')))['x-user'], 'anna')
    assert.equal(asked[0]?.url, '/check?x=1')
    assert.match(asked[0]?.headers.host ?? '', /^127\.0\.0\.1:/)
  })

  it('gets the body where that is asked for, and the upstream gets it, too', async (t) => {
    const started = await start(t, { body: '16B' })
    let told = ''
    started.judge = (request, response) => {
      request.on('data', (piece: Buffer) => (told += piece.toString()))
      request.on('end', () => response.writeHead(200, { 'x-user': 'anna' }).end())
    }
    const { content } = await started.seen({
      method: 'PUT',
      content: 'hello',
      headers: { 'content-type': 'text/a' },
    })
    assert.deepEqual(
      [told, content, started.asked[0]?.method, started.asked[0]?.headers['content-type']],
      ['hello', 'hello', 'POST', 'text/a'],
    )
    assert.equal((await started.send({ method: 'PUT', content: 'x'.repeat(17) })).status, 413)
    const pieces = { method: 'PUT', content: 'x'.repeat(17), headers: { 'transfer-encoding': 'chunked' } }
    assert.equal((await started.send(pieces)).status, 413)
    assert.equal(started.asked.length, 1)
  })
})

it('a service is asked for others while a thousand clients take their time to send their bodies', async () => {
  const parsed = parseConfig({
    authenticators: {
      sso: { external: { url: 'http://127.0.0.1:9000/verify', subject: 'x-user', body: '1KiB' } },
    },
    routes: [{ authentication: 'sso', respond: {} }],
  })
  assert.ok(parsed.ok)
  const { external } = parsed.config.authenticators['sso'] ?? {}
  assert.ok(external)
  const clock = new VirtualClock()
  const asked = new ExternalAuthenticator('sso', external, clock).through(() =>
    Promise.resolve(new HttpResponse(200, HeaderList.of({ 'x-user': 'anna' }), EMPTY_BODY)),
  )
  const verify = async (body?: StreamBody): Promise<string> => {
    const request = HttpRequest.to('http://shop.example/', { method: 'PUT', ...(body && { body }) })
    return (await asked.verify(new Exchange(request, clock), () => false)).kind
  }
  for (let count = 0; count < 1_000; count++)
    void verify(new StreamBody(undefined, { resumeBody() {}, cancelBody() {} }))
  assert.equal(await verify(), 'known')
})

describe('a service that fails', () => {
  it('lets nobody in', async (t) => {
    const started = await start(t)
    const lies: Judge[] = [
      (_, response) => response.writeHead(500).end(),
      (_, response) => response.writeHead(404).end(),
      (_, response) => response.writeHead(304).end(),
      // It does not say who it is.
      (_, response) => response.writeHead(200).end(),
      (_, response) => response.writeHead(200, { 'x-user': ' ' }).end(),
      (_, response) => response.writeHead(200, { 'x-user': 'anna' }).end('x'.repeat(70_000)),
      (_, response) => response.writeHead(200, { 'x-user': 'anna', 'x-long': 'x'.repeat(40_000) }).end(),
      (_, response) => void response.socket?.destroy(),
      (_, response) =>
        void response
          .writeHead(200, { 'x-user': 'anna', 'content-length': 10 })
          .write('half', () => response.destroy()),
    ]
    for (const [index, judge] of lies.entries()) {
      started.judge = judge
      assert.equal((await started.send(as('anna'))).status, 503, String(index))
    }
    started.judge = bySession
    assert.equal((await started.send(as('anna'))).status, 200)
  })

  it('that is not there, or speaks no HTTP, lets nobody in', async (t) => {
    const gone = await start(t, { url: await nobody() })
    assert.equal((await gone.send(as('anna'))).status, 503)
    const lying = await start(t)
    lying.judge = (_, response) => void response.socket?.end('hello\r\n\r\n')
    assert.equal((await lying.send(as('anna'))).status, 503)
  })

  it('is waited for no longer than its timeout', async (t) => {
    const started = await start(t, { timeout: '2s' })
    started.judge = () => {}
    const answer = started.send(as('anna'))
    await eventually(() => started.asked.length === 1, 'the service is asked')
    await started.clock.advance(2_000)
    assert.equal((await answer).status, 503)
  })

  it('sends no client anywhere with what it tells of itself', async (t) => {
    const { send } = await start(t, { url: await nobody() })
    const { content } = await send({ headers: { accept: 'application/json', cookie: 'session=anna' } })
    assert.doesNotMatch(content, /127\.0\.0\.1|ECONN|verify/)
  })
})

describe('a verdict', () => {
  const by = ['cookie:session', 'path', 'method']

  it('is kept for those whose requests are the same in all that it depends on', async (t) => {
    const { asked, seen, clock } = await start(t, { cache: { ttl: '10s', by } })
    for (const _ of [1, 2, 3]) assert.equal((await seen(as('anna')))['x-user'], 'anna')
    assert.equal(asked.length, 1)
    assert.equal((await seen(as('ben')))['x-user'], 'ben')
    await seen(as('anna'), '/other')
    await seen({ ...as('anna'), method: 'DELETE' })
    // The query is not among it.
    await seen(as('anna'), '/a?other')
    assert.equal(asked.length, 4)
    await clock.advance(10_000)
    await seen(as('anna'))
    assert.equal(asked.length, 5)
  })

  it('is not kept where the service says so, or refuses', async (t) => {
    const started = await start(t, { cache: { ttl: '10s', by } })
    started.judge = (_, response) =>
      response.writeHead(200, { 'x-user': 'anna', 'cache-control': 'private, no-store' }).end()
    for (const _ of [1, 2]) await started.seen(as('anna'))
    started.judge = bySession
    for (const _ of [1, 2]) assert.equal((await started.send()).status, 401)
    assert.equal(started.asked.length, 4)
  })

  it('is asked for once by all who ask the same at a time; a refusal is for each of them alone', async (t) => {
    const started = await start(t, { cache: { ttl: '10s', by } })
    const waiting: (() => void)[] = []
    started.judge = (request, response) => void waiting.push(() => bySession(request, response))
    const answers = Promise.all([1, 2, 3].map(() => started.send(as('anna'))))
    await eventually(() => waiting.length > 0, 'the service is asked')
    for (const answer of waiting.splice(0)) answer()
    assert.deepEqual(
      (await answers).map(({ status }) => status),
      [200, 200, 200],
    )
    assert.equal(started.asked.length, 1)
    let logins = 0
    started.judge = (_, response) =>
      void waiting.push(() =>
        response.writeHead(302, { location: '/login', 'set-cookie': `login=${logins++}` }).end(),
      )
    const refused = Promise.all([1, 2, 3].map(() => started.send()))
    await eventually(() => waiting.length > 0, 'the service is asked')
    started.judge = (_, response) =>
      response.writeHead(302, { location: '/login', 'set-cookie': `login=${logins++}` }).end()
    for (const answer of waiting.splice(0)) answer()
    const cookies = (await refused).map(({ headers }) => String(headers['set-cookie']))
    assert.equal(new Set(cookies).size, 3, cookies.join())
  })

  it('of before serves while the service is away, where that is wished, but not for ever', async (t) => {
    const cache = { ttl: '10s', by, staleFor: '1m' } as const
    const stale = await start(t, { onError: 'allow-stale', cache })
    const denying = await start(t, { cache })
    for (const started of [stale, denying]) {
      await started.seen(as('anna'))
      started.judge = (_, response) => response.writeHead(500).end()
      await started.clock.advance(20_000)
    }
    assert.equal((await denying.send(as('anna'))).status, 503)
    assert.equal((await stale.seen(as('anna')))['x-user'], 'anna')
    const { length } = stale.asked
    assert.equal((await stale.seen(as('anna')))['x-user'], 'anna')
    assert.equal(stale.asked.length, length, 'it is left alone for a moment')
    assert.equal((await stale.send(as('ben'))).status, 503)
    await stale.clock.advance(60_000)
    assert.equal((await stale.send(as('anna'))).status, 503)
  })

  it('of before never serves where the service is there and answers with what a client may have brought about', async (t) => {
    const started = await start(t, { onError: 'allow-stale', cache: { ttl: '10s', by } })
    await started.seen(as('anna'))
    await started.clock.advance(20_000)
    const unclear: Judge[] = [
      ...[400, 404, 414, 429, 431].map(
        (status): Judge =>
          (_, response) =>
            response.writeHead(status).end(),
      ),
      (_, response) => response.writeHead(200).end(),
      (_, response) => response.writeHead(200, { 'x-user': 'anna' }).end('x'.repeat(70_000)),
    ]
    for (const [index, judge] of unclear.entries()) {
      started.judge = judge
      assert.equal((await started.send(as('anna'))).status, 503, String(index))
    }
    started.judge = (_, response) => void response.socket?.destroy()
    assert.equal((await started.seen(as('anna')))['x-user'], 'anna')
  })

  it('of before holds no more once the service refuses', async (t) => {
    const started = await start(t, { onError: 'allow-stale', cache: { ttl: '10s', by } })
    await started.seen(as('anna'))
    await started.clock.advance(10_000)
    started.judge = (_, response) => response.writeHead(401).end()
    assert.equal((await started.send(as('anna'))).status, 401)
    started.judge = (_, response) => response.writeHead(500).end()
    assert.equal((await started.send(as('anna'))).status, 503)
  })
})

describe('a configuration of a service', () => {
  const said = (external: object): string => {
    const parsed = parseConfig({
      authenticators: { sso: { external } },
      routes: [{ authentication: 'sso', respond: {} }],
    })
    return parsed.ok ? '' : parsed.problems.map(({ path, message }) => `${path} ${message}`).join('\n')
  }
  const good = { url: 'http://127.0.0.1:9000/verify', subject: 'x-user' }

  it('is refused where it cannot be meant', () => {
    assert.equal(said(good), '')
    for (const [external, expected] of [
      [{ subject: 'x-user' }, /does not say which service/],
      [{ ...good, upstream: 'sso' }, /has both "url" and "upstream"/],
      [{ ...good, path: '/x' }, /path" stands beside a URL/],
      [{ upstream: 'nobody', subject: 'x-user' }, /is not the name of an upstream/],
      [{ ...good, onError: 'allow-stale' }, /needs a cache/],
      [{ ...good, body: '1KiB', cache: { ttl: '1s', by: ['client'] } }, /cannot stand beside a cache/],
      [{ ...good, cache: { ttl: '1s', by: ['path', 'method'] } }, /tells no caller from another/],
      [{ ...good, cache: { ttl: '1s', by: ['body', 'client'] } }, /is nothing that a verdict may depend on/],
      [{ ...good, url: 'http://user:secret@127.0.0.1/' }, /is not the URL of a service/],
      [{ ...good, requestHeaders: ['x-original-url'] }, /is written by the gateway/],
      [{ ...good, upstreamHeaders: ['x-forwarded-for'] }, /is written by the gateway/],
      [{ url: good.url }, /subject"? is missing/],
    ] as const)
      assert.match(said(external), expected)
    assert.equal(said({ ...good, upstreamHeaders: ['X-Forwarded-User'] }), '')
  })
})
