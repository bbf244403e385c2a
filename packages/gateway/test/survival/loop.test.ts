import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { runGateway } from '../headgate-process.ts'
import { startService } from './origins.ts'
import { startGateway } from './start-gateway.ts'
import { freePort } from '../../../../scripts/testing/free-port.ts'

/** The path of a socket in a folder of its own, until the test is over. */
function socketPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-loop-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'gateway.sock')
}

async function ask(
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<[status: number | undefined, text: string]> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ socketPath: path, path: '/', agent: false, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve([response.statusCode, text]))
    })
    sent.on('error', reject)
    sent.end()
  })
}

for (const [name, headers, forwarding] of [
  ['a plain one', {}, {}],
  ['one that would have the marks stripped', { connection: 'close, cdn-loop, via', 'cdn-loop': 'other' }, {}],
  [
    'one that brings marks of others',
    { 'cdn-loop': 'headgate;id=AAAAAAAAAAAAAAAAAAAAAA, fastly', via: '1.1 headgate' },
    {},
  ],
  ['one of a gateway that tells nothing else', {}, { via: false, xForwarded: false, forwarded: false }],
] as const) {
  test(`a request that a gateway sends to itself is refused as a loop when it comes back: ${name}`, async (t) => {
    const path = socketPath(t)
    const gateway = await startGateway(t, {
      listeners: [{ address: `unix:${path}` }],
      forwarding,
      routes: [{ upstream: `unix:${path}` }],
    })
    const [status, text] = await ask(path, headers)
    assert.equal(status, 508)
    assert.equal(JSON.parse(text).title, 'Loop detected')
    assert.deepEqual(
      gateway.log.map(({ error }) => error),
      ['loop_detected', undefined],
    )
  })
}

test('a loop over two routes, or two gateways, ends when it comes through the first again', async (t) => {
  const [one, other] = [socketPath(t), socketPath(t)]
  const first = await startGateway(t, {
    listeners: [{ address: `unix:${one}` }],
    routes: [{ upstream: `unix:${other}` }],
  })
  const second = await startGateway(t, {
    listeners: [{ address: `unix:${other}` }],
    routes: [{ upstream: `unix:${one}` }],
  })
  assert.equal((await ask(one))[0], 508)
  assert.deepEqual([first.log.length, second.log.length], [2, 1])
})

test('gateways of one configuration behind one another are no loop, and what a client claims is none', async (t) => {
  const [one, other, origin] = [socketPath(t), socketPath(t), await startService(t)]
  await startGateway(t, {
    listeners: [{ address: `unix:${one}` }],
    routes: [{ name: 'all', upstream: `unix:${other}` }],
  })
  await startGateway(t, {
    listeners: [{ address: `unix:${other}` }],
    routes: [{ name: 'all', upstream: origin.url }],
  })
  const forged = { 'cdn-loop': 'headgate, headgate;id=all, headgate;id=', via: '1.1 headgate, 1.1 headgate' }
  for (const headers of [{}, forged]) assert.equal((await ask(one, headers))[0], 200)
})

test('a request may pass a gateway twice on two routes, with a service in between', async (t) => {
  const path = socketPath(t)
  const origin = await startService(t)
  const between = await startService(t, (request, response) => {
    const headers = { ...request.headers, 'x-checked': 'yes' }
    httpRequest({ socketPath: path, path: '/', agent: false, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0)
      answer.pipe(response)
    }).end()
  })
  await startGateway(t, {
    listeners: [{ address: `unix:${path}` }],
    routes: [{ match: { headers: { 'x-checked': 'yes' } }, upstream: origin.url }, { upstream: between.url }],
  })
  assert.equal((await ask(path))[0], 200)
})

test('a request that goes round through several workers of one gateway is found when it comes back the first time', async (t) => {
  const path = socketPath(t)
  const port = await freePort()
  const log = `${path}.log`
  const gateway = await runGateway({
    workers: 4,
    listeners: [{ address: `127.0.0.1:${port}` }],
    admin: { address: '127.0.0.1:0' },
    accessLog: { path: log },
    // Each round opens a connection of its own, which any of the workers may get.
    upstreams: { self: { endpoints: [{ url: `http://127.0.0.1:${port}` }], pool: { maxAge: '1ms' } } },
    routes: [{ upstream: 'self' }],
  })
  const count = 40
  for (let index = 0; index < count; index++) {
    const response = await fetch(gateway.url, { headers: { connection: 'close' } })
    assert.equal(response.status, 508)
    await response.text()
  }
  gateway.process.signalGroup('SIGTERM')
  await gateway.process.finished
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n')
  assert.equal(lines.length, 2 * count, 'one line for the way there, and one for the refusal')
  assert.equal(lines.filter((line) => line.includes('loop_detected')).length, count)
})
