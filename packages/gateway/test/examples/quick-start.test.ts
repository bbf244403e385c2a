import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { it } from 'node:test'
import { promisify } from 'node:util'
import { TestProcess } from '../headgate-process.ts'

const root = join(import.meta.dirname, '../../../..')
const start = join(root, 'examples/quick-start/start.ts')

/** What must come back for a printed line that contains the key; in the order in which they are printed. */
const ANSWERS: readonly (readonly [part: string, answer: RegExp])[] = [
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

/** Two ports that were free a moment ago. */
async function freePorts(): Promise<readonly [number, number]> {
  const servers = [createServer(), createServer()]
  const ports: number[] = []
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    ports.push(typeof address === 'object' ? (address?.port ?? 0) : 0)
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return [ports[0] ?? 0, ports[1] ?? 0]
}

it('the quick start prints lines that work exactly as printed, and ends cleanly at Ctrl-C', async () => {
  const [port, adminPort] = await freePorts()
  const args = [start, '--port', String(port), '--admin-port', String(adminPort)]
  const quickStart = new TestProcess(process.execPath, args, { cwd: root })
  await quickStart.print(/Ctrl-C ends it/)
  const lines = quickStart.stdout.split('\n').filter((line) => /^ {2}\S/.test(line))
  assert.equal(lines.length, ANSWERS.length, quickStart.stdout)
  for (const [index, [part, answer]] of ANSWERS.entries()) {
    const line = lines[index] ?? ''
    assert.ok(line.includes(part), `${line} should have ${part}`)
    const { stdout } = await promisify(execFile)('sh', ['-c', line], { cwd: root, timeout: 20_000 })
    assert.match(stdout, answer, line)
  }
  quickStart.signalGroup('SIGINT')
  const { code, stderr } = await quickStart.finished
  assert.equal(code, 0, stderr)
  await assert.rejects(fetch(`http://127.0.0.1:${port}/orders`), 'nothing listens any more')
  await assert.rejects(fetch(`http://127.0.0.1:${adminPort}/healthz`), 'nothing listens any more')
})

it('the quick start says which port is in use, and how to take another', async () => {
  const [port, adminPort] = await freePorts()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const args = [start, '--port', String(port), '--admin-port', String(adminPort)]
  const { code, stderr } = await new TestProcess(process.execPath, args, { cwd: root }).finished
  await new Promise((resolve) => server.close(resolve))
  assert.equal(code, 1)
  assert.match(stderr, new RegExp(`Port ${port} of 127\\.0\\.0\\.1 is in use`))
  assert.match(stderr, new RegExp(`npm start -- --port ${port + 1}\n`))
})
