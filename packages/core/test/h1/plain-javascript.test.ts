import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Body, bodyFrom } from '../../src/message/body.ts'
import type { Handler, Policy } from '../../src/message/handler.ts'
import { stack } from '../../src/message/handler.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { problem } from '../../src/policies/problem.ts'
import { requestId } from '../../src/policies/request-id.ts'
import { timeout } from '../../src/policies/timeout.ts'
import { echo, FilledBody, headers, serve } from './harness.ts'
import { systemClock } from '../../src/time/clock.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'

/** What handlers and policies may do that no type checker has seen. */
const MISTAKES: Readonly<Record<string, () => unknown>> = {
  'resolves with undefined': () => Promise.resolve(undefined),
  'resolves with null': () => Promise.resolve(null),
  'resolves with a text': () => Promise.resolve('hello'),
  'resolves with what only looks like a response': () =>
    Promise.resolve({ status: 200, headers: {}, body: 'x' }),
  'answers undefined': () => undefined,
  'answers a text': () => 'hello',
  'throws at once': () => {
    throw new Error('a secret of the host')
  },
  'throws undefined': () => {
    throw undefined // oxlint-disable-line no-throw-literal, typescript/only-throw-error -- what is tested
  },
  'rejects with undefined': () => Promise.reject(undefined), // oxlint-disable-line typescript/prefer-promise-reject-errors -- what is tested
}

const GOOD = 'GET /good HTTP/1.1\r\nHost: h\r\n\r\n'
const BAD = 'GET /bad HTTP/1.1\r\nHost: h\r\n\r\n'

for (const [name, mistake] of Object.entries(MISTAKES)) {
  const bad = mistake as Handler
  const policy: Policy = (next) => (exchange) =>
    exchange.request.path === '/bad' ? bad(exchange) : next(exchange)
  const stacks: Readonly<Record<string, Handler>> = {
    alone: stack([policy], echo),
    'within a stack': stack(
      [requestId({ clock: systemClock }), problem(), timeout({ exchange: 60_000 }), policy],
      echo,
    ),
  }
  for (const [where, handler] of Object.entries(stacks)) {
    test(`a policy that ${name}, ${where}, costs its exchange a 500, and nothing else`, async (t) => {
      const server = await serve(t, handler)
      const [client, other] = [await server.client(), await server.client()]
      client.send(BAD)
      assert.match(await client.receives('\r\n\r\n'), /^HTTP\/1\.1 500 Internal Server Error\r\n/)
      other.send(GOOD)
      assert.match(await other.receives('\n.'), /^HTTP\/1\.1 200 OK\r\n/)
      assert.doesNotMatch(client.text, /secret/)
      assert.equal(server.outcomes[0]?.error?.code, 'internal', 'the log tells')
      assert.equal(server.outcomes[0]?.status, 500)
    })
  }
}

test('a handler that answers a response instead of a promise for one is understood', async (t) => {
  const server = await serve(t, (() => new HttpResponse(204)) as unknown as Handler)
  const client = await server.client()
  client.send(GOOD)
  assert.match(await client.receives('\r\n\r\n'), /^HTTP\/1\.1 204 /)
})

test('nonsense that comes when the peer has left is without effect', async (t) => {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const server = await serve(t, (() => promise) as Handler)
  const client = await server.client()
  client.send(GOOD)
  await eventually(() => server.exchanges.length > 0, 'the request has come')
  client.reset()
  await eventually(() => server.closed.length > 0, 'the connection is closed')
  resolve(undefined)
  await new Promise(setImmediate)
  assert.equal(server.outcomes[0]?.error?.code, 'downstream_closed')
})

for (const [name, response] of [
  ['here already', () => new HttpResponse(200, headers(), bodyFrom('content'))],
  ['streamed', (body: Body) => new HttpResponse(200, headers(), body)],
] as const) {
  test(`a finisher that throws costs nobody anything, and the log tells: a response that is ${name}`, async (t) => {
    const filled = new FilledBody()
    const errors: (string | undefined)[] = []
    const server = await serve(t, (exchange) => {
      if (exchange.request.path === '/good') return echo(exchange)
      exchange.onFinish(({ error }) => errors.push(error?.code))
      exchange.onFinish(() => {
        throw new Error('in a finisher')
      })
      return Promise.resolve(response(filled.body))
    })
    const client = await server.client()
    client.send(BAD)
    await client.receives('\r\n\r\n')
    filled.push('content')
    filled.body.end()
    await client.receives('content')
    client.send(GOOD)
    await client.receives('\n.')
    assert.deepEqual(errors, ['internal'])
    assert.equal(server.outcomes.length, 2)
  })
}
