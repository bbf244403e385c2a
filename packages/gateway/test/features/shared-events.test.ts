import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { test, type TestContext } from 'node:test'
import type { ScriptedConnection } from '@headgate/core/testing'
import { ReplayBuffer } from '../../src/features/event-stream/replay-buffer.ts'
import { Subscriber } from '../../src/features/event-stream/subscriber.ts'
import type { GatewayConfigInput } from '../../src/config/input/input.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { ask } from '../survival/http-client.ts'
import { startService } from '../survival/origins.ts'
import { startGateway, type StartedGateway } from '../survival/start-gateway.ts'

type Events = NonNullable<NonNullable<GatewayConfigInput['routes']>[number]['events']>

interface Upstream {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  hasLeft: boolean
}

/** A gateway in front of a service whose streams are in the hands of the test. */
async function sharing(t: TestContext, events: Events = { share: true }) {
  const streams: Upstream[] = []
  const { url: upstream } = await startService(t, (request, response) => {
    const stream: Upstream = { request, response, hasLeft: false }
    response.on('close', () => (stream.hasLeft = true))
    response.writeHead(200, { 'content-type': 'text/event-stream', 'set-cookie': 'a=1' })
    response.flushHeaders()
    streams.push(stream)
  })
  const gateway = await startGateway(t, { routes: [{ upstream, events }] })
  return { gateway, streams }
}

async function join(gateway: StartedGateway, fields = ''): Promise<ScriptedConnection> {
  const client = await gateway.connect()
  client.socket.write(`GET /s HTTP/1.1\r\nhost: a\r\n${fields}\r\n`)
  await client.receives('\r\n\r\n')
  return client
}

test('clients that ask for the same get the events of one stream, which ends when the last has left', async (t) => {
  const { gateway, streams } = await sharing(t, { share: { grace: 0 } })
  const clients = [await join(gateway), await join(gateway), await join(gateway)]
  const [stream] = streams
  stream?.response.write('id: 1\ndata: a\n\n')
  for (const client of clients) assert.doesNotMatch(await client.receives('data: a\n\n'), /set-cookie/)
  assert.equal(streams.length, 1)
  clients[0]?.socket.destroy()
  await gateway.logged(1)
  stream?.response.write('data: b\n\n')
  await clients[1]?.receives('data: b\n\n')
  for (const client of clients) client.socket.destroy()
  await eventually(() => stream?.hasLeft, 'the stream of the upstream ends')
  // Who comes then begins anew.
  await join(gateway)
  assert.equal(streams.length, 2)
})

test('a client that comes back gets what it has missed, and a new one nothing of what was', async (t) => {
  const { gateway, streams } = await sharing(t)
  const first = await join(gateway)
  streams[0]?.response.write('id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: c\n\n')
  await first.receives('data: c\n\n')
  const back = await join(gateway, 'last-event-id: 1\r\n')
  const fresh = await join(gateway)
  streams[0]?.response.write('id: 4\ndata: d\n\n')
  const missed = await back.receives('data: d\n\n')
  assert.match(missed, /id: 2\ndata: b\n\n[^]*id: 3\ndata: c\n\n/)
  assert.doesNotMatch(missed, /data: a/)
  assert.doesNotMatch(await fresh.receives('data: d\n\n'), /data: [abc]/)
  assert.equal(streams.length, 1)
})

test('what a client has missed may be more than what is held for one that reads slowly', async (t) => {
  const { gateway, streams } = await sharing(t, { share: { buffer: '1MiB', maxBehind: '1KiB' } })
  const first = await join(gateway)
  const event = `data: ${'x'.repeat(1_000)}\n\n`
  streams[0]?.response.write(`id: 1\ndata: a\n\n${event.repeat(300)}data: last\n\n`)
  await first.receives('data: last\n\n')
  const back = await join(gateway, 'last-event-id: 0\r\n')
  const missed = await back.receives('data: last\n\n')
  assert.equal(missed.split('data: xxx').length, 301)
})

test('an event that is larger than the route allows ends a shared stream for all, and is not asked for again', async (t) => {
  const { gateway, streams } = await sharing(t, { share: true, maxEvent: '1KiB', errorEvent: 'error' })
  const clients = [await join(gateway), await join(gateway)]
  streams[0]?.response.write(`data: a\n\ndata: ${'x'.repeat(5_000)}\n\n`)
  for (const client of clients) await client.receives('response_body_too_large')
  await eventually(() => streams[0]?.hasLeft, 'the stream of the upstream is given up')
  assert.equal(streams.length, 1)
})

