import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { addressConflicts } from '../../src/config/checks/addresses.ts'
import { checkInput, loadConfig } from '../../src/config/load.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { countProblems } from '../../src/settings/problems/place.ts'
import type { ConfigProblem } from '../../src/settings/problems/problem.ts'
import { readJson } from '../../src/settings/read/json.ts'
import { readToml } from '../../src/settings/read/toml.ts'
import { readYaml } from '../../src/settings/read/yaml.ts'
import { assertGrowsLinearly } from '../../../../scripts/testing/growth.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-bounds-'))
})
after(() => rm(folder, { recursive: true, force: true }))

async function problemsOf(name: string, text: string): Promise<ConfigProblem[]> {
  const file = join(folder, name)
  await writeFile(file, text)
  const result = await loadConfig(file)
  assert.ok(!result.ok)
  return result.problems
}

const MATCH = { yaml: ['not: {', '}'], json: ['{"not":', '}'], toml: ['not = {', '}'] } as const

test('what is nested too deep is one mistake with the bound, in every format', async () => {
  const depths = [90, 101, 500, 5000, 100_000]
  for (const depth of depths) {
    const [openJson, closeJson] = MATCH.json
    const json = `{"routes": [{"upstream": "http://127.0.0.1:1", "match": ${openJson.repeat(depth)}{}${closeJson.repeat(depth)}}]}`
    const toml = `[[routes]]\nupstream = "http://127.0.0.1:1"\nmatch = {${'not = {'.repeat(depth)}${'}'.repeat(depth)}}`
    const all = [
      await checkInput(deep(depth), folder),
      parseConfig(deep(depth)),
      ...(depth > 90 ? [{ ok: false, problems: await problemsOf('deep.yaml', json) } as const] : []),
      ...(depth > 90 ? [{ ok: false, problems: await problemsOf('deep.json', json) } as const] : []),
      ...(depth > 90 ? [{ ok: false, problems: await problemsOf('deep.toml', toml) } as const] : []),
    ]
    for (const result of all) {
      if (depth === 90) assert.ok(result.ok, JSON.stringify(result))
      else {
        assert.ok(!result.ok)
        assert.equal(result.problems.length, 1)
        assert.match(result.problems[0]?.message ?? '', /nested deeper than 100 levels/)
      }
    }
  }
})

function deep(depth: number): unknown {
  let match: object = { path: '/a' }
  for (let level = 0; level < depth; level++) match = { not: match }
  return { routes: [{ upstream: 'http://127.0.0.1:1', match }] }
}

test('keys with many dots of TOML are nested, too', async () => {
  const [problem] = await problemsOf('dots.toml', `${'a.'.repeat(20_000)}a = 1`)
  assert.match(problem?.message ?? '', /nested deeper than 100 levels/)
})

test('a YAML file whose aliases expand without end is refused, with the bound', async () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
  for (let level = 1; level < 30; level++) {
    lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ')}]`)
  }
  const problems = await problemsOf('bomb.yaml', lines.join('\n'))
  assert.equal(problems.length, 1)
  assert.match(problems[0]?.message ?? '', /more than 2000000 values/)
})

test('objects of code that hold themselves are refused at their place', () => {
  const match: Record<string, unknown> = { path: '/a' }
  match['not'] = { all: [match] }
  const result = parseConfig({ routes: [{ upstream: 'http://127.0.0.1:1', match }] })
  assert.ok(!result.ok)
  assert.deepEqual(
    result.problems.map(({ path, message }) => `${path}: ${message}`),
    ['routes[0].match.not.all[0]: this holds itself: it has no end'],
  )
})

test('an object that throws when it is read is a mistake and no exception', () => {
  const throwing = {
    get upstream(): string {
      throw new Error('hunter2')
    },
  }
  const result = parseConfig({ routes: [throwing] })
  assert.ok(!result.ok)
  assert.match(result.problems[0]?.message ?? '', /cannot be read/)
  assert.doesNotMatch(JSON.stringify(result.problems), /hunter2/)
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  assert.equal(parseConfig(proxy).ok, false)
})

test('the same object in several places is no cycle', () => {
  const shared = { path: '/a', methods: ['GET'] }
  const routes = [
    { upstream: 'http://127.0.0.1:1', match: { any: [shared, { not: shared }] } },
    { upstream: 'http://127.0.0.1:1', match: shared },
  ]
  assert.ok(parseConfig({ routes }).ok)
})

