import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { compile } from '../../../scripts/docs/compile.ts'
import { ROOT } from '../../../scripts/docs/markdown.ts'

const PACKAGE = join(ROOT, 'packages/ecs')

/** What the code of this package alone comes to, as gzip makes it: 14 kB as this is written. */
const LOADED_LIMIT = 15_000

/** What a world of one's own takes, lines of code alone, with the frame that it shares with others. */
const WORLD_LINES = 400

/** Twenty lines of a new user, with koota. */
const PROGRAM = `import { HttpClientPool, httpPlugin, HttpRequest, HttpResponse, request, World } from '@headgate/ecs'
import { kootaPort, traitOf } from '@headgate/ecs/koota'
import { ECS_PORT_CASES } from '@headgate/ecs/testing'
import { createWorld } from 'koota'

const transport = { fetch: (asked: Request) => Response.json({ path: new URL(asked.url).pathname }) }
const world = createWorld()
const port = kootaPort(world)
port.addPlugin(httpPlugin({ client: { baseUrl: 'https://api.example', transport } }))
const entity = port.spawn(HttpRequest('/users/1'))
while (!entity.has(traitOf(HttpResponse))) {
  port.tick()
  await new Promise(setImmediate)
}
const { path } = port.get(entity, HttpResponse)!.json<{ path: string }>()
console.log(path, entity.get(traitOf(HttpResponse))?.status)
for (const { run } of ECS_PORT_CASES) run(() => new World())
await port.resource(HttpClientPool).close()
console.log(typeof request)
`

test('installed from its packages in an empty folder, a program of twenty lines compiles and runs', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-ecs-package-'))
  try {
    const npm = (...args: string[]): string =>
      execFileSync(
        'npm',
        [...args, '--loglevel=error', '--offline', '--ignore-scripts', '--no-audit', '--no-fund'],
        {
          cwd: folder,
          encoding: 'utf8',
        },
      )
    const packages = ['packages/core', 'packages/client', 'packages/ecs', 'node_modules/koota']
    const packed = npm('pack', ...packages.map((path) => join(ROOT, path)))
      .trim()
      .split('\n')
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    npm('install', '--legacy-peer-deps', ...packed.map((name) => `./${name}`))
    writeFileSync(join(folder, 'program.ts'), PROGRAM)
    const typeRoots = ['--typeRoots', join(ROOT, 'node_modules/@types')]
    await compile(folder, ['program.ts', ...typeRoots])
    assert.equal(
      execFileSync(process.execPath, ['program.ts'], { cwd: folder, encoding: 'utf8' }),
      '/users/1 200\nfunction\n',
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('what it loads of its own is small', (t) => {
  const dist = join(PACKAGE, 'dist')
  const files = readdirSync(dist).filter((name) => name.endsWith('.js'))
  const size = files.reduce(
    (sum, name) => sum + gzipSync(readFileSync(join(dist, name)), { level: 9 }).length,
    0,
  )
  t.diagnostic(`${files.length} files, ${size} bytes as gzip`)
  assert.ok(size > 0 && size <= LOADED_LIMIT, `${size} bytes`)
})

test('the world of its own is small', (t) => {
  const lines = ['world', 'frame'].flatMap((room) => {
    const path = join(PACKAGE, 'src', room)
    return readdirSync(path).flatMap((name) => readFileSync(join(path, name), 'utf8').split('\n'))
  })
  const code = lines.filter((line) => !/^\s*(?:$|\/\/|\/?\*|import )/.test(line))
  t.diagnostic(`${code.length} lines`)
  assert.ok(code.length <= WORLD_LINES, `${code.length} lines`)
})
