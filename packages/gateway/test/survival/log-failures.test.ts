import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { becomes } from '../becomes.ts'
import { folder, HEADGATE, type RunningGateway, runGateway, TestProcess } from '../headgate-process.ts'
import { startOrigin } from '../origin.ts'
import { createGateway } from '../../src/embedding/create-gateway.ts'

async function run(accessLog: object): Promise<RunningGateway> {
  const origin = await startOrigin()
  return runGateway({
    workers: 2,
    listeners: [{ address: '127.0.0.1:0' }],
    admin: { address: '127.0.0.1:0' },
    accessLog,
    routes: [{ upstream: origin.url }],
  })
}

async function isServed({ url }: { readonly url: string }, times: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    const response = await fetch(url, { headers: { connection: 'close' } })
    assert.equal(await response.text(), 'ok\n')
  }
}

async function metric({ admin }: RunningGateway, name: string): Promise<number> {
  const page = await (await fetch(`${admin}/metrics`)).text()
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(page)?.[1])
}

test('a full disk costs log lines, not exchanges: said once, and counted when they are given up', async () => {
  const gateway = await run({ path: '/dev/full' })
  await isServed(gateway, 20)
  await gateway.process.print(/the access log cannot be written: ENOSPC.* to \/dev\/full; make room there/)
  await isServed(gateway, 20)
  assert.equal(await metric(gateway, 'headgate_worker_crashes_total'), 0)
  gateway.process.child.kill('SIGTERM')
  const { code, stderr } = await gateway.process.finished
  assert.equal(code, 0)
  // Once for each worker that had something to write.
  const workers = [...stderr.matchAll(/worker (\d+): the access log cannot be written/g)].map(([, n]) => n)
  assert.equal(new Set(workers).size, workers.length)
})

test('a reader of stdout that leaves costs log lines, not exchanges', async () => {
  const gateway = await run({ path: 'stdout' })
  await isServed(gateway, 5)
  gateway.process.child.stdout?.destroy()
  await isServed(gateway, 20)
  await gateway.process.print(/the access log cannot be written: EPIPE/)
  await isServed(gateway, 20)
  assert.equal(await metric(gateway, 'headgate_worker_crashes_total'), 0)
  assert.ok(gateway.process.running)
})

test('a reader of stderr that leaves costs what the gateway has to say, not the gateway', async () => {
  const gateway = await run({ path: '/dev/full' })
  gateway.process.child.stderr?.destroy()
  await isServed(gateway, 20)
  assert.equal(await metric(gateway, 'headgate_worker_crashes_total'), 0)
  // It says, to nobody, that the access log cannot be written, and that it stops.
  gateway.process.child.kill('SIGTERM')
  assert.equal((await gateway.process.finished).code, 0)
})

/** Runs the command line with a stream that has no room. */
function withoutRoom(stream: 'stdout' | 'stderr', args: readonly string[], cwd: string): TestProcess {
  const redirected = `exec "$0" "$@" ${stream === 'stdout' ? '>' : '2>'}/dev/full`
  return new TestProcess('/bin/sh', ['-c', redirected, process.execPath, HEADGATE, ...args], { cwd })
}

test('a full disk that stderr goes to costs what the gateway has to say, not the gateway', async () => {
  const origin = await startOrigin()
  const cwd = folder()
  const socketPath = join(cwd, 'gateway.sock')
  const config = { workers: 1, listeners: [{ address: `unix:${socketPath}` }], accessLog: false }
  const write = (name: string): void =>
    writeFileSync(
      join(cwd, 'headgate.json'),
      JSON.stringify({ ...config, admin: false, routes: [{ name, upstream: origin.url }] }),
    )
  write('first')
  const running = withoutRoom('stderr', ['run'], cwd)
  const status = (): Promise<number | undefined> =>
    new Promise((resolve) => {
      const request = get({ socketPath, path: '/' }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      request.on('error', () => resolve(running.running ? undefined : 0))
    })
  assert.equal(await becomes(status, 200), 200)
  write('second')
  running.child.kill('SIGHUP')
  assert.equal(await status(), 200)
  running.child.kill('SIGTERM')
  assert.equal((await running.finished).code, 0)
})

test('a command whose output has no room says so in a line, and fails', async () => {
  const { code, stderr } = await withoutRoom('stdout', ['schema'], folder()).finished
  assert.equal(code, 1)
  assert.match(stderr, /^headgate: the output cannot be written: ENOSPC[^\n]*\n$/)
})

test('the folder of the log is removed: what is open goes on', async () => {
  const logs = folder()
  const gateway = await run({ path: join(logs, 'access.log') })
  await isServed(gateway, 5)
  rmSync(logs, { recursive: true })
  await isServed(gateway, 20)
  assert.equal(await metric(gateway, 'headgate_worker_crashes_total'), 0)
  assert.equal(await metric(gateway, 'headgate_access_log_dropped_total'), 0)
})

test('an access log of an embedder that throws costs its lines, and is reported once', async (t) => {
  const origin = await startOrigin()
  const gateway = await createGateway(
    { listeners: [{ address: '127.0.0.1:0' }], routes: [{ upstream: origin.url }] },
    {
      accessLog: () => {
        throw new Error('no log today')
      },
    },
  )
  const warnings: string[] = []
  const listener = (warning: Error): unknown => warnings.push(warning.message)
  process.on('warning', listener)
  t.after(() => process.off('warning', listener))
  const [listening] = await gateway.listen()
  t.after(() => gateway.close(0))
  assert.ok(listening)
  await isServed(listening, 5)
  const broken = await fetch(`${listening.url}/%00`)
  assert.equal(broken.status, 400, 'what is refused is refused politely, too')
  assert.equal(await becomes(() => warnings.length, 1), 1)
  assert.match(warnings[0] ?? '', /accessLog of createGateway fails.*no log today/)
})