test('clients that differ in who they are, or in what they ask for, share nothing', async (t) => {
  const { gateway, streams } = await sharing(t, { share: { headers: ['x-topic'] } })
  for (const fields of [
    '',
    'authorization: Bearer a\r\n',
    'cookie: a=1\r\n',
    'x-topic: a\r\n',
    'origin: https://a\r\n',
  ])
    await join(gateway, fields)
  assert.equal(streams.length, 5)
  await join(gateway, 'x-other: a\r\n')
  assert.equal(streams.length, 5)
})

test('a stream that breaks is asked for again from where it was, and clients do not notice', async (t) => {
  const { gateway, streams } = await sharing(t)
  const client = await join(gateway)
  streams[0]?.response.write('retry: 1\nid: 7\ndata: a\n\n')
  await client.receives('data: a\n\n')
  streams[0]?.response.destroy()
  await eventually(() => streams.length === 2, 'the upstream is asked again')
  assert.equal(streams[1]?.request.headers['last-event-id'], '7')
  streams[1]?.response.end('id: 8\ndata: b\n\n')
  await client.receives('data: b\n\n')
  await eventually(() => streams.length === 3, 'the upstream is asked once more')
  assert.equal(streams[2]?.request.headers['last-event-id'], '8')
})

test('where the route says so, clients end with the stream', async (t) => {
  const { gateway, streams } = await sharing(t, { share: { reconnect: false } })
  const client = await join(gateway)
  streams[0]?.response.end('data: a\n\n')
  await client.receives('data: a\n\n')
  await client.receives('0\r\n\r\n')
})

test('an answer that is no stream is everybody’s own', async (t) => {
  let asked = 0
  const { url: upstream } = await startService(t, (_request, response) => {
    response.writeHead(403, { 'content-type': 'text/plain' }).end(`no ${asked++}`)
  })
  const { url } = await startGateway(t, { routes: [{ upstream, events: { share: true } }] })
  const answers = await Promise.all([ask(url), ask(url), ask(url)])
  const told = answers.map(({ status, content }) => `${status} ${content}`)
  assert.deepEqual(told.toSorted(), ['403 no 0', '403 no 1', '403 no 2'])
})

test('a client that reads nothing holds up nobody, is held no more than its share, and is dropped', async (t) => {
  const { gateway, streams } = await sharing(t, { share: { maxBehind: '64KiB' } })
  const slow = await join(gateway)
  slow.socket.pause()
  const quick = await join(gateway)
  const event = `data: ${'x'.repeat(64_000)}\n\n`
  let sent = 0
  while (gateway.log.length === 0 && sent < 2_000) {
    streams[0]?.response.write(event)
    sent++
    await quick.receives(event)
    quick.text = ''
  }
  assert.ok(sent < 2_000, 'the slow one was never dropped')
  assert.equal(streams.length, 1)
})

test('what a thinned client misses is the oldest, and a dropped one gets its end', () => {
  const seen: string[] = []
  const sink = {
    write: (chunk: Uint8Array) => seen.push(String(chunk)) < 0,
    end: () => seen.push('end'),
    fail: () => {},
  }
  const thin = new Subscriber(10, 'thin', () => {})
  thin.body.flowTo(sink)
  for (const event of ['aaaa', 'bbbb', 'cccc', 'dddd', 'eeee']) thin.push(Buffer.from(event))
  for (let turn = 0; turn < 5; turn++) thin.body.resume()
  assert.deepEqual(seen, ['aaaa', 'dddd', 'eeee'])
  seen.length = 0
  let hasLeft = false
  const drop = new Subscriber(10, 'drop', () => (hasLeft = true))
  drop.body.flowTo(sink)
  for (const event of ['aaaa', 'bbbb', 'cccc', 'dddd', 'eeee']) drop.push(Buffer.from(event))
  assert.deepEqual([seen, hasLeft], [['aaaa', 'end'], true])
})

test('the last events are kept within their bytes, and found by the id behind which a client goes on', () => {
  const buffer = new ReplayBuffer(6)
  for (const [index, id] of ['1', '2', '2', '3'].entries()) buffer.push(id, Buffer.from(`${index}.`))
  const after = (id: string | undefined): string => buffer.after(id).map(String).join('')
  assert.deepEqual([after('2'), after('3'), after('1'), after(undefined)], ['3.', '', '1.2.3.', ''])
})

test('a client that leaves before the stream has begun is no reader of it', async (t) => {
  const asked = Promise.withResolvers<ServerResponse>()
  let hasLeft = false
  const { url: upstream } = await startService(t, (_request, response) => {
    response.on('close', () => (hasLeft = true))
    asked.resolve(response)
  })
  const gateway = await startGateway(t, { routes: [{ upstream, events: { share: { grace: 0 } } }] })
  const client = await gateway.connect()
  client.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  const response = await asked.promise
  client.socket.destroy()
  await gateway.logged(1)
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.flushHeaders()
  await eventually(() => hasLeft, 'the stream of the upstream ends')
})
