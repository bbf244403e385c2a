import assert from 'node:assert/strict'
import { request } from 'node:http'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { folder, HEADGATE, runGateway, TestProcess } from '../headgate-process.ts'
import { KeepAliveClient } from '../keep-alive-client.ts'
import { startOrigin } from '../origin.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'

const HERE = { listeners: [{ address: '127.0.0.1:0' }], admin: { address: '127.0.0.1:0' }, workers: 2 }

function portOf(url: string): number {
  return Number(new URL(url).port)
}

describe('SIGTERM', () => {
  it('under load loses nothing: what was sent is answered, and the exit code is 0', async () => {
    const origin = await startOrigin((_, response) => {
      setTimeout(() => response.end('ok\n'), 20 + Math.random() * 40)
    })
    const gateway = await runGateway({
      ...HERE,
      drain: { timeout: '10m' },
      routes: [{ upstream: origin.url }],
    })
    const clients = Array.from({ length: 64 }, () => new KeepAliveClient(portOf(gateway.url)))
    await eventually(() => origin.requests >= 1000, 'the origin is asked')
    const before = performance.now()
    gateway.process.child.kill('SIGTERM')
    const reports = await Promise.all(clients.map(({ ended }) => ended))
    const { code, stdout, stderr } = await gateway.process.finished
    assert.equal(code, 0, stderr)
    assert.equal(reports.filter(({ lost }) => lost).length, 0, stderr)
    const responses = reports.reduce((sum, report) => sum + report.responses, 0)
    assert.equal(responses, origin.requests)
    assert.equal(stdout.trimEnd().split('\n').length, responses, 'each has its line in the access log')
    assert.ok(performance.now() - before < 120_000, 'long before drain.timeout')
    assert.match(stderr, /"msg":"stopped"/)
  })

  it('lets an exchange in flight finish, tells an idle connection to go, and refuses new ones', async () => {
    let finish = (): void => {}
    const origin = await startOrigin((incoming, response) => {
      if (incoming.url === '/slow') finish = () => response.end('late\n')
      else response.end('ok\n')
    })
    const gateway = await runGateway({ ...HERE, workers: 1, routes: [{ upstream: origin.url }] })
    const idle = connect(portOf(gateway.url), '127.0.0.1')
    const idleClosed = new Promise((resolve) => idle.on('close', resolve))
    idle.resume()
    const slow = fetch(`${gateway.url}/slow`)
    await eventually(() => origin.requests >= 1, 'the origin is asked')
    gateway.process.child.kill('SIGTERM')
    await gateway.process.print(/draining/)
    await idleClosed
    await assert.rejects(fetch(gateway.url))
    assert.equal((await fetch(`${gateway.admin}/readyz`)).status, 503)
    assert.equal((await fetch(`${gateway.admin}/healthz`)).status, 200)
    finish()
    assert.equal(await (await slow).text(), 'late\n')
    assert.equal((await gateway.process.finished).code, 0)
  })

  it('ends at drain.timeout all the same, and says what was cut off', async () => {
    const origin = await startOrigin(() => {})
    const gateway = await runGateway({
      ...HERE,
      drain: { timeout: '300ms' },
      routes: [{ upstream: origin.url }],
    })
    const hanging = assert.rejects(fetch(gateway.url))
    await eventually(() => origin.requests >= 1, 'the origin is asked')
    gateway.process.child.kill('SIGTERM')
    const { code, stderr } = await gateway.process.finished
    assert.equal(code, 0)
    assert.match(stderr, /1 connection cut off/)
    await hanging
  })

  it('once more, after a moment, ends it at once; a signal that was only delivered twice does not', async () => {
    const origin = await startOrigin(() => {})
    const gateway = await runGateway({ ...HERE, routes: [{ upstream: origin.url }] })
    const hanging = assert.rejects(fetch(gateway.url))
    await eventually(() => origin.requests >= 1, 'the origin is asked')
    const start = performance.now()
    while (gateway.process.running) {
      gateway.process.child.kill('SIGTERM')
      await sleep(50)
    }
    assert.ok(performance.now() - start >= 950)
    assert.equal((await gateway.process.finished).code, 143)
    await hanging
  })
})

describe('an address that cannot be bound', () => {
  const routes = [{ upstream: 'http://127.0.0.1:1' }]

  async function fails(config: unknown): Promise<string> {
    const cwd = folder({ 'headgate.json': JSON.stringify(config) })
    const { code, stderr } = await new TestProcess(process.execPath, [HEADGATE, 'run'], { cwd }).finished
    assert.equal(code, 1, stderr)
    return stderr
  }

  it('because it is in use, is named with what to do, for listeners and for the admin endpoints', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const bound = server.address()
    const port = typeof bound === 'object' ? (bound?.port ?? 0) : 0
    const address = `127.0.0.1:${port}`
    const expected = new RegExp(
      `cannot listen on ${address}: another process has that port .*ss -ltnp sport = :${port}`,
    )
    for (const workers of [1, 2]) {
      assert.match(await fails({ ...HERE, workers, routes, listeners: [{ address }] }), expected)
    }
    assert.match(await fails({ ...HERE, routes, admin: { address } }), expected)
    await new Promise((resolve) => server.close(resolve))
  })

  it('because this machine does not have it, or there is no such folder', async () => {
    const foreign = await fails({ ...HERE, routes, listeners: [{ address: '192.0.2.1:8080' }] })
    assert.match(foreign, /cannot listen on 192\.0\.2\.1:8080: this machine does not have that address/)
    const nowhere = await fails({ ...HERE, routes, listeners: [{ address: 'unix:/nowhere/at/all.sock' }] })
    assert.match(nowhere, /cannot listen on unix:\/nowhere\/at\/all\.sock: /)
  })
})

it('a unix socket is served, and taken over from a gateway that was killed', async () => {
  const origin = await startOrigin()
  const path = join(folder(), 'gateway.sock')
  const listeners = [{ address: `unix:${path}` }, ...HERE.listeners]
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    const gateway = await runGateway({ ...HERE, listeners, routes: [{ upstream: origin.url }] })
    const body = await new Promise<string>((resolve, reject) => {
      const outgoing = request({ socketPath: path, path: '/' }, (response) => resolve(text(response)))
      outgoing.on('error', reject).end()
    })
    assert.equal(body, 'ok\n')
    gateway.process.child.kill(signal)
    await gateway.process.finished
  }
})

it('"run --upstream" needs no file', async () => {
  const origin = await startOrigin()
  // No port that is written down: the tests of the documentation take the default ones.
  const here = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0']
  const args = [HEADGATE, 'run', '--upstream', origin.url, ...here]
  const gateway = new TestProcess(process.execPath, args, { cwd: folder() })
  await gateway.print(/ready: version/)
  const [, url = ''] = await gateway.print(/"url":"(http[^"]+)"/)
  assert.equal(await (await fetch(`${url}/any/path`)).text(), 'ok\n')
  gateway.child.kill('SIGINT')
  assert.equal((await gateway.finished).code, 0)
})
