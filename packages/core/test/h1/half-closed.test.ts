import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { HttpResponse } from '../../src/message/response.ts'
import { eventually, FilledBody, headers, serve } from './harness.ts'

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'

/** A peer that has asked, has closed its side, and has the head of a response whose body is to be filled. */
async function halfClosed(t: TestContext) {
  const filled = new FilledBody()
  const server = await serve(t, () => Promise.resolve(new HttpResponse(200, headers(), filled.body)))
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
  const server = await serve(t, ({ request }) =>
    request.path === '/1' ? Promise.resolve(new HttpResponse(204)) : new Promise(() => {}),
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
