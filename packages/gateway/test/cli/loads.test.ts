import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { folder, HEADGATE, TestProcess } from '../headgate-process.ts'

// How fast a command starts and what a worker weighs is decided by what is loaded; that can be counted on any machine.

/** What the bundle is made of, file by file: it loads what these load. */
const MODULES = join(import.meta.dirname, '../../dist/cli/main.js')
const RECORDER = new URL('record-loads.ts', import.meta.url).href
const LIBRARIES = [
  'zod',
  'yaml',
  'smol-toml',
  'jiti',
  'pino',
  'commander',
  'dns-packet',
  '@peculiar/asn1-schema',
]

interface Loaded {
  /** Files of this repository, without its folder. */
  readonly own: readonly string[]
  readonly libraries: readonly string[]
  readonly builtins: readonly string[]
}

function loadedIn(thread: 'main' | 'worker', record: string): Loaded {
  const urls = new Set(
    readFileSync(record, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith(`${thread} `))
      .map((line) => line.slice(thread.length + 1)),
  )
  const all = [...urls].filter((url) => !url.endsWith('record-loads.ts'))
  return {
    own: all.filter((url) => url.includes('/packages/') && !url.includes('/node_modules/')),
    libraries: LIBRARIES.filter((name) => all.some((url) => url.includes(`/node_modules/${name}/`))),
    builtins: all.filter((url) => url.startsWith('node:')),
  }
}

function start(
  args: readonly string[],
  cwd: string,
  program: string = MODULES,
): { process: TestProcess; record: string } {
  const record = join(cwd, 'loads')
  const command = ['--import', RECORDER, program, ...args]
  return { process: new TestProcess(process.execPath, command, { cwd, env: { LOADS: record } }), record }
}

async function loadedBy(
  args: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<Loaded> {
  const { process, record } = start(args, folder(files))
  const { code, stderr } = await process.finished
  assert.equal(code, 0, stderr)
  return loadedIn('main', record)
}

const CONFIG = {
  workers: 2,
  listeners: [{ address: '127.0.0.1:0' }],
  admin: { address: '127.0.0.1:0' },
  routes: [{ upstream: 'http://127.0.0.1:1' }],
}

describe('what is loaded', () => {
  it('by --version is next to nothing', async () => {
    const { own, libraries } = await loadedBy(['--version'])
    assert.deepEqual(libraries, [])
    // main, exit codes, terminal and its printer, the version and where it is.
    assert.ok(own.length <= 6, own.join('\n'))
  })

  it('by --help is the parser of arguments, and no command', async () => {
    const { own, libraries } = await loadedBy(['--help'])
    assert.deepEqual(libraries, ['commander'])
    assert.ok(own.length <= 8, own.join('\n'))
  })

  it('by a command that reads no configuration is neither the schema nor the engine', async () => {
    for (const args of [['version'], ['init', '--help'], ['run', '--help']]) {
      const { own, libraries } = await loadedBy(args)
      assert.deepEqual(libraries, ['commander'], args.join(' '))
      assert.ok(own.length <= 12, own.join('\n'))
    }
  })

  it('to read a configuration is the reader of its format alone', async () => {
    const toml = await loadedBy(['check'], {
      'headgate.toml': '[[routes]]\nupstream = "http://127.0.0.1:1"\n',
    })
    assert.deepEqual(toml.libraries, ['zod', 'smol-toml', 'commander'])
    const yaml = await loadedBy(['check'], {
      'headgate.yaml': 'routes: [{ upstream: http://127.0.0.1:1 }]\n',
    })
    assert.deepEqual(yaml.libraries, ['zod', 'yaml', 'commander'])
  })

  it('by a worker is what serves: no schema, no command, no admin endpoint, and nothing of node:http', async () => {
    const cwd = folder({ 'headgate.json': JSON.stringify(CONFIG) })
    const { process, record } = start(['run'], cwd)
    await process.print(/ready: version/)
    process.child.kill('SIGTERM')
    assert.equal((await process.finished).code, 0)
    const { own, libraries, builtins } = loadedIn('worker', record)
    assert.ok(own.length > 100, 'the workers were recorded')
    assert.deepEqual(
      own.filter((url) =>
        /\/dist\/(?:cli|admin|config\/(?:schema|checks)|settings\/read\/yaml|versions|replay)\//.test(url),
      ),
      [],
    )
    assert.deepEqual(libraries, ['dns-packet'])
    assert.ok(!builtins.includes('node:http'), 'it brings the WebSocket and the fetch of Node along')
    assert.ok(!loadedIn('main', record).builtins.includes('node:http'), 'it takes 14 MB when it is imported')
    const main = loadedIn('main', record)
    assert.ok(!main.own.some((url) => url.includes('/packages/client/')))
    assert.ok(
      !main.own.some((url) => url.endsWith('/authority/local-authority.js')),
      'no certificate is made',
    )
    assert.ok(!main.libraries.includes('@peculiar/asn1-schema'))
  })

  it('by headgate itself is the bundle: a few files, of which no thread reads more than it needs', async () => {
    const cwd = folder({ 'headgate.yaml': JSON.stringify(CONFIG) })
    const { process, record } = start(['run'], cwd, HEADGATE)
    await process.print(/ready: version/)
    process.child.kill('SIGTERM')
    assert.equal((await process.finished).code, 0)
    const [main, worker] = [loadedIn('main', record).own, loadedIn('worker', record).own]
    for (const url of [...main, ...worker]) assert.match(url, /\/packages\/gateway\/(?:bundle|bin)\//)
    // What is loaded late shares chunks with what is loaded at once: the more there is of the one, the more pieces the other has.
    assert.ok(main.length < 60, main.join('\n'))
    assert.ok(sizeOf(main) < 2_050_000, `the main thread loads ${sizeOf(main)} bytes`)
    assert.ok(sizeOf(worker) < 1_320_000, `a worker loads ${sizeOf(worker)} bytes`)
  })
})

function sizeOf(urls: readonly string[]): number {
  return urls.reduce((sum, url) => sum + statSync(new URL(url)).size, 0)
}
