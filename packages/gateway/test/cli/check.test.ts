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
