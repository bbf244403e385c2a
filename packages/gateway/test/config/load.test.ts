import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { GatewayConfig } from '../../src/config/schema/schema.ts'
import { findConfig } from '../../src/settings/read/read-text.ts'
import { loadConfig } from '../../src/config/load.ts'
import { parseConfig } from '../../src/config/parse.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-config-'))
})
after(() => rm(folder, { recursive: true, force: true }))

async function write(name: string, text: string): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, text)
  return file
}

async function loaded(file: string): Promise<GatewayConfig> {
  const result = await loadConfig(file)
  assert.ok(result.ok, JSON.stringify(result))
  return result.config
}

/** `line:column path` of each problem, in the order of the file. */
async function placesOf(file: string): Promise<string[]> {
  const result = await loadConfig(file)
  assert.ok(!result.ok)
  for (const problem of result.problems) assert.equal(problem.file, file)
  const ordered = [...result.problems].sort(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  )
  return ordered.map(({ line, column, path }) => `${line}:${column} ${path}`)
}

const yaml = `workers: 2                # default: one per core
listeners:
  - address: 127.0.0.1:8080
admin:
  address: 127.0.0.1:9901
upstreams:
  orders:
    endpoints:
      - url: http://127.0.0.1:9001
      - url: http://127.0.0.1:9002
        weight: 3
routes:
  - name: orders
    match: { host: shop.example, path: /orders/**, methods: [GET, POST] }
    upstream: orders
    timeout: 10s
    retry: { attempts: 3 }
  - name: rest
    match: { path: /** }
    upstream: http://127.0.0.1:9000
`

const toml = `workers = 2
[[listeners]]
address = "127.0.0.1:8080"
[admin]
address = "127.0.0.1:9901"
[[upstreams.orders.endpoints]]
url = "http://127.0.0.1:9001"
[[upstreams.orders.endpoints]]
url = "http://127.0.0.1:9002"
weight = 3
[[routes]]
name = "orders"
match = { host = "shop.example", path = "/orders/**", methods = ["GET", "POST"] }
upstream = "orders"
timeout = "10s"
retry.attempts = 3
[[routes]]
name = "rest"
match.path = "/**"
upstream = "http://127.0.0.1:9000"
`

const input = {
  workers: 2,
  listeners: [{ address: '127.0.0.1:8080' }],
  admin: { address: '127.0.0.1:9901' },
  upstreams: {
    orders: { endpoints: [{ url: 'http://127.0.0.1:9001' }, { url: 'http://127.0.0.1:9002', weight: 3 }] },
  },
  routes: [
    {
      name: 'orders',
      match: { host: 'shop.example', path: '/orders/**', methods: ['GET', 'POST'] },
      upstream: 'orders',
      timeout: '10s',
      retry: { attempts: 3 },
    },
    { name: 'rest', match: { path: '/**' }, upstream: 'http://127.0.0.1:9000' },
  ],
}

test('YAML, TOML, JSON, TypeScript and JavaScript are the same thing', async () => {
  const expected = parseConfig(input)
  assert.ok(expected.ok)
  const json = JSON.stringify(input, undefined, 2)
  const files = {
    'same.yaml': yaml,
    'same.yml': yaml.replaceAll('\n', '\r\n'),
    'same.toml': toml,
    'same.json': `\u{feff}${json}`,
    'same.ts': `interface Any { [key: string]: unknown }\nexport default ${json} satisfies Any`,
    'same.mts': `const config: unknown = ${json}\nexport default config`,
    'same.js': `export default ${json}`,
    'same.mjs': `export default await Promise.resolve(${json})`,
  }
  for (const [name, text] of Object.entries(files)) {
    assert.deepEqual(await loaded(await write(name, text)), expected.config, name)
  }
})

test('five mistakes in YAML are five problems, each at its place', async () => {
  const file = await write(
    'five.yaml',
    `listeners:
  - address: nowhere
timeouts:
  conect: 5s
upstreams:
  orders:
    endpoints:
      - { url: http://127.0.0.1:9001, weight: 0 }
routes:
  - upstream: oders
  - match:
      path: orders/**
    upstream: orders
`,
  )
  assert.deepEqual(await placesOf(file), [
    '2:14 listeners[0].address',
    '4:3 timeouts.conect',
    '8:47 upstreams.orders.endpoints[0].weight',
    '10:15 routes[0].upstream',
    '12:13 routes[1].match.path',
  ])
})

