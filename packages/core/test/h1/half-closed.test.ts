import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { StreamBody } from '../../src/message/body.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { A_FEW_READS, eventually, FilledBody, headers, type Served, serve } from './harness.ts'

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'

const PATIENT = { halfClosedTimeout: 10_000 }

/** A peer that has asked, has closed its side, and has the head of a response whose body is to be filled. */
async function halfClosed(t: TestContext) {
  const filled = new FilledBody()
  const server = await serve(t, () => Promise.resolve(new HttpResponse(200, headers(), filled.body)), PATIENT)
  const client = await server.client()
  client.send(GET)
  client.finish()
  await client.receives('\r\n\r\n')
  await eventually(() => server.connections[0]?.socket.readableEnded === true, 'its end arrived')
  return { filled, server, client }
}

test('a peer that has closed its side gets all of a response that takes long, as long as some of it comes', async (t) => {
  const { filled, server, client } = await halfClosed(t)
  for (let part = 0; part < 20; part++) {
    await server.clock.advance(8_000)
    filled.push(`<part ${part}>`)
    await client.receives(`<part ${part}>`)
  }
  filled.body.end()
  assert.match(await client.gone(), /<part 19>\r\n0\r\n\r\n$/)
  assert.equal(server.outcomes[0]?.error, undefined)
})

test('a peer that has closed its side is cut off when nothing has come for it for the whole time', async (t) => {
  const { filled, server, client } = await halfClosed(t)
  filled.push('some')
  await client.receives('some')
  // What came after the time had begun renews it once.
  await server.clock.advance(19_900)
  assert.equal(client.closed, false)
  await server.clock.advance(200)
  await client.gone()
  assert.doesNotMatch(client.text, /\r\n0\r\n\r\n$/)
  assert.equal(server.outcomes[0]?.error?.code, 'downstream_closed')
})

test('a peer that has closed its side and reads slowly is judged by what it takes', async (t) => {
  const { filled, server, client } = await halfClosed(t)
  client.pause()
  // More than the kernel takes for it.
  for (let part = 0; part < 40; part++) filled.push('x'.repeat(1_000_000))
  // First for what it took, then for what it has yet to take: that is for the writer's watch, which gives 30 s.
  await server.clock.advance(29_000)
  assert.equal(server.closed.length, 0)
  client.resume()
  filled.body.end()
  assert.match(await client.gone(), /\r\n0\r\n\r\n$/)
})

test('the time of a peer that has closed its side counts in each of its pipelined exchanges', async (t) => {
  const server = await serve(
    t,
    ({ request }) => (request.path === '/1' ? Promise.resolve(new HttpResponse(204)) : new Promise(() => {})),
    PATIENT,
  )
  const client = await server.client()
  client.send('GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n')
  client.finish()
  await eventually(() => server.exchanges.length === 2, 'the second is handled')
  await eventually(() => server.connections[0]?.socket.readableEnded === true, 'its end arrived')
  await server.clock.advance(10_100)
  assert.match(await client.gone(), /^HTTP\/1\.1 204 /)
  assert.equal(server.outcomes[1]?.error?.code, 'downstream_closed')
})

/** A peer whose request nobody answers, and who has closed its side. */
async function left(t: TestContext, options: { halfClosedTimeout?: number } = {}, bytes: string = GET) {
  const server = await serve(t, () => new Promise<HttpResponse>(() => {}), options)
  const client = await server.client()
  client.send(bytes)
  client.finish()
  await eventually(() => server.exchanges.length === 1, 'it is handled')
  await eventually(() => server.connections[0]?.socket.readableEnded === true, 'its end arrived')
  return { server, client }
}

test('a peer that has closed its side while it is answered is taken for gone after half a second', async (t) => {
  const { server } = await left(t)
  await server.clock.advance(450)
  assert.equal(server.outcomes.length, 0)
  await server.clock.advance(70)
  await eventually(() => server.outcomes.length === 1, 'the exchange ends')
  assert.equal(server.exchanges[0]?.cancellation?.code, 'downstream_closed')
  assert.deepEqual(
    [server.outcomes[0]?.status, server.outcomes[0]?.error?.code],
    [undefined, 'downstream_closed'],
  )
})

test('a peer that has closed its side is given up at once where it may not be answered', async (t) => {
  const { server } = await left(t, { halfClosedTimeout: 0 })
  await eventually(() => server.outcomes.length === 1, 'the exchange ends')
  assert.equal(server.outcomes[0]?.error?.code, 'downstream_closed')
})

test('a peer that has closed its side is answered however long it takes where that is set', async (t) => {
  const { server, client } = await left(t, { halfClosedTimeout: Infinity })
  await server.clock.advance(3_600_000)
  assert.deepEqual([server.outcomes.length, client.closed], [0, false])
})

for (const [name, behind] of [
  ['a part of a further request', 'G'],
  ['whole further requests', GET.repeat(20)],
] as const) {
  test(`a peer that leaves is noticed although ${name} stands behind the one that is answered`, async (t) => {
    const { server } = await left(t, {}, GET + behind)
    await server.clock.advance(520)
    await eventually(() => server.outcomes.length === 1, 'the exchange ends')
    assert.equal(server.exchanges.length, 1)
  })
}

test('what is pipelined while the connection is between two requests is read in its order', async (t) => {
  const server = await serve(t, ({ request }) =>
    Promise.resolve(new HttpResponse(200, headers(['x-path', request.path]))),
  )
  const client = await server.client()
  const paths = Array.from({ length: 300 }, (_, index) => `/${index}`)
  for (const path of paths) client.send(`GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`)
  client.finish()
  const text = await client.end()
  assert.deepEqual(
    Array.from(text.matchAll(/x-path: (\S+)/g), ([, path]) => path),
    paths,
  )
})

/** Bytes that have arrived of the body of the first request. */
function received({ exchanges }: Served): number {
  const body = exchanges[0]?.request.body
  return body instanceof StreamBody ? body.received : 0
}

test('a body that nobody takes yet is read ahead, so that a peer that leaves is noticed', async (t) => {
  const server = await serve(t, () => new Promise(() => {}))
  const client = await server.client()
  client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n')
  await eventually(() => server.exchanges.length === 1, 'it is handled')
  client.send('01234')
  await eventually(() => received(server) === 5, 'a part arrived')
  client.send('56789')
  client.reset()
  await eventually(() => server.outcomes.length === 1, 'the exchange ends')
  assert.equal(server.outcomes[0]?.error?.code, 'downstream_closed')
})

test('a body that nobody takes yet is not read without end', async (t) => {
  const server = await serve(t, () => new Promise(() => {}))
  const client = await server.client()
  client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n')
  await eventually(() => server.exchanges.length === 1, 'it is handled')
  for (let part = 0; part < 100; part++) client.send('x'.repeat(100_000))
  await eventually(() => server.connections[0]?.socket.isPaused() === true, 'it waits')
  assert.ok(received(server) <= A_FEW_READS)
})

test('a peer that awaits 100 and leaves is noticed at once', async (t) => {
  const server = await serve(t, () => new Promise(() => {}))
  const client = await server.client()
  client.send('POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n')
  await eventually(() => server.exchanges.length === 1, 'it is handled')
  client.finish()
  await eventually(() => server.outcomes.length === 1, 'the exchange ends')
  assert.equal(server.outcomes[0]?.error?.code, 'downstream_closed')
})
