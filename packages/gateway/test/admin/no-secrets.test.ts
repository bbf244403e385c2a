import assert from 'node:assert/strict'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { configJsonSchema } from '../../src/config/json-schema/json-schema.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { redact } from '../../src/settings/redact.ts'
import { headgate } from '../headgate-command.ts'
import { folder } from '../headgate-process.ts'
import { startOrigin } from '../origin.ts'
import { type ChangingGateway, configWith, startChanging } from '../versions/running-gateway.ts'

/** What must stand nowhere; a number tells where it came from. */
const CANARY = 'canary7f3a'
let planted = 0
function secret(more = ''): string {
  return `${more}${CANARY}${++planted}`
}

/** Names under which secrets stand, in every map of names to values. */
const NAMES = [
  'authorization',
  'X-Api-Key',
  'x-auth-token',
  'cookie',
  'x-session-id',
  'X-Amz-Signature',
  'dpop',
]
const map = (): Record<string, string> => Object.fromEntries(NAMES.map((name) => [name, secret()]))
const parameters = (): Record<string, string> =>
  Object.fromEntries(
    ['api_key', 'access_token', 'password', 'sig', 'client_secret'].map((name) => [name, secret()]),
  )
const cookies = (): Record<string, string> =>
  Object.fromEntries(['session', 'sid', 'auth_token'].map((name) => [name, secret()]))

/** A secret in every place of the configuration that takes a text of one's own. */
function secretive(upstream: string): Record<string, unknown> {
  return configWith({
    cache: { warm: [{ urls: ['http://shop.example/'], on: [], headers: map() }] },
    workers: 1,
    accessLog: { path: 'stdout' },
    rateLimits: {
      all: { rate: '100/s', bypass: { headers: { 'x-internal': secret(), authorization: secret() } } },
    },
    upstreams: {
      shop: {
        endpoints: [{ url: upstream }],
        sticky: { cookie: 'route', secret: secret('sixteen characters ') },
        health: { path: `/health?api_key=${secret()}`, headers: map(), interval: '1h' },
      },
    },
    routes: [
      {
        name: 'shop',
        match: {
          path: '/shop/**',
          headers: { 'x-api-key': [secret(), secret()], authorization: { regex: secret() } },
          query: parameters(),
          cookies: cookies(),
          any: [{ headers: map() }, { not: { query: parameters() } }],
        },
        upstream: 'shop',
        requestHeaders: { set: { ...map(), 'x-plain': `Bearer ${secret()}` }, add: map() },
        responseHeaders: { set: { 'set-cookie': secret('a=') } },
        rewrite: { query: { set: parameters(), add: parameters() } },
        rateLimit: ['all', { rate: '1/s', bypass: { headers: map() } }],
        fallback: { respond: { headers: map(), body: `{"password": "${secret()}"}` } },
      },
      {
        name: 'moved',
        match: { path: '/moved' },
        redirect: { location: `https://x.example/?token=${secret()}&page=1` },
        lifecycle: { docs: `https://x.example/?key=${secret()}` },
      },
      { name: 'all', respond: { body: `api_key=${secret()}&x=1`, headers: map() } },
    ],
  })
}

async function everything(gateway: ChangingGateway): Promise<Map<string, string>> {
  const { paths } = (await gateway.call('GET', '/openapi.json')).body as {
    paths: Record<string, Record<string, unknown>>
  }
  const shown = new Map<string, string>()
  for (const [path, methods] of Object.entries(paths)) {
    if (methods['get'] === undefined) continue
    const names: Record<string, string> = { id: '1', upstream: 'shop', route: 'shop', limit: 'all' }
    const target = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => names[name] ?? 'x')
    const query = path === '/diff' ? '?from=1&to=2' : ''
    shown.set(`GET ${path}`, await (await fetch(`${gateway.admin}${target}${query}`)).text())
  }
  return shown
}

