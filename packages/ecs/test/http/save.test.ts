import assert from 'node:assert/strict'
import { it } from 'node:test'
import { VirtualClock } from '@headgate/client/testing'
import { z } from 'zod'
import {
  HttpError,
  HttpRequest,
  HttpRequests,
  HttpResponse,
  Priority,
  request,
  RequestTimeout,
  restoreRequests,
  RetryPolicy,
  saveRequests,
  type SavedRequests,
  World,
} from '../../src/index.ts'
import { HeldTransport } from './held-transport.ts'
import { endsOf, originOf, tickUntilIdle, withHttp } from './worlds.ts'

it('requests that had not ended go on in another world, with all that was said of them', async (t) => {
  const clock = new VirtualClock()
  const before = withHttp(t, new World(), {
    client: { transport: new HeldTransport().handler },
    clock,
    maxInFlight: 1,
  })
  const seen: unknown[] = []
  const url = await originOf(t, (request, response) => {
    void request.toArray().then((chunks) => {
      seen.push([
        request.method,
        request.url,
        request.headers['x-a'],
        Buffer.concat(chunks as Buffer[]).toString(),
      ])
      response.end('done')
    })
  })
  before.spawn(
    HttpRequest({ url: `${url}/1`, query: { a: [1, 2] }, headers: { 'x-a': 'b' } }),
    RequestTimeout(5_000),
  )
  before.tick()
  before.spawn(
    HttpRequest({ url: `${url}/2`, method: 'PUT', body: Buffer.from('bytes') }),
    Priority('low'),
    RetryPolicy(1),
  )
  before.spawn(HttpRequest({ url: `${url}/3`, method: 'POST', json: { n: 1 } }), Priority('high'))
  await clock.advance(1_000)
  before.tick()
  const saved = JSON.parse(JSON.stringify(saveRequests(before))) as SavedRequests
  const port = withHttp(t, new World(), { maxInFlight: 1 })
  const entities = restoreRequests(port, saved)
  assert.equal(port.get(entities[0] ?? -1, RequestTimeout)?.after, 4_000)
  assert.deepEqual(
    [port.get(entities[1] ?? -1, RetryPolicy), port.get(entities[1] ?? -1, Priority)],
    [1, 'low'],
  )
  await tickUntilIdle(port)
  assert.deepEqual(
    entities.map((entity) => port.get(entity, HttpResponse)?.text()),
    ['done', 'done', 'done'],
  )
  assert.deepEqual(seen, [
    ['POST', '/3', undefined, '{"n":1}'],
    ['GET', '/1?a=1&a=2', 'b', ''],
    ['PUT', '/2', undefined, 'bytes'],
  ])
})

it('secrets are not written down unless it is asked for, and what is lacking must be added before it is sent', async (t) => {
  const held = new HeldTransport()
  const port = withHttp(t, new World(), { client: { transport: held.handler } })
  const users = request(z.object({ id: z.number() }))
  const url = 'http://api.example'
  port.spawn(HttpRequest({ url: `${url}/secret`, headers: { authorization: 'Bearer s3cret', 'x-a': 'b' } }))
  port.spawn(users(`${url}/typed`))
  port.spawn(HttpRequest({ url: `${url}/stream`, method: 'PUT', body: new ReadableStream() }))
  port.spawn(HttpRequest(`${url}/plain`))
  const saved = saveRequests(port)
  assert.doesNotMatch(JSON.stringify(saved), /s3cret/)
  assert.match(JSON.stringify(saveRequests(port, { secrets: true })), /s3cret/)
  assert.deepEqual(
    saved.requests.map(({ missing }) => missing),
    [['secrets'], ['schema'], ['body'], []],
  )
  const next = withHttp(t, new World(), { client: { transport: held.handler } })
  const entities = restoreRequests(next, saved, {
    prepare: (input, { missing }) =>
      missing.includes('secrets') ? { input: { ...input, headers: { authorization: 'again' } } } : { input },
  })
  next.tick()
  assert.deepEqual(held.asked, ['/secret', '/plain'])
  assert.match(String(next.get(entities[1] ?? -1, HttpError)?.message), /lacks what was not saved \(schema\)/)
  assert.match(String(next.get(entities[2] ?? -1, HttpError)?.message), /lacks what was not saved \(body\)/)
})

it('one that was under way and must not be done twice fails, unless it is said that it may', async (t) => {
  const held = new HeldTransport()
  const port = withHttp(t, new World(), { client: { transport: held.handler } })
  for (const method of ['POST', 'PUT']) port.spawn(HttpRequest({ url: 'http://api.example/', method }))
  port.tick()
  port.spawn(HttpRequest({ url: 'http://api.example/unsent', method: 'POST' }))
  const saved = saveRequests(port)
  for (const [repeatUnsafe, ends] of [
    [false, ['error 1']],
    [true, []],
  ] as const) {
    const next = withHttp(t, new World(), { client: { transport: held.handler } })
    const seen = endsOf(next)
    const [first] = restoreRequests(next, saved, { repeatUnsafe })
    next.tick()
    assert.deepEqual(seen, ends)
    if (!repeatUnsafe)
      assert.match(String(next.get(first ?? -1, HttpError)?.message), /POST is not idempotent: repeatUnsafe/)
    assert.equal(next.resource(HttpRequests).inFlight, repeatUnsafe ? 3 : 2)
  }
  assert.throws(
    () => restoreRequests(port, {} as never),
    /nothing that saveRequests of this version has written/,
  )
})