test('of very many mistakes the first are told, and how many there are besides, in bounded time', async () => {
  const count = 50_000
  const start = process.threadCpuUsage()
  const keys = Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, 1]))
  const routes = Array.from({ length: count }, () => ({ upstream: 'nowhere', timeout: 1 }))
  const upstreams = Object.fromEntries(
    Array.from({ length: 2000 }, (_, index) => [`u${index}`, { endpoints: [{ url: 'http://127.0.0.1:1' }] }]),
  )
  for (const input of [
    { ...keys, routes: [{ upstream: 'http://127.0.0.1:1' }] },
    { routes, upstreams },
  ]) {
    const result = await checkInput(input, folder)
    assert.ok(!result.ok)
    assert.equal(result.problems.length, 101)
    assert.match(result.problems.at(-1)?.message ?? '', /^and \d+ mistakes more/)
    assert.ok(countProblems(result.problems) >= count)
  }
  const seconds = process.threadCpuUsage(start).user / 1e6
  assert.ok(seconds < 60, `${seconds} s`)
})

test('of more keys in one object than the bound, the bound is told, before anything is made of them', async () => {
  const keys = (count: number) => Array.from({ length: count }, (_, index) => `"k${index}": 1`).join()
  const upstream = '"upstream": "http://127.0.0.1:1"'
  const forms: ((keys: string) => string)[] = [
    (keys) => `{${keys}, "routes": [{${upstream}}]}`,
    (keys) => `{"routes": [{${upstream}, ${keys}}]}`,
    (keys) => `{"routes": [{${upstream}}], "upstreams": {${keys}}}`,
  ]
  for (const form of forms) {
    const text = form(keys(300_000))
    const start = process.threadCpuUsage()
    const problems = await problemsOf('large.json', text)
    const { user } = process.threadCpuUsage(start)
    assert.deepEqual(
      problems.map(({ message }) => message),
      ['this has more than 100000 keys'],
    )
    assert.ok(user < 5e6, `${user} µs`)
  }
  const [inYaml] = await problemsOf('large.yaml', `routes: [{${upstream}}]\nx-more: {${keys(100_001)}}`)
  assert.match(inYaml?.message ?? '', /more than 100000 keys/)
  const many = Object.fromEntries(Array.from({ length: 100_001 }, (_, index) => [`k${index}`, 1]))
  const inMemory = parseConfig({ routes: [{ upstream: 'http://127.0.0.1:1', match: many }] })
  assert.ok(!inMemory.ok)
  assert.equal(inMemory.problems[0]?.path, 'routes[0].match')
})

test('unknown keys of many objects are counted, and the first are told', async () => {
  const keys = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`k${index}`, 1]))
  const routes = Array.from({ length: 1000 }, () => ({ respond: { ...keys } }))
  const result = await checkInput({ routes }, folder)
  assert.ok(!result.ok)
  assert.equal(result.problems.length, 101)
  assert.ok(countProblems(result.problems) >= 100_000)
})

test('what conflicts among 50,000 listeners is found without comparing each with all others', () => {
  const cost = (count: number): number => {
    const listeners = Array.from({ length: count }, (_, index) => ({
      address: `10.${index % 7}.0.1:${1000 + (index % 60_000)}`,
    }))
    const start = process.threadCpuUsage()
    assert.equal(addressConflicts([...listeners, { address: '0.0.0.0:1001' }], false).length, 1)
    return process.threadCpuUsage(start).user
  }
  cost(5_000)
  const few = cost(5_000)
  const many = cost(50_000)
  assert.ok(many < Math.max(few, 5_000) * 40, `${few} µs for 5,000, ${many} µs for 50,000`)
})

const UPSTREAM = 'http://127.0.0.1:1'

