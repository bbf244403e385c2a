import assert from 'node:assert/strict'
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { configJsonSchema } from '../../src/config/json-schema/json-schema.ts'
import { checkInput, loadConfig } from '../../src/config/load.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { variablesOf } from '../../src/settings/prepare/variables.ts'
import { redact } from '../../src/settings/redact.ts'
import { shownConfig } from '../../src/config/shown.ts'
import type { GatewayConfig } from '../../src/config/schema/schema.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-variables-'))
  await writeFile(join(folder, 'token'), 'hunter2-of-file\n')
  await writeFile(join(folder, 'empty'), '\n')
  await writeFile(join(folder, 'binary'), Buffer.from([0xc3, 0x28]))
})
after(() => rm(folder, { recursive: true, force: true }))

const ENV = {
  BACKEND: 'http://127.0.0.1:9001',
  PORT: '9002',
  WEIGHT: '3',
  TIMEOUT: '2s',
  OFF: 'false',
  NUMERIC: '1.10',
  EMPTY: '',
  SECRET: 'hunter2-of-env-0123',
  TEMPLATE: '${request.path}',
}

function config(input: unknown): GatewayConfig {
  const result = parseConfig(input, { variables: variablesOf(folder, ENV) })
  assert.ok(result.ok, JSON.stringify(result))
  return result.config
}

function problems(input: unknown): string[] {
  const result = parseConfig(input, { variables: variablesOf(folder, ENV) })
  assert.ok(!result.ok)
  return result.problems.map(({ path, message, hint }) => `${path}: ${message}; ${hint}`)
}

function route(more: object): { routes: object[] } {
  return { routes: [{ upstream: 'http://127.0.0.1:1', ...more }] }
}

test('values of variables are typed as if they were written there', () => {
  const { routes, upstreams, accessLog } = config({
    accessLog: '${OFF}',
    upstreams: { a: { endpoints: [{ url: 'http://127.0.0.1:${PORT}', weight: '${WEIGHT}' }] } },
    routes: [
      { upstream: 'a', timeout: '${TIMEOUT}', match: { headers: { 'x-v': '${NUMERIC}' }, path: '/a' } },
      { upstream: '${BACKEND}', preserveHost: '${OFF}' },
    ],
  })
  assert.equal(accessLog, false)
  assert.deepEqual(
    upstreams['a']?.endpoints.map(({ url, weight }) => [url, weight]),
    [['http://127.0.0.1:9002', 3]],
  )
  assert.equal(routes[0]?.timeout, 2000)
  assert.deepEqual(routes[0]?.match.headers, { 'x-v': { equals: ['1.10'] } })
  assert.deepEqual([routes[1]?.upstream, routes[1]?.preserveHost], ['http://127.0.0.1:9001', false])
})

test('a default stands for a variable that is not set or empty, and "$${" for "${"', () => {
  const body = (text: string): string | undefined =>
    config({ routes: [{ respond: { body: text } }] }).routes[0]?.respond?.body
  assert.equal(body('${MISSING:-a:b} ${EMPTY:-c} ${EMPTY} ${PORT:-d}'), 'a:b c  9002')
  assert.equal(body('$${PORT} ${request.path} ${lower} $PORT'), '${PORT} ${request.path} ${lower} $PORT')
})

test('variables of requests stay, and what a variable stands for is never one', () => {
  const [only] = config(
    route({ requestHeaders: { set: { 'x-a': '${PORT} ${request.path} $${PORT} ${TEMPLATE}' } } }),
  ).routes
  assert.equal(only?.requestHeaders?.set['x-a'], '9002 ${request.path} $${PORT} $${request.path}')
})

test('the content of a file is a value, without the line break at its end', () => {
  const [only] = config(route({ requestHeaders: { set: { authorization: 'Bearer ${file:token}' } } })).routes
  assert.equal(only?.requestHeaders?.set['authorization'], 'Bearer hunter2-of-file')
})

test('a variable without a value is told with its place, its name and what to do', () => {
  assert.deepEqual(problems({ routes: [{ upstream: '${MISSING}' }] }), [
    'routes[0].upstream: "${MISSING}" needs the variable MISSING, which is not set in the environment; set it, or write a default: ${MISSING:-...}',
  ])
  assert.match(problems(route({ timeout: '${EMPTY:?the time limit}' })).join(), /TIME|empty; the time limit/)
  for (const [text, expected] of [
    ['${PORT-1}', /without a variable behind it; a variable is/],
    ['${PORT', /without a variable behind it/],
    ['${file:}', /without a variable behind it/],
    ['${file:none}', /needs the file .*none, which cannot be read: there is no such file/],
    ['${file:.}', /it is a folder/],
    ['${file:/dev/zero}', /it is no file, but a pipe, a socket or a device/],
    ['${file:empty}', /it is empty/],
    ['${file:binary}', /not in UTF-8/],
  ] as const) {
    const told = problems({ routes: [{ respond: { body: text } }] })
    assert.equal(told.length, 1)
    assert.match(told[0] ?? '', expected)
  }
})

