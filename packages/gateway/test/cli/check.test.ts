import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { folder, headgate } from '../headgate-process.ts'

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
      (await headgate(['check'], { cwd, env })).stderr.includes('\u001b[')
    assert.equal(await colored({}), false)
    assert.equal(await colored({ FORCE_COLOR: '1' }), true)
    assert.equal(await colored({ NO_COLOR: '1' }), false)
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