/** Lists and sections that are as long as they may be, with nothing right in them. */
const WRONG: Readonly<Record<string, (count: number) => object>> = {
  'routes that are none': (count) => ({ routes: many(1, count) }),
  'routes that lead nowhere': (count) => ({ routes: many({ upstream: 'x', name: 'a' }, count / 4) }),
  'sections of routes': (count) => ({ routes: many({ upstream: UPSTREAM, retry: 3 }, count / 4) }),
  methods: (count) => ({ routes: [{ upstream: UPSTREAM, match: { methods: many(1, count) } }] }),
  'methods of many routes': (count) => ({
    routes: many({ upstream: UPSTREAM, match: { methods: many(1, 1000) } }, count / 1000),
  }),
  'nested matches': (count) => ({
    routes: [{ upstream: UPSTREAM, match: { any: many({ all: [1] }, count) } }],
  }),
  'fields of a match': (count) => ({ routes: [{ upstream: UPSTREAM, match: { headers: named(1, count) } }] }),
  'names of fields': (count) => ({
    routes: [{ upstream: UPSTREAM, requestHeaders: { set: named('x', count, ' ') } }],
  }),
  'limits by name': (count) => ({ routes: [{ upstream: UPSTREAM, rateLimit: many('x', count) }] }),
  'groups in use': (count) => ({
    groups: named({}, count),
    routes: [{ upstream: UPSTREAM, use: many('x', count) }],
  }),
  upstreams: (count) => ({ upstreams: named(1, count), routes: [{ upstream: UPSTREAM }] }),
  endpoints: (count) => ({ upstreams: { a: { endpoints: many({}, count) } }, routes: [{ upstream: 'a' }] }),
  versions: (count) => ({
    routes: [
      { upstream: UPSTREAM, apiVersions: { query: 'v', versions: named({ successor: 'v9' }, count) } },
    ],
  }),
  'what stands for secrets': (count) => ({
    trustedProxies: many('***', count),
    routes: [{ upstream: UPSTREAM }],
  }),
  variables: (count) => ({ trustedProxies: many('${A}', count), routes: [{ upstream: UPSTREAM }] }),
  'hosts, paths and methods of one route': (count) => {
    const [host, path, methods] = ['h', '/h', 'M'].map((each) =>
      Array.from({ length: count / 100 }, (_, index) => `${each}${index}`),
    )
    return { routes: [{ upstream: 'nowhere', match: { host, path, methods } }] }
  },
}

function many(value: unknown, count: number): unknown[] {
  return Array.from({ length: count }, () => value)
}

function named(value: unknown, count: number, before = ''): object {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`${before}k${index}`, value]))
}

for (const [name, inputOf] of Object.entries(WRONG)) {
  test(`the work for very many wrong values grows with their number, and the report does not: ${name}`, () => {
    assertGrowsLinearly(
      inputOf,
      (input) => {
        const result = parseConfig(input)
        assert.ok(!result.ok)
        assert.ok(result.problems.length <= 101)
        assert.ok(JSON.stringify(result.problems).length < 200_000)
      },
      { size: 3_000, least: 10 },
    )
  })
}

test('of more entries in one list than the bound, the bound is told', async () => {
  for (const input of [
    { routes: many(1, 1_000_000) },
    { routes: [{ upstream: UPSTREAM, match: { methods: many('GET', 100_001) } }] },
    { routes: [{ upstream: UPSTREAM }], trustedProxies: many('10.0.0.1', 100_001) },
  ]) {
    const result = await checkInput(input, folder)
    assert.ok(!result.ok)
    assert.deepEqual(
      result.problems.map(({ message }) => message),
      ['this has more than 100000 entries'],
    )
  }
})

test('what was not looked at after very many mistakes is told', () => {
  const result = parseConfig({ routes: [{ upstream: UPSTREAM }], trustedProxies: many('x', 10_000) })
  assert.ok(!result.ok)
  assert.equal(
    result.problems.at(-1)?.message,
    'and 400 mistakes more; after so many, 9500 entries of a list or section were not looked at',
  )
  assert.equal(countProblems(result.problems), 10_000)
})

test('a text, a key or a comment may be as long as the file, whatever it holds', () => {
  const most = 6_000_000
  const escapes = '\\\\'.repeat(most / 2)
  for (const [read, text] of [
    [readToml, `a = "${'x'.repeat(most)}"\nb = 1`],
    [readToml, `a = "${escapes}"\nb = 1`],
    [readToml, `"${'x'.repeat(most)}" = 1\nb = 1`],
    [readToml, `${'#\n'.repeat(most / 2)}b = 1`],
    [readJson, `{"a":"${escapes}","b":1}`],
    [readYaml, `a: '${'x'.repeat(most)}'\nb: 1`],
  ] as const) {
    const { problems, value } = read(text)
    assert.deepEqual(problems, [])
    assert.ok(value !== undefined)
    assert.equal((value.input as { b: number }).b, 1)
    assert.ok(value.locate?.(['b'], 'key').column)
  }
})

test('objects of YAML that take over the keys of each other have a bound in all', async () => {
  const links = Array.from(
    { length: 3_000 },
    (_, index) => `k${index}: &a${index} {<<: *a${index - 1}, b${index}: 1}\n`,
  )
  const [first] = await problemsOf('chain.yaml', `k: &a-1 {}\n${links.join('')}`)
  assert.equal(first?.message, '"<<" takes over more than 2000000 keys in all')
})