test('a name in lower case gets the hint that variables are in upper case', () => {
  assert.match(problems({ routes: [{ upstream: '${backend}' }] }).join(), /upper case/)
})

test('errors show the names of variables and never their values', () => {
  for (const input of [
    route({ timeout: '${SECRET}' }),
    { routes: [{ upstream: '${SECRET}' }] },
    { upstreams: { 'hunter2-of-enw': {} }, routes: [{ upstream: '${SECRET}' }] },
    route({ match: { host: '${SECRET}:80' } }),
    route({ importance: '${file:token}' }),
    route({ match: { methods: ['${SECRET}'] } }),
    {
      routes: [
        { name: '${SECRET}', upstream: 'http://a' },
        { name: '${SECRET}', upstream: 'http://a' },
      ],
    },
  ]) {
    const text = JSON.stringify(problems(input))
    assert.doesNotMatch(text, /hunter2-of-(?:env|file)/i)
    assert.match(text, /\$\{/)
  }
})

test('the configuration that is shown has the names of variables', async () => {
  const input = {
    upstreams: {
      a: {
        endpoints: [{ url: '${BACKEND}', weight: '${WEIGHT}' }],
        sticky: { secret: '${SECRET}' },
        health: { headers: { Authorization: 'Bearer ${SECRET}' } },
      },
    },
    routes: [
      {
        upstream: 'a',
        match: { host: '${SECRET:-x}.test', headers: { 'X-Key': ['${SECRET}'] } },
        requestHeaders: { set: { Authorization: 'Bearer ${file:token}' } },
      },
    ],
  }
  const shown = JSON.stringify(shownConfig(config(input)))
  assert.doesNotMatch(shown, /hunter2/)
  for (const text of [
    '"authorization":"[redacted]"',
    '"secret":"${SECRET}"',
    '"url":"${BACKEND}"',
    '["${SECRET}"]',
  ])
    assert.ok(shown.includes(text), text)
  assert.doesNotMatch(shown, /variables/)
  const written = JSON.stringify(redact(input, configJsonSchema()))
  assert.match(written, /"secret":"\$\{SECRET\}"/)
  assert.match(written, /"Authorization":"\[redacted\]"/)
})

test('a file has variables, what is handed over has none, and what is kept has their names', async () => {
  process.env['HEADGATE_TEST_BACKEND'] = 'http://127.0.0.1:9003'
  after(() => delete process.env['HEADGATE_TEST_BACKEND'])
  const upstream = '${HEADGATE_TEST_BACKEND}'
  const files = {
    'a.yaml': `routes:\n  - upstream: ${upstream}\n`,
    'a.json': JSON.stringify({ routes: [{ upstream }] }),
    'a.toml': `[[routes]]\nupstream = "${upstream}"\n`,
    'a.config.ts': `export default { routes: [{ upstream: '${upstream}' }] }`,
  }
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, name), text)
    const result = await loadConfig(join(folder, name))
    assert.ok(result.ok, JSON.stringify(result))
    assert.equal(result.config.routes[0]?.upstream, 'http://127.0.0.1:9003')
    assert.deepEqual(result.input, { routes: [{ upstream }] })
  }
  for (const text of [upstream, '${file:token}', 'x${HEADGATE_TEST_BACKEND:-y}']) {
    const handed = await checkInput({ routes: [{ respond: { body: text } }] }, folder)
    assert.ok(!handed.ok)
    assert.match(
      handed.problems[0]?.message ?? '',
      /new variables are taken from the configuration file only/,
    )
  }
})

test('what only looks like a variable is shown escaped: written into a file, it is the same text again', () => {
  const literal = '$${SECRET} $${file:token} $$$${SECRET} ${request.path}'
  const input = {
    routes: [
      {
        name: 'text',
        match: { path: '/a' },
        respond: { body: literal, headers: { 'x-a': '$${SECRET:-x}' } },
      },
      { name: 'template', upstream: 'http://127.0.0.1:1', requestHeaders: { set: { 'x-b': '$${SECRET}' } } },
    ],
  }
  const first = config(input)
  assert.equal(first.routes[0]?.respond?.body, '${SECRET} ${file:token} $$${SECRET} ${request.path}')
  const text = JSON.stringify(shownConfig(first))
  assert.ok(text.includes('"x-a":"$${SECRET:-x}"') && text.includes('"x-b":"$${SECRET}"'), text)
  const again = config(JSON.parse(text))
  assert.equal(JSON.stringify(shownConfig(again)), text)
  assert.deepEqual(again.routes[0]?.respond, first.routes[0]?.respond)
  // Where no variables are read, as by the admin listener.
  const handed = parseConfig(JSON.parse(text))
  assert.ok(handed.ok, JSON.stringify(handed))
})

