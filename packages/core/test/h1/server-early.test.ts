import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { bodyFrom, collect } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import type { Handler } from '../../src/message/handler.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { sizeLimit } from '../../src/policies/size-limit.ts'
import { echo, eventually, FilledBody, gather, headers, RecordingSink, serve } from './harness.ts'

const GET = 'GET /next HTTP/1.1\r\nHost: h\r\n\r\n'

function post(...fields: string[]): string {
  return `POST / HTTP/1.1\r\nHost: h\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`
}

/** A handler that waits for `go` and then reads the body, or does not. */
function gated(read: boolean): { handler: Handler; go: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return {
    go: resolve,
    async handler(exchange) {
      await promise
      const text = read ? (await gather(exchange.request.body)).text : 'unread'
      return new HttpResponse(200, headers(), bodyFrom(`<${text}>`))
    },
  }
}

test('100 is sent when the body is wanted, and not before', async (t) => {
  const { handler, go } = gated(true)
  const server = await serve(t, handler)
  const client = await server.client()
  client.send(post('Expect: 100-Continue', 'Content-Length: 5'))
  await eventually(() => server.exchanges.length === 1, 'the handler runs')
  for (let wait = 0; wait < 20; wait++) await turn()
  assert.equal(client.text, '')
  go()
  assert.equal(await client.receives('\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n')
  client.forget()
  client.send('hello')
  assert.match(await client.receives('<hello>'), /^HTTP\/1\.1 200 OK/)
  assert.doesNotMatch(client.text, /connection: close/)
  client.send(GET)
  await client.receives('<>')
})

test('an answer without 100 closes the connection: the body may follow or not', async (t) => {
  const { handler, go } = gated(false)
  const server = await serve(t, handler)
  const client = await server.client()
  client.send(post('Expect: 100-continue', 'Content-Length: 5'))
  go()
  assert.match(await client.end(), /^HTTP\/1\.1 200 OK\r\n(?:.*\r\n)*connection: close\r\n\r\n<unread>$/)
})

test('an expected body that comes without waiting for 100 is read all the same', async (t) => {
  const { handler, go } = gated(true)
  const server = await serve(t, handler)
  const client = await server.client()
  client.send(`${post('Expect: 100-continue', 'Content-Length: 5')}hel`)
  go()
  await turn()
  client.send('lo')
  assert.match(await client.receives('<hello>'), /^HTTP\/1\.1 200 OK/)
})

for (const [name, head, body] of [
  ['a request without a body', 'GET / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n', ''],
  ['an HTTP/1.0 peer', 'POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n', 'hello'],
] as const) {
  test(`100 is not for ${name}`, async (t) => {
    const server = await serve(t, echo)
    const client = await server.client()
    client.send(head)
    await eventually(() => server.exchanges.length === 1, 'the handler runs')
    await turn()
    client.send(body)
    assert.match(await client.receives('\n.'), /^HTTP\/1\.1 200 OK/)
  })
}

test('100 never stands in the middle of a response', async (t) => {
  const filled = new FilledBody()
  const server = await serve(t, () => Promise.resolve(new HttpResponse(200, headers(), filled.body)))
  const client = await server.client()
  client.send(post('Expect: 100-continue', 'Content-Length: 5'))
  await client.receives('\r\n\r\n')
  const read = gather(server.exchanges[0]?.request.body ?? bodyFrom(''))
  filled.push('late')
  filled.body.end()
  assert.doesNotMatch(await client.end(), /100 Continue/)
  assert.ok((await read).error !== undefined)
})

test('an expectation other than 100-continue is refused with 417', async (t) => {
  const server = await serve(t, echo)
  const client = await server.client()
  client.send(post('Expect: 200-ok', 'Content-Length: 5'))
  assert.match(await client.end(), /^HTTP\/1\.1 417 /)
  assert.equal(server.refusals[0]?.code, 'unsupported_expectation')
})

for (const framing of ['Content-Length: 2000', 'Transfer-Encoding: chunked'] as const) {
  test(`the small rest of a body that nobody read is thrown away, and the connection lives on (${framing})`, async (t) => {
    let count = 0
    const server = await serve(t, async (exchange) => {
      count++
      if (count > 1) return echo(exchange)
      // Half of it is read, and then no more is wanted.
      const sink = new RecordingSink()
      exchange.request.body.flowTo(sink)
      await eventually(() => sink.bytes > 0, 'the first half is here')
      exchange.request.body.cancel(new TrafficError('cancelled', 'enough'))
      return new HttpResponse(403, headers(), bodyFrom('early'))
    })
    const client = await server.client()
    const [first, second] =
      framing === 'Content-Length: 2000'
        ? ['x'.repeat(1000), 'y'.repeat(1000)]
        : [`3e8\r\n${'x'.repeat(1000)}\r\n`, `3e8\r\n${'y'.repeat(1000)}\r\n0\r\n\r\n`]
    client.send(post(framing) + first)
    if (framing === 'Content-Length: 2000') {
      assert.doesNotMatch(await client.receives('early'), /connection: close/)
      client.forget()
      client.send(second + GET)
      assert.match(
        await client.receives('\n.'),
        /^HTTP\/1\.1 200 OK\r\n(.*\r\n)*\r\nGET h \/next\nhost: h\n\n\.$/,
      )
    } else {
      // How much would come is not known: not worth the wait.
      assert.match(await client.end(), /connection: close/)
    }
  })
}

test('a pipelined request behind a body that nobody read is answered', async (t) => {
  const server = await serve(t, (exchange) =>
    exchange.request.path === '/next' ? echo(exchange) : Promise.resolve(new HttpResponse(204)),
  )
  const client = await server.client()
  client.send(post('Content-Length: 2000') + 'x'.repeat(1000))
  await client.receives('204')
  client.send(`${'x'.repeat(1000)}${GET}${post('Content-Length: 3')}xyz${GET}`)
  await client.receives(/(GET h \/next[^]*){2}/)
  assert.equal(
    client.text.match(/1\.1 \d+|GET h \/next/g)?.join(),
    '1.1 204,1.1 200,GET h /next,1.1 204,1.1 200,GET h /next',
  )
})

test('a large rest is not waited for: the response says so, and the peer that goes on sending can still read it', async (t) => {
  const server = await serve(t, () =>
    Promise.resolve(new HttpResponse(403, headers(), bodyFrom('e'.repeat(9_000)))),
  )
  const client = await server.client()
  client.pause()
  client.send(post('Content-Length: 100000000') + 'x'.repeat(100_000))
  await eventually(() => server.outcomes.length === 1, 'the response is written')
  for (let count = 0; count < 50; count++) {
    client.send('x'.repeat(200_000))
    await turn()
  }
  client.resume()
  assert.match(await client.end(), /^HTTP\/1\.1 403 Forbidden\r\n(.*\r\n)*connection: close\r\n\r\ne{9000}$/)
  assert.equal(client.wasReset, false)
  client.finish()
  await client.gone()
  await eventually(() => server.closed.length === 1, 'the server lets go')
})

test('a peer that goes on sending for ever is cut off when its time to linger is over', async (t) => {
  const server = await serve(t, () => Promise.resolve(new HttpResponse(403)))
  const client = await server.client()
  client.send(post('Content-Length: 100000000') + 'x'.repeat(100_000))
  await client.end()
  await server.clock.advance(1_900)
  assert.equal(server.closed.length, 0)
  await server.clock.advance(200)
  await eventually(() => server.closed.length === 1, 'the connection is cut')
})

test('a rest that turns out larger than is worth discarding ends the connection after the response', async (t) => {
  const filled = new FilledBody()
  const server = await serve(t, async (exchange) => {
    const sink = new RecordingSink()
    exchange.request.body.flowTo(sink)
    await eventually(() => sink.bytes > 0, 'it has begun')
    setImmediate(() => exchange.request.body.cancel(new TrafficError('cancelled', 'enough')))
    return new HttpResponse(200, headers(), filled.body)
  })
  const client = await server.client()
  client.send(`${post('Content-Length: 1000000')}x`)
  await client.receives('\r\n\r\n')
  assert.doesNotMatch(client.text, /connection: close/)
  filled.body.end()
  await client.receives('0\r\n\r\n')
  for (let sent = 0; sent < 100_000; sent += 1_000) client.send('x'.repeat(1_000))
  await client.end()
  assert.equal(client.wasReset, false)
  assert.equal(server.outcomes[0]?.error, undefined)
  assert.equal(server.clock.pending, 1, 'only the timer of lingering is left')
})

test('a body that somebody still reads is read to its end although the response is complete', async (t) => {
  const sink = new RecordingSink()
  const server = await serve(t, async (exchange) => {
    if (exchange.request.path === '/next') return echo(exchange)
    exchange.request.body.flowTo(sink)
    await eventually(() => sink.bytes > 0, 'it has begun')
    return new HttpResponse(200, headers(), bodyFrom('early'))
  })
  const client = await server.client()
  client.send(post('Transfer-Encoding: chunked') + '5\r\nhello\r\n')
  assert.doesNotMatch(await client.receives('early'), /connection: close/)
  client.forget()
  client.send(`6\r\n world\r\n0\r\nx-t: 1\r\n\r\n${GET}`)
  await client.receives('GET h /next')
  assert.equal(sink.text, 'hello world')
  assert.equal(sink.done, true)
  assert.equal(sink.trailers?.get('x-t'), '1')
})

test('somebody who reads on after the response learns that the peer has left', async (t) => {
  const sink = new RecordingSink()
  const server = await serve(t, async (exchange) => {
    exchange.request.body.flowTo(sink)
    await eventually(() => sink.bytes > 0, 'it has begun')
    return new HttpResponse(200, headers(), bodyFrom('early'))
  })
  const client = await server.client()
  client.send(`${post('Content-Length: 100')}hello`)
  await client.receives('early')
  client.reset()
  await eventually(() => sink.error !== undefined, 'the body breaks')
  assert.equal(sink.error?.code, 'downstream_closed')
})

test('somebody who loses interest after the response leaves the rest to be thrown away', async (t) => {
  const sink = new RecordingSink()
  const server = await serve(t, async (exchange) => {
    if (exchange.request.path === '/next') return echo(exchange)
    exchange.request.body.flowTo(sink)
    await eventually(() => sink.bytes > 0, 'it has begun')
    return new HttpResponse(200, headers(), bodyFrom('early'))
  })
  const client = await server.client()
  client.send(`${post('Content-Length: 10')}hello`)
  await client.receives('early')
  server.exchanges[0]?.request.body.cancel(new TrafficError('cancelled', 'enough'))
  client.send(`world${GET}`)
  await client.receives('GET h /next')
  assert.equal(sink.text, 'hello')
})

test('a body beyond its limit is answered with 413, by its length or as soon as it is too much', async (t) => {
  const whole: Handler = async ({ request }) =>
    new HttpResponse(200, headers(), bodyFrom(await collect(request.body)))
  const server = await serve(t, sizeLimit({ request: 10 })(whole))
  const declared = await server.client()
  declared.send(post('Content-Length: 11'))
  await declared.receives(/^HTTP\/1\.1 413 [^]*\r\n\r\n.+/)
  const streamed = await server.client()
  streamed.send(post('Transfer-Encoding: chunked') + '8\r\n12345678\r\n')
  await eventually(() => server.exchanges.length === 2, 'the handler runs')
  assert.equal(streamed.text, '')
  streamed.send('8\r\n12345678\r\n')
  assert.match(await streamed.end(), /^HTTP\/1\.1 413 /)
  assert.equal(server.outcomes.length, 2)
  assert.equal(server.outcomes[1]?.bytesReceived, 16)
})