describe('secrets of a configuration stand', () => {
  it('in no answer of the admin listener, no output of a command, no log and no metric', async () => {
    const origin = await startOrigin()
    const gateway = await startChanging(secretive(origin.url), {}, folder(), 120_000)
    const before = planted
    // All of them are others now; and the file is wrong in the places where they stand, too.
    gateway.write(secretive(origin.url))
    await gateway.process.print(/version 2 is in force/)
    assert.ok(planted > before)
    await fetch(`${gateway.url}/moved`, { redirect: 'manual' })
    await fetch(gateway.url)
    const outputs = await everything(gateway)
    for (const expected of ['GET /config', 'GET /routes', 'GET /versions/{id}', 'GET /diff', 'GET /metrics'])
      assert.match(outputs.get(expected) ?? '', /shop/, expected)
    const { cwd } = gateway
    const admin = ['--admin', gateway.admin]
    const commands = [
      ['check'],
      ['routes'],
      ['explain', 'GET', '/shop/1'],
      ['explain', 'GET', '/'],
      ['explain', 'GET', '/moved'],
      ['status', ...admin],
      ['versions', ...admin],
      ['diff', '1', '2', ...admin],
      ['upstreams', ...admin],
      ['rollback', '1', '--dry-run', ...admin],
      ['reload', '--dry-run', ...admin],
    ].map(async (args) => {
      const { stdout, stderr } = await headgate(args, { cwd })
      outputs.set(`headgate ${args[0]} ${args[1]}`, `${stdout}${stderr}`)
    })
    await Promise.all(commands)
    const changed = (await gateway.call('GET', '/config')).body
    outputs.set(
      'PUT /config',
      JSON.stringify((await gateway.call('PUT', '/config?dryRun', { body: changed })).body),
    )
    outputs.set('the log', gateway.process.stderr)
    outputs.set('the access log', gateway.process.stdout)
    for (const [where, text] of outputs) {
      const at = text.indexOf(CANARY)
      assert.equal(at, -1, `${where}: ${text.slice(Math.max(0, at - 200), at + 30)}`)
    }
    assert.match(outputs.get('headgate diff 1') ?? '', /"\[redacted\] \(changed\)"/)
    const folderOfVersions = join(cwd, 'state', 'headgate')
    const [own = ''] = readdirSync(folderOfVersions)
    assert.equal(statSync(join(folderOfVersions, own)).mode & 0o777, 0o700)
    for (const file of readdirSync(join(folderOfVersions, own)))
      assert.equal(statSync(join(folderOfVersions, own, file)).mode & 0o777, 0o600, 'going back needs them')
  })

  it('in no message about a mistake in their place', async () => {
    const wrong = `${secret()}\u0001`
    const input = {
      upstreams: {
        a: { endpoints: [{ url: `http://user:${secret()}@x` }], health: { headers: { authorization: 1 } } },
      },
      rateLimits: { all: { rate: '1/s', bypass: { headers: { 'x-internal': ` ${secret()} ` } } } },
      routes: [
        {
          upstream: 'a',
          match: {
            headers: { authorization: { regex: `(${secret()}` } },
            query: { token: { exist: secret() } },
          },
          requestHeaders: { set: { authorization: wrong, 'x-api-key': wrong }, add: { cookie: wrong } },
          responseHeaders: { set: { 'set-cookie': wrong } },
          rewrite: { query: { set: { api_key: wrong } }, path: `/x?token=${secret()}` },
        },
        { redirect: { location: `nowhere?access_token=${secret()}` } },
      ],
    }
    const result = parseConfig(input)
    assert.ok(!result.ok)
    assert.ok(result.problems.length > 8, JSON.stringify(result.problems))
    for (const problem of result.problems) assert.doesNotMatch(JSON.stringify(problem), new RegExp(CANARY))
    const cwd = folder()
    writeFileSync(join(cwd, 'headgate.json'), JSON.stringify(input))
    const { stderr, stdout } = await headgate(['check'], { cwd })
    assert.doesNotMatch(`${stdout}${stderr}`, new RegExp(CANARY))
  })

  it('in no message where it stands in a form that none has there: lists, objects, numbers, a text for a section, within a key', async () => {
    const input = {
      admin: { token: secret() },
      upstreams: { a: `http://user:${secret()} with blanks@127.0.0.1:1/${secret()}@x` },
      routes: [
        {
          upstream: 'a',
          requestHeaders: {
            set: {
              'x-api-key': [secret()],
              authorization: { [secret('token=')]: secret() },
              'x-auth-token': 76543210123,
            },
            add: { [`x-api-key: ${secret()}`]: 'a', [`https://user:${secret()}@x`]: 'a' },
          },
        },
        { respond: { headers: [{ name: 'x', 'x-api-key': secret(), passcode: [secret()] }], body: 1 } },
      ],
    }
    const result = parseConfig(input)
    assert.ok(!result.ok)
    const text = JSON.stringify(result.problems)
    assert.doesNotMatch(text, new RegExp(`${CANARY}|76543210123`))
    for (const expected of [
      /admin\.token/,
      /x-api-key/,
      /authorization/,
      /x-auth-token/,
      /x-api-key: \[redacted\]/,
      /routes\[1\]/,
    ])
      assert.match(text, expected)
    const cwd = folder()
    writeFileSync(join(cwd, 'headgate.json'), JSON.stringify(input))
    const { stderr, stdout } = await headgate(['check', '--json'], { cwd })
    assert.doesNotMatch(`${stdout}${stderr}`, new RegExp(`${CANARY}|76543210123`))
  })

  it('nowhere in a form that is shown, and what is no secret stands there as it is', () => {
    const shown = redact(secretive('http://127.0.0.1:1'), configJsonSchema())
    const text = JSON.stringify(shown)
    assert.doesNotMatch(text, new RegExp(CANARY))
    assert.match(text, /https:\/\/x\.example\/\?token=\[redacted\]&page=1/)
    const plain = {
      upstreams: { 'auth-service': { endpoints: [{ url: 'http://10.0.0.1:80' }] } },
      rateLimits: { 'login-token': { rate: '1/s', key: 'header:x-api-key' } },
      routes: [{ upstream: 'auth-service', match: { headers: { authorization: { exists: true } } } }],
    }
    assert.deepEqual(redact(plain, configJsonSchema()), plain)
  })
})

it('a configuration that was shown can be sent back: nothing changes, and one change is one change', async () => {
  const origin = await startOrigin()
  const gateway = await startChanging(secretive(origin.url), {}, folder(), 60_000)
  const { body, headers } = await gateway.call('GET', '/config')
  const same = await gateway.call('PUT', '/config', {
    body,
    headers: { 'if-match': headers.get('etag') ?? '' },
  })
  assert.deepEqual([same.status, same.body['outcome']], [200, 'unchanged'], JSON.stringify(same.body))
  const routes = body['routes'] as { name: string; timeout?: string }[]
  const shop = routes.find(({ name }) => name === 'shop')
  assert.ok(shop)
  shop.timeout = '7s'
  const done = await gateway.call('PUT', '/config', { body, headers: { 'if-match': '*' } })
  assert.equal(done.body['outcome'], 'applied', JSON.stringify(done.body))
  const { differences } = (await gateway.call('GET', '/diff?from=1&to=2')).body
  assert.deepEqual(differences, [{ path: 'routes.shop.timeout', after: '7s' }])
  shop.name = 'renamed'
  const refused = await gateway.call('PUT', '/config', { body, headers: { 'if-match': '*' } })
  assert.equal(refused.status, 422)
  assert.match(JSON.stringify(refused.body), /stands for a secret that is not shown/)
})