test('keys of the top that start with "x-" are passed over', async () => {
  await writeFile(
    join(folder, 'anchors.yaml'),
    'x-common: &common { timeout: 5s, preserveHost: false }\nroutes:\n  - { <<: *common, upstream: "http://127.0.0.1:1" }\n',
  )
  const result = await loadConfig(join(folder, 'anchors.yaml'))
  assert.ok(result.ok, JSON.stringify(result))
  assert.equal(result.config.routes[0]?.timeout, 5000)
  assert.ok(!parseConfig({ routes: [{ upstream: 'http://127.0.0.1:1', 'x-a': 1 }] }).ok)
})

test('in YAML, a text without quotes is taken as it is written; elsewhere the quotes are asked for', async () => {
  const yaml = `routes:
  - upstream: http://127.0.0.1:1
    name: 007
    match: { headers: { x-v: 1.10, x-w: 0x1F }, query: { q: 1e3 } }
    requestHeaders: { set: { x-on: true } }
    apiVersions: { query: v, default: 1.10, versions: { 1.10: {}, 1.1: {} } }
`
  await writeFile(join(folder, 'text.yaml'), yaml)
  const result = await loadConfig(join(folder, 'text.yaml'))
  assert.ok(result.ok, JSON.stringify(result))
  const [only] = result.config.routes
  assert.equal(only?.name, '007')
  assert.deepEqual(only.match.headers, { 'x-v': { equals: ['1.10'] }, 'x-w': { equals: ['0x1F'] } })
  assert.deepEqual(only.match.query, { q: { equals: ['1e3'] } })
  assert.deepEqual(only.requestHeaders?.set, { 'x-on': 'true' })
  assert.equal(only.apiVersions?.default, '1.10')
  const json = '{"routes": [{"upstream": "http://127.0.0.1:1", "requestHeaders": {"set": {"x-v": 1.10}}}]}'
  await writeFile(join(folder, 'text.json'), json)
  const refused = await loadConfig(join(folder, 'text.json'))
  assert.ok(!refused.ok)
  assert.deepEqual(
    refused.problems.map(({ message, hint }) => `${message}; ${hint}`),
    ['1.10 is not a text; a text needs quotes: "1.10"'],
  )
})

/** A program that prints, in the folder. */
async function program(name: string, script: string): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, `#!/bin/sh\n${script}\n`, { mode: 0o700 })
  return `./${name}`
}

test('what a program prints is a value: run once, without a shell, in the folder of the configuration', async () => {
  const print = await program('print', 'echo x >> runs; pwd; echo "$1|$2|$SECRET"')
  const body = `\${exec:${print} $SECRET a;b}`
  const { routes } = config({ routes: [{ respond: { body } }, { match: { path: '/b' }, respond: { body } }] })
  const expected = `${await realpath(folder)}\n$SECRET|a;b|${ENV.SECRET}`
  assert.deepEqual(
    routes.map(({ respond }) => respond?.body),
    [expected, expected],
  )
  assert.equal(await readFile(join(folder, 'runs'), 'utf8'), 'x\n')
})

test('a program that fails, prints nothing or is not there is a mistake that names it, and not what it has said', async () => {
  const cases: [string, RegExp][] = [
    [await program('fails', 'echo hunter2; echo hunter2 >&2; exit 3'), /fails prints, .*: it ended with 3;/],
    [await program('silent', 'true'), /it printed nothing/],
    [await program('odd-bytes', "printf '\\303('"), /not in UTF-8/],
    [await program('dies', 'kill -9 $$'), /it was ended by SIGKILL/],
    ['./missing', /missing prints, which is not to be had: [^;]*(?:no such|not exist|not there|missing)/],
  ]
  for (const [command, expected] of cases) {
    const [problem = ''] = problems(route({ rewrite: { path: `\${exec:${command}}` } }))
    assert.match(problem, expected)
    assert.doesNotMatch(problem, /hunter2/)
  }
  assert.match(problems(route({ timeout: '${exec: x}' }))[0] ?? '', /without a variable behind it/)
})

test('what a program has printed is shown by its name, and it is not run to show it', async () => {
  const print = await program('token-of', 'echo x >> token-runs; echo hunter2-of-program')
  const input = { routes: [{ respond: { body: `\${exec:${print}}` } }] }
  const shown = JSON.stringify(shownConfig(config(input)))
  assert.match(shown, /exec:\.\/token-of/)
  assert.doesNotMatch(shown, /hunter2/)
  const again = parseConfig(input, { variables: variablesOf(folder, ENV, undefined, false) })
  assert.ok(again.ok)
  assert.equal(again.config.routes[0]?.respond?.body, 'hunter2-of-program')
  assert.equal(await readFile(join(folder, 'token-runs'), 'utf8'), 'x\n')
})
