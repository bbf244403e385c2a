import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { promisify } from 'node:util'
import { startEcho } from '../../../../examples/quick-start/echo-service.ts'
import { startOrders } from '../../../../examples/quick-start/orders-service.ts'
import { TestProcess } from '../headgate-process.ts'
import { freePort } from '../../../../scripts/testing/free-port.ts'

const root = join(import.meta.dirname, '../../../..')
const start = join(root, 'examples/quick-start/start.ts')

/** What must come back for a printed line that contains the key; in the order in which they are printed. */
const ANSWERS: readonly (readonly [part: string, answer: RegExp])[] = [
  ['/', /^<!doctype html>\n<title>Headgate<\/title>[^]*href="\/orders"/],
  ['/orders', /^\[\{"id":1001,"item":"lamp"/],
  ['/orders/1002', /^\{"id":1002,"item":"chair"/],
  ["-d '{", /^\{"id":1003,"item":"table","quantity":1\}/],
  ['/echo?a=1', /"x-forwarded-for": "127.0.0.1"/],
  ['/events', /^event: tick\ndata: 1\n\n[^]*data: 5\n/],
  ['/socket', /^hello\n$/],
  ['-X DELETE', /^HTTP\/1.1 405 Method Not Allowed\r\n[^]*allow: GET, HEAD, POST\r\n/],
  ['/readyz', /^ok\n$/],
  ['/config', /"name": "orders"/],
  ['/metrics', /^headgate_requests_total\{route="orders",status_class="2xx"\} 3$/m],
]

it('the quick start prints lines that work exactly as printed, and ends cleanly at Ctrl-C', async () => {
  const port = await freePort()
  const adminPort = await freePort()
  const args = [start, '--port', String(port), '--admin-port', String(adminPort)]
  const quickStart = new TestProcess(process.execPath, args, { cwd: root })
  await quickStart.print(/Ctrl-C ends it/)
  const lines = quickStart.stdout.split('\n').filter((line) => /^ {2}\S/.test(line))
  assert.equal(lines.length, ANSWERS.length, quickStart.stdout)
  for (const [index, [part, answer]] of ANSWERS.entries()) {
    const line = lines[index] ?? ''
    assert.ok(line.includes(part), `${line} should have ${part}`)
    const { stdout } = await promisify(execFile)('sh', ['-c', line], { cwd: root })
    assert.match(stdout, answer, line)
  }
  quickStart.signalGroup('SIGINT')
  const { code, stderr } = await quickStart.finished
  assert.equal(code, 0, stderr)
  await assert.rejects(fetch(`http://127.0.0.1:${port}/orders`), 'nothing listens any more')
  await assert.rejects(fetch(`http://127.0.0.1:${adminPort}/healthz`), 'nothing listens any more')
})

it('the quick start says which port is in use, and how to take another', async () => {
  const port = await freePort()
  const adminPort = await freePort()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const args = [start, '--port', String(port), '--admin-port', String(adminPort)]
  const { code, stderr } = await new TestProcess(process.execPath, args, { cwd: root }).finished
  await new Promise((resolve) => server.close(resolve))
  assert.equal(code, 1)
  assert.match(stderr, new RegExp(`Port ${port} of 127\\.0\\.0\\.1 is in use`))
  assert.match(stderr, new RegExp(`npm start -- --port ${port + 1}\n`))
})

it('the services of the quick start take other ports where theirs are in use', async () => {
  for (const startService of [startOrders, startEcho]) {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    after(() => other.close())
    const { port } = other.address() as AddressInfo
    const service = await startService(port)
    after(() => service.close())
    assert.notEqual(service.port, port)
    assert.equal((await fetch(`http://127.0.0.1:${service.port}/orders`)).status, 200)
  }
})

it('the quick start exits with 0 after Ctrl-C, also twice, early, and where the gateway ends first', async () => {
  const begin = async (): Promise<TestProcess> => {
    const port = await freePort()
    const adminPort = await freePort()
    const args = [start, '--port', String(port), '--admin-port', String(adminPort)]
    return new TestProcess(process.execPath, args, { cwd: root })
  }
  const twice = await begin()
  await twice.print(/Ctrl-C ends it/)
  twice.signalGroup('SIGINT')
  await twice.print(/draining/)
  twice.signalGroup('SIGINT')
  // The demo's services have ports of their own: the next start needs them.
  await twice.finished
  const early = await begin()
  await early.print(/"level":"info"/)
  early.signalGroup('SIGINT')
  await early.finished
  const first = await begin()
  await first.print(/Ctrl-C ends it/)
  const [, gateway = ''] = await first.print(/"pid":(\d+)/)
  process.kill(Number(gateway), 'SIGKILL')
  first.child.kill('SIGINT')
  for (const each of [twice, early, first]) {
    const { code, stderr } = await each.finished
    assert.equal(code, 0, stderr)
  }
})

/** As in a user's terminal, not as below the npm that runs the tests. */
function withoutNpm(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^npm_|^NODE_/.test(name)))
}

it('"npm start" exits with 0 after two Ctrl-C in a terminal', {
  skip: existsSync('/usr/bin/script') ? false : 'no /usr/bin/script: no terminal',
}, async () => {
  const port = await freePort()
  const adminPort = await freePort()
  // In place of the shell, which would end by the same Ctrl-C and tell of that.
  const command = `exec npm start -- --port ${port} --admin-port ${adminPort}`
  const child = spawn('/usr/bin/script', ['-qec', command, '/dev/null'], {
    cwd: root,
    env: {
      ...withoutNpm(process.env),
      TERM: 'xterm',
      NO_COLOR: '1',
      FORCE_COLOR: undefined,
      npm_config_update_notifier: 'false',
    },
  })
  after(() => child.kill('SIGKILL'))
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  let shown = ''
  const seen = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (pattern.test(shown)) resolve()
      }
      child.stdout.on('data', look)
      void ended.then(() => reject(new Error(`it ended without ${pattern}:\n${shown}`)))
    })
  child.stdout.setEncoding('utf8').on('data', (text: string) => (shown += text))
  await seen(/Ctrl-C ends it/)
  await (await fetch(`http://127.0.0.1:${port}/orders`)).text()
  await seen(/^\d\d:\d\d:\d\d {2}200 {2}GET {3}127\.0\.0\.1:\d+\/orders {2}/m)
  child.stdin.write('\u0003')
  await seen(/draining/)
  child.stdin.write('\u0003')
  assert.equal(await ended, 0)
})