test('five mistakes in JSON are five problems, each at its place', async () => {
  const file = await write(
    'five.json',
    `{
  "listeners": [{ "address": "nowhere" }],
  "timeouts": { "conect": "5s" },
  "upstreams": {
    "orders": { "endpoints": [{ "url": "http://127.0.0.1:9001", "weight": 0 }] }
  },
  "routes": [
    { "upstream": "oders" },
    { "match": { "path": "orders/**" }, "upstream": "orders" }
  ]
}
`,
  )
  assert.deepEqual(await placesOf(file), [
    '2:30 listeners[0].address',
    '3:17 timeouts.conect',
    '5:75 upstreams.orders.endpoints[0].weight',
    '8:19 routes[0].upstream',
    '9:26 routes[1].match.path',
  ])
})

test('five mistakes in TOML are five problems, each at its place', async () => {
  const file = await write(
    'five.toml',
    `timeouts.conect = "5s"

[[listeners]]
address = "nowhere"

[upstreams.orders]
endpoints = [
  { url = "http://127.0.0.1:9001", weight = 0 },
]

[[routes]]
upstream = "oders"

[[routes]]
upstream = "orders"
[routes.match]
path = "orders/**"
`,
  )
  assert.deepEqual(await placesOf(file), [
    '1:10 timeouts.conect',
    '4:11 listeners[0].address',
    '8:45 upstreams.orders.endpoints[0].weight',
    '12:12 routes[0].upstream',
    '17:8 routes[1].match.path',
  ])
})

test('mistakes in TypeScript are told with file and path', async () => {
  const file = await write('five.ts', `export default { routes: [{ upstream: 'oders' }], workerz: 1 }`)
  assert.deepEqual((await placesOf(file)).sort(), [
    'undefined:undefined routes[0].upstream',
    'undefined:undefined workerz',
  ])
})

test('a repeated key, an unreadable certificate and a wrong value are told together', async () => {
  const file = await write(
    'together.yaml',
    `routes:
  - upstream: http://127.0.0.1:9000
    retry: { attempts: 0 }
    retry: { attempts: 11 }
listeners:
  - address: 127.0.0.1:8443
    tls: { cert: missing.pem, key: . }
`,
  )
  assert.deepEqual(await placesOf(file), [
    '4:5 ',
    '4:24 routes[0].retry.attempts',
    '7:18 listeners[0].tls.cert',
    '7:36 listeners[0].tls.key',
  ])
})

test('a missing setting is told where its section starts', async () => {
  assert.deepEqual(await placesOf(await write('missing.yaml', 'routes:\n  - name: a\n')), [
    '2:5 routes[0].upstream',
  ])
  assert.deepEqual(await placesOf(await write('empty-section.yaml', 'routes:\nadmin:\n')), [
    '1:1 routes',
    '2:1 admin',
  ])
})

const syntax: [string, string, RegExp][] = [
  ['syntax.yaml', 'routes:\n  - upstream: [', /syntax.yaml:2:\d+/],
  ['syntax.toml', 'routes = [\n  oops\n]', /syntax.toml:2:3/],
  ['syntax.json', '{\n  "routes": nope\n}', /syntax.json:2:13/],
]

for (const [name, text, place] of syntax) {
  test(`a mistake in the syntax of ${name} is told with its place`, async () => {
    const result = await loadConfig(await write(name, text))
    assert.ok(!result.ok)
    const [problem] = result.problems
    assert.match(`${problem?.file}:${problem?.line}:${problem?.column}`, place)
    assert.notEqual(problem?.message, '')
  })
}

test('files that hold nothing, are not there, or have no known extension are problems', async () => {
  const cases: [string, RegExp][] = [
    [await write('empty.yaml', '# nothing\n'), /holds no configuration/],
    [await write('empty.toml', ''), /the file is empty; the shortest/],
    [await write('config.ini', 'a=1'), /the extension tells no format; known: \.yaml/],
    [join(folder, 'absent.yaml'), /cannot be read: there is no such file/],
    [join(folder, 'absent.ts'), /cannot be read: there is no such file/],
    [
      await mkdir(join(folder, 'folder.json'), { recursive: true }).then(() => join(folder, 'folder.json')),
      /it is a folder/,
    ],
  ]
  for (const [file, expected] of cases) {
    const result = await loadConfig(file)
    assert.ok(!result.ok)
    assert.match(`${result.problems[0]?.message}; ${result.problems[0]?.hint}`, expected, file)
  }
})

