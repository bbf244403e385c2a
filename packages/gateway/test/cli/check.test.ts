import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { headgate } from '../headgate-command.ts'
import { folder, HEADGATE, headgateProcess, TestProcess } from '../headgate-process.ts'

const FIVE_MISTAKES = `listeners:
  - address: 127.0.0.1
upstreams:
  orders:
    endpoints:
      - url: ftp://127.0.0.1:9001
routes:
  - name: orders
    match: { path: orders/** }
    upstream: oders
    timeout: 10
`

describe('headgate check', () => {
  it('names each of five mistakes with its place, and exits with 78', async () => {
    const cwd = folder({ 'headgate.yaml': FIVE_MISTAKES })
    const { code, stdout, stderr } = await headgate(['check'], { cwd })
    assert.equal(code, 78)
    assert.equal(stdout, '')
    const places = [...stderr.matchAll(/^headgate\.yaml:(\d+):(\d+) {2}(\S+):/gm)].map(([, line, , path]) => [
      line,
      path,
    ])
    assert.deepEqual(places, [
      ['2', 'listeners[0].address'],
      ['6', 'upstreams.orders.endpoints[0].url'],
      ['9', 'routes[0].match.path'],
      ['10', 'routes[0].upstream'],
      ['11', 'routes[0].timeout'],
    ])
    assert.match(stderr, /did you mean "orders"\?/)
    assert.match(stderr, /^headgate\.yaml: 5 mistakes$/m)
  })

  it('counts what a good configuration holds', async () => {
    const good =
      'routes: [{ upstream: "http://127.0.0.1:1" }, { match: { path: /a }, upstream: "http://127.0.0.1:2" }]'
    const cwd = folder({ 'headgate.yaml': good })
    assert.deepEqual(await headgate(['check'], { cwd }), {
      code: 0,
      stdout: 'headgate.yaml: ok (1 listener, 2 routes, 2 upstreams)\n',
      stderr: '',
    })
  })

  it('says that a named file does not exist', async () => {
    const { code, stderr } = await headgate(['check', '-c', 'nowhere.yaml'], { cwd: folder() })
    assert.equal(code, 78)
    assert.match(stderr, /^nowhere\.yaml .*there is no such file/)
  })

  it('writes colours only where they are seen or asked for, and none with NO_COLOR', async () => {
    const cwd = folder({ 'headgate.yaml': FIVE_MISTAKES })
    const colored = async (env: Record<string, string>): Promise<boolean> =>
      (await headgateProcess(['check'], { cwd, env })).stderr.includes('\u001b[')
    assert.equal(await colored({}), false)
    assert.equal(await colored({ FORCE_COLOR: '1' }), true)
    assert.equal(await colored({ NO_COLOR: '1' }), false)
  })
})

describe('a folder with several configurations', () => {
  const route = (port: number) => `{ "routes": [{ "upstream": "http://127.0.0.1:${port}" }] }`
  const FILES = {
    'headgate.config.mjs': `export default ${route(1)}`,
    'headgate.yaml': 'routes: [{ upstream: "http://127.0.0.1:2" }]',
    'headgate.json': route(3),
  }
  const TAKEN =
    'headgate: headgate.config.mjs is taken; headgate.yaml and headgate.json beside it are not read: -c names another, and one that is not needed is best removed\n'

  for (const [command, shown] of [
    ['check', /^headgate\.config\.mjs: ok /],
    ['routes', /127\.0\.0\.1:1/],
    ['explain GET /', /127\.0\.0\.1:1/],
  ] as const) {
    it(`"${command}" takes the first, and names the others once on stderr`, async () => {
      const { code, stdout, stderr } = await headgate(command.split(' '), { cwd: folder(FILES) })
      assert.equal(code, 0)
      assert.match(stdout, shown)
      assert.doesNotMatch(stdout, /127\.0\.0\.1:[23]/)
      assert.equal(stderr, TAKEN)
    })
  }

  it('one other is named in the singular', async () => {
    const { 'headgate.json': _, ...files } = FILES
    const { stderr } = await headgate(['check'], { cwd: folder(files) })
    assert.match(stderr, /^headgate: headgate\.config\.mjs is taken; headgate\.yaml beside it is not read: /)
  })

  it('nothing is said where -c names one, or where the other is a folder', async () => {
    const named = await headgate(['check', '-c', 'headgate.json'], { cwd: folder(FILES) })
    assert.deepEqual([named.code, named.stderr], [0, ''])
    const cwd = folder({ 'headgate.json': FILES['headgate.json'] })
    mkdirSync(join(cwd, 'headgate.yaml'))
    const beside = await headgate(['check'], { cwd })
    assert.deepEqual([beside.code, beside.stderr], [0, ''])
  })

  it('"run" says it before anything else, in the place where its log goes', async () => {
    const port = (text: string) =>
      text.replace(
        '{ "routes"',
        '{ "listeners": [{ "address": "127.0.0.1:0" }], "admin": false, "workers": 1, "routes"',
      )
    const cwd = folder({ ...FILES, 'headgate.config.mjs': port(FILES['headgate.config.mjs']) })
    const gateway = new TestProcess(process.execPath, [HEADGATE, 'run'], { cwd })
    await gateway.print(/ready: version/)
    assert.ok(gateway.stderr.startsWith(TAKEN), gateway.stderr)
    gateway.child.kill('SIGTERM')
    assert.equal((await gateway.finished).code, 0)
  })
})

it('"check" warns of routes that are never taken or decided by their order alone, with the lines of both', async () => {
  const cwd = folder({
    'headgate.yaml': `routes:
  - name: one
    upstream: http://127.0.0.1:1
    match: { path: /a/b, headers: { x-a: "1" } }
  - name: two
    upstream: http://127.0.0.1:1
    match: { path: /a/b, headers: { x-b: "1" } }
  - name: lost
    upstream: http://127.0.0.1:1
    match: { path: /c/d }
  - { name: all, upstream: "http://127.0.0.1:1", match: { path: /c/** }, priority: 1 }
`,
  })
  const { code, stdout, stderr } = await headgate(['check'], { cwd })
  assert.equal(
    stderr,
    `headgate.yaml:5:5  routes[1]: route "two" and route "one" (line 2) may both match a request, and neither is more specific: the one that comes first in the file is taken
    a priority says which of them is meant
headgate.yaml:8:5  routes[2]: route "lost" is never taken: route "all" (line 11) comes before it and takes all that it matches
headgate.yaml: 2 warnings
`,
  )
  assert.equal(stdout, 'headgate.yaml: ok (1 listener, 4 routes, 1 upstream)\n')
  assert.equal(code, 0)
})
