import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import type { createClient } from '../src/index.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DIST = join(ROOT, 'dist')
const ENTRY = join(DIST, 'index.js')

/** What `import '@headgate/client'` has to come to at most, as gzip makes it: 125 kB as this is written. */
const LOADED_LIMIT = 127_000

/**
 * The same with HTTP/2 and the cache, which are loaded on first use, put into one file with all names shortened, as programs are that are deployed as one:
 * 149.6 kB as this is written, 20 of them HTTP/2 and 20 the cache.
 */
const BUNDLED_LIMIT = 152_000

/**
 * What an import may cost in CPU time beyond what it asks of Node, in starts of an empty program: 0.3 to 0.7 as this is written, and 3.3
 * for the modules one by one.
 */
const IMPORT_LIMIT = 1.1

/** What the client cannot do without. */
const OF_NODE = "for (const name of ['net', 'tls', 'dns', 'zlib']) await import('node:' + name); Response"

test('the package holds one program for each entry, and no map or source of it', () => {
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ) as [{ files: { path: string }[] }]
  const paths = packed.files.map(({ path }) => path)
  assert.deepEqual(paths.filter((path) => path.endsWith('.js')).sort(), [
    'dist/disk.js',
    'dist/index.js',
    'dist/testing/index.js',
    'dist/web/index.js',
  ])
  const others = paths.filter((path) => !/\.(?:d\.ts|js)$/.test(path)).sort()
  assert.deepEqual(others, ['LICENSE', 'README.md', 'package.json'])
  assert.ok(paths.includes('dist/index.d.ts'))
})

test('types are those of sources that there are', () => {
  const sources = new Set(readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }))
  for (const name of readdirSync(DIST, { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.d.ts'))
      assert.ok(sources.has(name.replace(/\.d\.ts$/, '.ts')), `dist/${name} is of no source`)
})

function resolved(specifier: string, from: string): string {
  return specifier.startsWith('.')
    ? join(dirname(from), specifier)
    : fileURLToPath(import.meta.resolve(specifier))
}

/** A module with all that it imports, but for those of Node. */
function loaded(path: string, found = new Set<string>()): Set<string> {
  if (found.has(path)) return found
  found.add(path)
  const imports = readFileSync(path, 'utf8').matchAll(/(?:\}|import)\s*from\s*"([^"]+)"|import\s*"([^"]+)"/g)
  for (const [, from, bare] of imports) {
    const specifier = from ?? bare ?? ''
    if (!specifier.startsWith('node:')) loaded(resolved(specifier, path), found)
  }
  return found
}

test('what an import loads is a few files, and small', (t) => {
  const files = [...loaded(ENTRY)]
  const size = files.reduce((sum, path) => sum + gzipSync(readFileSync(path), { level: 9 }).length, 0)
  t.diagnostic(`${files.length} files, ${size} bytes as gzip`)
  assert.ok(files.length <= 9, files.map((path) => relative(ROOT, path)).join(', '))
  assert.ok(size <= LOADED_LIMIT, `${size} bytes`)
})

test('bundled into one file by a program that uses it, it is small', async (t) => {
  const { outputFiles } = await build({
    entryPoints: [ENTRY],
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    write: false,
  })
  const size = gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length
  t.diagnostic(`${size} bytes as gzip`)
  assert.ok(size > 0 && size <= BUNDLED_LIMIT, `${size} bytes`)
})

test('a class is one class, whichever entry it was imported from', () => {
  const program = `
    import * as client from '@headgate/client'
    import * as testing from '@headgate/client/testing'
    import * as core from '@headgate/core'
    import * as coreTesting from '@headgate/core/testing'
    const { error } = await client.createClient({ transport: testing.respond(() => { throw new core.TrafficError('internal', 'x') }) }).attempt('http://a.example/')
    console.log(JSON.stringify([
      client.TrafficError === core.TrafficError, client.CookieJar === core.CookieJar, error instanceof client.TrafficError,
      new client.StatusError('GET', new client.ClientResponse(new core.HttpResponse(500), { failures: {}, url: '' }), 0) instanceof core.TrafficError,
      testing.MemoryTransport === coreTesting.MemoryTransport,
    ]))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  assert.deepEqual(JSON.parse(stdout || JSON.stringify(stderr)), [true, true, true, true, true])
})

/** The CPU time of a program, in milliseconds. */
function cpuOf(program: string): number {
  const code = `${program}; const { user, system } = process.cpuUsage(); console.log((user + system) / 1000)`
  return Number(
    execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: ROOT, encoding: 'utf8' }),
  )
}

test('an import takes little time beside what Node itself takes', (t) => {
  const importing = `await import(${JSON.stringify(pathToFileURL(ENTRY).href)})`
  // Whatever else goes on adds to it, up to threefold where the cores are shared: of the rounds the least counts.
  const ratios: number[] = []
  do ratios.push((cpuOf(importing) - cpuOf(OF_NODE)) / cpuOf('0'))
  while (ratios.length < 15 && Math.min(...ratios) > IMPORT_LIMIT)
  const figures = `${Math.min(...ratios).toFixed(2)} starts of an empty program, of ${ratios.length} rounds`
  t.diagnostic(figures)
  assert.ok(Math.min(...ratios) <= IMPORT_LIMIT, figures)
})

test('a stack trace names functions and classes as the sources do', async () => {
  const published = (await import(pathToFileURL(ENTRY).href)) as { createClient: typeof createClient }
  const unreachable = published.createClient({ retry: false }).get('http://127.0.0.1:1/')
  await assert.rejects(unreachable, ({ stack }: Error) => {
    assert.match(String(stack), /^TrafficError: could not connect[^]* at ConnectAttempt\.refused /)
    return true
  })
})

test('each class goes by the name that it is exported under, in what is published too', async () => {
  const core = join(ROOT, '../core/dist')
  const entries = [
    ENTRY,
    join(DIST, 'testing/index.js'),
    join(core, 'index.js'),
    join(core, 'testing/index.js'),
  ]
  for (const entry of entries) {
    const exported = Object.entries((await import(pathToFileURL(entry).href)) as Record<string, unknown>)
    const classes = exported.filter(
      ([, value]) => typeof value === 'function' && /^class\b/.test(String(value)),
    )
    assert.ok(classes.length > 0)
    assert.deepEqual(
      classes.map(([, value]) => (value as { name: string }).name),
      classes.map(([name]) => name),
    )
  }
})