test('a script that throws, has no default export or is not valid is a problem of its file', async () => {
  const cases: [string, string, RegExp][] = [
    ['throws.ts', `throw new RangeError('no luck')`, /RangeError: no luck/],
    ['rejects.mjs', `await Promise.reject('plain')`, /plain/],
    ['nothing.ts', 'export const config = {}', /no default export/],
    ['invalid.ts', 'export default {', /could not be run/],
    ['import.ts', `import './nowhere.ts'\nexport default {}`, /nowhere/],
  ]
  for (const [name, text, expected] of cases) {
    const file = await write(name, text)
    const result = await loadConfig(file)
    assert.ok(!result.ok, name)
    assert.equal(result.problems.length, 1)
    assert.equal(result.problems[0]?.file, file)
    assert.match(result.problems[0]?.message ?? '', expected)
  }
})

test('a TypeScript file is read again after it has changed', async () => {
  const text = (path: string) =>
    `export default { routes: [{ match: { path: '${path}' }, upstream: 'http://127.0.0.1:1' }] }`
  assert.deepEqual((await loaded(await write('changing.ts', text('/a')))).routes[0]?.match.path, ['/a'])
  assert.deepEqual((await loaded(await write('changing.ts', text('/b')))).routes[0]?.match.path, ['/b'])
})

test('TypeScript that Node alone cannot run still loads: enums, imports without extension, CommonJS packages', async () => {
  const routes = `[{ upstream: 'http://127.0.0.1:9000' }]`
  await write('shared.ts', `export const routes = ${routes}`)
  await mkdir(join(folder, 'commonjs'))
  await write('commonjs/package.json', '{ "type": "commonjs" }')
  const files = [
    await write(
      'enum.ts',
      `enum Host { local = 'http://127.0.0.1:9000' }\nexport default { routes: [{ upstream: Host.local }] }`,
    ),
    await write('import-shared.ts', `import { routes } from './shared'\nexport default { routes }`),
    await write(
      'commonjs/headgate.config.ts',
      `import { join } from 'node:path'\nexport default { routes: ${routes}, accessLog: { path: join('a', 'b') } }`,
    ),
    await write('commonjs/headgate.config.js', `export default { routes: ${routes} }`),
  ]
  for (const file of files) assert.equal((await loaded(file)).routes.length, 1, file)
})

test('relative paths of files start at the folder of the configuration', async () => {
  const options = [
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-subj',
    '/CN=a',
  ]
  for (const name of ['one', 'two']) {
    const files = ['-keyout', `${name}-key.pem`, '-out', `${name}.pem`]
    execFileSync('openssl', ['req', ...options, ...files], { cwd: folder, stdio: 'ignore' })
  }
  const text = (cert: string, key: string, ca: string) => `
listeners: [{ address: '127.0.0.1:8443', tls: { cert: ${cert}, key: ${key} } }]
accessLog: { path: access.log }
upstreams: { a: { endpoints: [{ url: https://127.0.0.1 }], tls: { ca: ${ca} } } }
routes: [{ upstream: a }]
`
  const config = await loaded(
    await write('tls.yaml', text('one.pem', join(folder, 'one-key.pem'), './two.pem')),
  )
  const { cert, key } = config.listeners[0]?.tls ?? {}
  assert.deepEqual([cert, key], [join(folder, 'one.pem'), join(folder, 'one-key.pem')])
  assert.equal(config.upstreams['a']?.tls?.ca, join(folder, 'two.pem'))
  assert.deepEqual(config.accessLog, { path: join(folder, 'access.log'), format: 'auto', headers: [] })

  assert.deepEqual(await placesOf(await write('mixed.yaml', text('one.pem', 'two-key.pem', 'two.pem'))), [
    '2:69 listeners[0].tls.key',
  ])
  assert.deepEqual(await placesOf(await write('no-pem.yaml', text('one.pem', 'tls.yaml', 'tls.yaml'))), [
    '2:69 listeners[0].tls.key',
    '4:71 upstreams.a.tls.ca',
  ])

  const der = ['x509', '-in', 'two.pem', '-outform', 'der', '-out', 'two.der']
  execFileSync('openssl', der, { cwd: folder, stdio: 'ignore' })
  const withDer = await write('der.yaml', text('one.pem', 'one-key.pem', 'two.der'))
  assert.deepEqual(await placesOf(withDer), ['4:71 upstreams.a.tls.ca'])
})

test('the configuration of a folder is found by its name, TypeScript first', async () => {
  const place = await mkdtemp(join(folder, 'find-'))
  assert.equal(await findConfig(place), undefined)
  const known: string[] = []
  await mkdir(join(place, 'headgate.config.ts'))
  for (const name of ['headgate.json', 'headgate.toml', 'headgate.yaml', 'headgate.config.mjs']) {
    await writeFile(join(place, name), '')
    assert.deepEqual(await findConfig(place), { file: join(place, name), others: [...known] })
    known.unshift(name)
  }
})
