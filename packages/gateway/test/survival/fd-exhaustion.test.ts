import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { ScriptedConnection } from '@headgate/core/testing'
import { becomes } from '../becomes.ts'
import { folder, HEADGATE, TestProcess } from '../headgate-process.ts'

/** With their connections to two upstreams they fit into 100 descriptors beside the process's own; to three, they do not. */
const CLIENTS = 18
const REQUEST = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'

interface Limited {
  readonly process: TestProcess
  readonly port: number
  readonly admin: string
  connect(): Promise<ScriptedConnection>
}

/** The gateway, in one worker, in a process that may open so many files. */
async function runLimited(descriptors: number, config: object): Promise<Limited> {
  const common = { workers: 1, listeners: [{ address: '127.0.0.1:0' }], admin: { address: '127.0.0.1:0' } }
  const cwd = folder({ 'headgate.json': JSON.stringify({ ...common, accessLog: false, ...config }) })
  const command = `ulimit -n ${descriptors}; exec "$0" "$1" run`
  const running = new TestProcess('/bin/sh', ['-c', command, process.execPath, HEADGATE], { cwd })
  await running.print(/ready: version/)
  const [, port] = await running.print(/"url":"http:\/\/127\.0\.0\.1:(\d+)"/)
  const [, admin = ''] = await running.print(/"admin":"(http[^"]+)"/)
  const clients: ScriptedConnection[] = []
  after(() => {
    for (const { socket } of clients) socket.destroy()
  })
  return {
    process: running,
    port: Number(port),
    admin,
    async connect() {
      const client = await ScriptedConnection.to(Number(port))
      clients.push(client)
      return client
    },
  }
}

/** An origin that answers when told to. */
async function startHolding(): Promise<{ url: string; held: ServerResponse[] }> {
  const held: ServerResponse[] = []
  const server = createServer((_, response) => held.push(response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, held } // it listens on TCP
}

async function healthy({ admin }: Limited): Promise<boolean> {
  return (await fetch(`${admin}/healthz`, { headers: { connection: 'close' } })).ok
}

test('a flood of connections leaves enough descriptors for those that were there, their upstreams and the operator', async () => {
  const origin = await startHolding()
  const gateway = await runLimited(100, { routes: [{ upstream: origin.url }] })
  assert.match(gateway.process.stderr, /at most 26 connections per listener and worker instead of 50000/)
  const first = await Promise.all(Array.from({ length: 26 }, () => gateway.connect()))
  const refused = await Promise.all(Array.from({ length: 200 }, () => gateway.connect()))
  for (const client of refused) assert.match(await client.end(), /^HTTP\/1\.1 503 .*too many connections\n$/s)
  for (const client of first) client.send(REQUEST)
  assert.equal(await becomes(() => origin.held.length, 26), 26)
  assert.ok(await healthy(gateway))
  for (const response of origin.held) response.end('ok')
  for (const client of first) await client.receives(/^HTTP\/1\.1 200 .*ok$/s)
  for (const client of first) client.socket.destroy()
  const answered = async (): Promise<boolean> => {
    const client = await gateway.connect()
    client.send(REQUEST)
    for (const response of origin.held) response.end('ok')
    const text = await client.receives(/^HTTP\/1\.1 /)
    client.socket.destroy()
    return text.includes(' 200 ')
  }
  origin.held.length = 0
  const served = becomes(answered, true)
  const timer = setInterval(() => origin.held.shift()?.end('ok'), 5)
  assert.ok(await served)
  clearInterval(timer)
})

test('without descriptors, what is there is served, one line of the log says so, and another when it is over', async () => {
  const origins = await Promise.all([startHolding(), startHolding(), startHolding(), startHolding()])
  const gateway = await runLimited(100, {
    upstreams: Object.fromEntries(
      origins.map(({ url }, index) => [
        `up${index}`,
        { endpoints: [{ url }], pool: { idleTimeout: index === 0 ? '1m' : '3s' } },
      ]),
    ),
    routes: origins.map((_, index) => ({
      match: { host: `${index}.test` },
      upstream: `up${index}`,
      retry: false,
    })),
  })
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => gateway.connect()))
  const round = async (index: number): Promise<string[]> => {
    const origin = origins[index]
    assert.ok(origin)
    for (const client of clients) {
      client.forget()
      client.send(`GET / HTTP/1.1\r\nhost: ${index}.test\r\n\r\n`)
    }
    const timer = setInterval(() => {
      const failed = clients.filter(({ text }) => text !== '').length
      // All of them at the same time, so that each needs a connection.
      if (origin.held.length + failed >= CLIENTS) for (const response of origin.held) response.end('ok')
    }, 5)
    const statuses = await Promise.all(
      clients.map(async (client) => (await client.receives(/^HTTP\/1\.1 \d+ .*(?:ok|\n|})$/s)).slice(9, 12)),
    )
    clearInterval(timer)
    origin.held.length = 0
    return statuses
  }
  assert.deepEqual(new Set(await round(0)), new Set(['200']))
  let failed = 0
  for (const index of [1, 2, 3]) failed += (await round(index)).filter((status) => status !== '200').length
  assert.ok(failed > 0, 'there were enough descriptors: the test proves nothing')
  await gateway.process.print(/no file descriptors are left/)
  // Connections to the first upstream are there already.
  assert.deepEqual(new Set(await round(0)), new Set(['200']))
  await gateway.process.print(/there are file descriptors again/)
  const allServed = async (): Promise<boolean> => (await round(1)).every((status) => status === '200')
  assert.ok(await becomes(allServed, true))
  assert.equal(gateway.process.stderr.split('no file descriptors').length, 2)
  assert.ok(await healthy(gateway))
  assert.ok(gateway.process.running)
})
