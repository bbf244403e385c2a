import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { COMMANDS } from '../../src/cli/catalogue.ts'
import { headgate } from '../headgate-command.ts'
import { folder } from '../headgate-process.ts'
import { configWith, startChanging } from '../versions/running-gateway.ts'

const NOBODY = 'http://127.0.0.1:1'

const CONFIG = configWith({
  workers: 1,
  upstreams: {
    shop: { endpoints: [{ url: NOBODY }], breaker: {} },
    next: { endpoints: [{ url: 'http://127.0.0.1:2' }] },
  },
  rateLimits: { all: { rate: '100/m' } },
  routes: [
    { name: 'shop', match: { path: '/shop' }, upstream: 'shop', rateLimit: 'all', retry: false },
    {
      name: 'split',
      match: { path: '/split' },
      split: {
        upstreams: [
          { upstream: 'shop', weight: 9 },
          { upstream: 'next', weight: 1 },
        ],
      },
    },
    { name: 'closed', match: { path: '/closed' }, respond: { status: 403 } },
    { name: 'small', match: { path: '/small', methods: ['POST'] }, upstream: 'shop', limits: { body: '2B' } },
  ],
})

it('every command that shows what is takes --json', async () => {
  const without: string[] = []
  for (const { name, load } of COMMANDS) {
    const { options } = await load()
    if (!options.some(({ flags }) => flags === '--json')) without.push(name)
  }
  assert.deepEqual(without, ['run', 'init', 'schema', 'completion'])
})

describe('--json', () => {
  it('prints what a running gateway says, as its API has it', async () => {
    const gateway = await startChanging(CONFIG)
    const { url, admin, cwd } = gateway
    for (let count = 0; count < 6; count++) assert.ok((await fetch(`${url}/shop`)).status >= 502)
    const show = async (...args: string[]): Promise<Record<string, unknown>> => {
      const { code, stdout, stderr } = await headgate([...args, '--admin', admin, '--json'], { cwd })
      assert.equal(code, 0, stderr)
      return JSON.parse(stdout) as Record<string, unknown>
    }
    const upstreams = await show('upstreams')
    assert.deepEqual(upstreams, (await gateway.call('GET', '/upstreams')).body)
    const [shop] = upstreams['upstreams'] as { endpoints: { status: string }[] }[]
    assert.equal(shop?.endpoints[0]?.status, 'failing', 'six of six failed, and it is alone: not "up"')
    assert.equal((await show('status'))['phase'], 'running')
    assert.equal((await show('versions'))['current'], 1)
    assert.deepEqual((await show('diff', '1', '1'))['differences'], [])
    assert.equal(((await show('breakers'))['breakers'] as unknown[]).length, 1)
    const limits = await show('limits')
    assert.deepEqual(Object.keys(limits), ['rateLimits', 'concurrencyLimits'])
    assert.deepEqual((await show('split', 'split'))['weights'], { shop: 9, next: 1 })
    assert.equal((await show('switch', 'split', 'next'))['route'], 'split')
    assert.equal((await show('reload', '--dry-run'))['outcome'], 'unchanged')
    const top = await show('top', '--once')
    assert.deepEqual(Object.keys(top), ['status', 'upstreams', 'routes', 'connections'])
    const text = await headgate(['upstreams', '--admin', admin], { cwd })
    assert.match(text.stdout, /^shop +127\.0\.0\.1:1 +failing /m)
    const unknown = await headgate(['endpoint', 'nothing', 'x:1', '--mark', 'down', '--admin', admin], {
      cwd,
    })
    assert.equal(unknown.code, 1)
    assert.match(unknown.stderr, /"headgate upstreams"/)
    assert.doesNotMatch(unknown.stderr, /GET|\/upstreams/)
  })

  it('prints what a configuration is, and its mistakes', async () => {
    const cwd = folder({
      'headgate.json': JSON.stringify(CONFIG),
      'bad.json': '{"routes": [{}], "wokers": 1}',
    })
    const good = await headgate(['check', '--json'], { cwd })
    assert.equal(good.code, 0)
    const { ok, file, routes, upstreams } = JSON.parse(good.stdout) as Record<string, unknown>
    assert.deepEqual([ok, file, routes, upstreams], [true, 'headgate.json', 4, 2])
    const bad = await headgate(['check', '--json', '-c', 'bad.json'], { cwd })
    assert.deepEqual([bad.code, bad.stderr], [78, ''])
    const found = JSON.parse(bad.stdout) as { ok: boolean; problems: { path: string; line: number }[] }
    assert.equal(found.ok, false)
    assert.ok(found.problems.some(({ path }) => path === 'wokers'))
    const table = await headgate(['routes', '--json'], { cwd })
    const listed = (JSON.parse(table.stdout) as { routes: { path: string; route: string }[] }).routes
    assert.deepEqual(listed.map(({ route }) => route).sort(), ['closed', 'shop', 'small', 'split'])
  })
})

it('"explain" exits with 1 where no route takes a request or it is refused, and says so as JSON', async () => {
  const cwd = folder({ 'headgate.json': JSON.stringify(CONFIG) })
  const cases: [args: string[], code: number, outcome: string][] = [
    [['GET', '/shop'], 0, 'taken'],
    [['GET', '/closed'], 0, 'taken'],
    [['GET', '/nothing'], 1, 'not_found'],
    [['GET', '/small'], 1, 'method_not_allowed'],
    [['POST', '/small', '-d', '{"a":1}'], 1, 'refused'],
  ]
  for (const [args, code, outcome] of cases) {
    const shown = await headgate(['explain', ...args, '--json'], { cwd })
    assert.equal(shown.code, code, `${args.join(' ')}: ${shown.stderr}`)
    const found = JSON.parse(shown.stdout) as { outcome: string; route?: { name: string }; allow?: string[] }
    assert.equal(found.outcome, outcome, args.join(' '))
    if (outcome === 'taken') assert.equal(`/${found.route?.name}`, args[1])
    if (outcome === 'method_not_allowed') assert.deepEqual(found.allow, ['POST'])
  }
})
