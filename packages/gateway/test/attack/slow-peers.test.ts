import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type ScriptedConnection, VirtualClock } from '@headgate/core/testing'
import { nextResponse } from '../survival/http-client.ts'
import { startScripted, startService } from '../survival/origins.ts'
import { type StartedGateway, startGateway } from '../survival/start-gateway.ts'

const GET = 'GET /fast HTTP/1.1\r\nhost: a\r\n\r\n'
const CONFIG = {
  timeouts: { requestHead: '5s', bodyIdle: '3s', keepAlive: '4s' },
  minimumByteRate: { rate: '100B/s', grace: '2s' },
} as const

/** A client beside the slow ones: once it is answered, what they had sent before is read. */
async function served(gateway: StartedGateway): Promise<void> {
  const client = await gateway.connect()
  client.send(GET)
  assert.equal((await nextResponse(client)).status, 200)
  client.socket.destroy()
}

async function start(t: TestContext): Promise<{ clock: VirtualClock; gateway: StartedGateway }> {
  const clock = new VirtualClock()
  const service = await startService(t)
  return {
    clock,
    gateway: await startGateway(t, { ...CONFIG, routes: [{ upstream: service.url }] }, { clock }),
  }
}

test('a hundred heads that drip byte by byte are refused when their time is up, and others are served until then', async (t) => {
  const { clock, gateway } = await start(t)
  const slow = await Promise.all(Array.from({ length: 100 }, () => gateway.connect()))
  for (const client of slow) client.send('GET / HTTP/1.1\r\nhost: a\r\nx-drip: ')
  for (let second = 0; second < 4; second++) {
    await served(gateway)
    await clock.advance(1000)
    for (const client of slow) client.send('x')
  }
  await served(gateway)
  assert.ok(slow.every(({ text, ended }) => text === '' && !ended))
  await clock.advance(1100)
  for (const client of slow) {
    const { status, headers } = await nextResponse(client)
    assert.deepEqual([status, headers['connection']], [408, 'close'])
    await client.end()
  }
})

test('empty lines before a request do not prolong the time for it', async (t) => {
  const { clock, gateway } = await start(t)
  const client = await gateway.connect()
  for (let second = 0; second < 5 && !client.ended; second++) {
    client.send('\r\n')
    await served(gateway)
    await clock.advance(1000)
  }
  await clock.advance(1100)
  assert.match(await client.end(), /^(HTTP\/1\.1 40[08] [^]*)?$/)
})

test('a body that drips below the minimum rate is refused, and the origin is left with half a request', async (t) => {
  const clock = new VirtualClock()
  const origin = await startScripted(t)
  const gateway = await startGateway(t, { ...CONFIG, routes: [{ upstream: origin.url }] }, { clock })
  const client = await gateway.connect()
  client.send('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n')
  const connection = await origin.accept()
  let sent = 0
  for (; sent < 10 && client.text === ''; sent++) {
    client.send('x')
    await connection.receives(new RegExp(`\r\n\r\nx{${sent + 1}}$`))
    await clock.advance(500)
  }
  assert.equal((await nextResponse(client)).status, 408)
  assert.ok(sent < 10, 'it was never idle')
  await client.end()
  await connection.end()
  assert.equal(gateway.log[0]?.error, 'request_timeout')
})

test('a chunked body of which only extensions drip is refused as well', async (t) => {
  const clock = new VirtualClock()
  const origin = await startScripted(t)
  const gateway = await startGateway(t, { ...CONFIG, routes: [{ upstream: origin.url }] }, { clock })
  const client = await gateway.connect()
  client.send('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5;')
  const connection = await origin.accept()
  await connection.receives('\r\n\r\n')
  for (let half = 0; half < 10 && client.text === ''; half++) {
    client.send('x')
    await clock.advance(500)
  }
  assert.equal((await nextResponse(client)).status, 408)
  await client.end()
  await connection.end()
})

test('clients that read nothing are cut off, and their connections to the origin with them', async (t) => {
  const clock = new VirtualClock()
  const closed: Promise<unknown>[] = []
  const service = await startService(t, (request, response) => {
    if (request.url === '/fast') return void response.end()
    closed.push(new Promise((resolve) => response.on('close', resolve)))
    const write = (): void => {
      while (response.write('x'.repeat(100_000)));
    }
    response.on('drain', write)
    write()
  })
  const gateway = await startGateway(t, { ...CONFIG, routes: [{ upstream: service.url }] }, { clock })
  const slow: ScriptedConnection[] = []
  for (let index = 0; index < 10; index++) {
    const client = await gateway.connect()
    client.pause()
    client.send('GET /endless HTTP/1.1\r\nhost: a\r\n\r\n')
    slow.push(client)
  }
  const still = async (): Promise<boolean> => {
    for (let round = 0; round < 20; round++) await served(gateway)
    return closed.length === slow.length
  }
  while (!(await still()));
  for (let second = 0; second < 8; second++) {
    await clock.advance(1000)
    await served(gateway)
  }
  await Promise.all(closed)
  const cut = gateway.log.filter(({ error }) => error === 'downstream_too_slow')
  assert.equal(cut.length, slow.length)
})
