import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ScriptedConnection } from '@headgate/core/testing'
import { runGateway } from '../headgate-process.ts'
import { ask, nextResponse } from '../survival/http-client.ts'
import { startGateway } from '../survival/start-gateway.ts'
import { startRecordingOrigin } from './recording-origin.ts'

const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'
const PIPELINED = 10_000
const CONTENT = 'x'.repeat(4096)

test('ten thousand pipelined requests of a client that reads no answers wait in the kernel, and are all answered when it reads', async (t) => {
  const origin = await startRecordingOrigin(t)
  let asked = 0
  origin.answer = ({ target }, connection) => {
    if (target !== '/probe') asked++
    connection.forget()
    return `HTTP/1.1 200 OK\r\nx-asked: ${target}\r\ncontent-length: ${CONTENT.length}\r\n\r\n${CONTENT}`
  }
  const gateway = await startGateway(t, { routes: [{ upstream: origin.url }] })
  const [flood, other] = [await gateway.connect(), await gateway.connect()]
  const probe = async (): Promise<void> => {
    other.send('GET /probe HTTP/1.1\r\nhost: a\r\n\r\n')
    assert.equal((await nextResponse(other)).status, 200)
  }
  flood.pause()
  for (let index = 0; index < PIPELINED; index++)
    flood.send(`GET /${index} HTTP/1.1\r\nhost: a\r\nx-padding: ${'p'.repeat(1000)}\r\n\r\n`)
  // It comes to rest, and others are served meanwhile.
  for (let before = -1, still = 0; still < 20; still = before === asked ? still + 1 : 0) {
    before = asked
    await probe()
  }
  // What the kernel holds of 40 MB of answers, and of 10 MB of requests, is not the gateway's.
  assert.ok(asked > 0 && asked < PIPELINED / 2, `${asked} requests were answered into the void`)
  assert.ok(flood.socket.writableLength > 0, 'the client is not read, either')
  let answers = 0
  let text = ''
  await new Promise<void>((resolve) => {
    flood.socket.removeAllListeners('data')
    flood.socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      for (const [, target] of text.matchAll(/\r\nx-asked: \/(\d+)\r\n/g)) {
        assert.equal(Number(target), answers++)
        text = text.slice(text.indexOf('\r\nx-asked: ') + 12)
      }
      if (answers === PIPELINED) resolve()
    })
    flood.resume()
  })
  assert.equal(asked, PIPELINED)
})

test('connections beyond the limit are refused politely, while the admin answers and those that were there are served', async (t) => {
  const origin = await startRecordingOrigin(t)
  const limit = 50
  const { url, admin, process } = await runGateway({
    workers: 1,
    listeners: [{ address: '127.0.0.1:0', maxConnections: limit }],
    admin: { address: '127.0.0.1:0' },
    accessLog: false,
    routes: [{ upstream: origin.url }],
  })
  const port = Number(new URL(url).port)
  const flood: ScriptedConnection[] = []
  t.after(() => flood.forEach(({ socket }) => socket.destroy()))
  const serve = async (client: ScriptedConnection | undefined): Promise<void> => {
    assert.ok(client)
    client.send(GET)
    assert.equal((await nextResponse(client)).content, 'taken')
  }
  for (let index = 0; index < limit; index++) flood.push(await ScriptedConnection.to(port))
  await Promise.all(flood.map(serve))
  for (let wave = 0; wave < 10; wave++) {
    const refused = await Promise.all(Array.from({ length: 50 }, () => ScriptedConnection.to(port)))
    flood.push(...refused)
    for (const client of refused) client.send(GET)
    await serve(flood[wave])
    assert.equal((await ask(`${admin}/healthz`)).status, 200)
    for (const client of refused) {
      const { status, headers } = await nextResponse(client)
      assert.deepEqual([status, headers['connection'], headers['retry-after']], [503, 'close', '1'])
      await client.end()
      client.finish()
    }
  }
  await Promise.all(flood.slice(0, limit).map(serve))
  // There is room again for as many as leave.
  flood[0]?.finish()
  await flood[0]?.gone()
  const next = await ScriptedConnection.to(port)
  flood.push(next)
  await serve(next)
  process.signalGroup('SIGKILL')
  await process.finished
})

test('a thousand connections that come and go without a word leave nothing behind', async (t) => {
  const origin = await startRecordingOrigin(t)
  const limit = 20
  const gateway = await startGateway(t, {
    listeners: [{ address: '127.0.0.1:0', maxConnections: limit }],
    routes: [{ upstream: origin.url }],
  })
  for (let wave = 0; wave < 100; wave++) {
    const clients = await Promise.all(Array.from({ length: 10 }, () => gateway.connect()))
    for (const [index, client] of clients.entries()) {
      if (index % 3 === 0) client.send('GET / HT')
      if (index % 2 === 0) client.reset()
      else client.finish()
    }
    await Promise.all(clients.map((client) => client.gone()))
  }
  // All of them count no more, or these would not find room.
  const clients = await Promise.all(Array.from({ length: limit }, () => gateway.connect()))
  for (const client of clients) client.send(GET)
  for (const client of clients) assert.equal((await nextResponse(client)).status, 200)
  assert.equal(gateway.log.length, limit)
})
