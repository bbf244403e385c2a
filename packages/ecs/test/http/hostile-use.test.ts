import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import {
  BodyChunks,
  HttpBodyChunk,
  HttpError,
  HttpInFlight,
  HttpRequest,
  HttpRequests,
  HttpRequestSubmitted,
  HttpResponse,
  HttpResponseReceived,
  request,
} from '../../src/index.ts'
import { HeldTransport } from './held-transport.ts'
import { endsOf, heard, originOf, tickUntil, tickUntilIdle, withHttp, WORLDS } from './worlds.ts'

for (const { name, make } of WORLDS) {
  describe(`listeners that change the world ${name} while it works`, () => {
    it('may despawn the entity in every event and with every component', async (t) => {
      const held = new HeldTransport()
      const port = withHttp(t, make(t), { client: { transport: held.handler } })
      const ends = endsOf(port)
      const at = (path: string): number => port.spawn(HttpRequest(`http://api.example/${path}`))
      port.events(HttpRequestSubmitted).observe(({ entity, url }) => {
        if (url.endsWith('/submitted')) port.despawn(entity)
      })
      port.onAdd(HttpInFlight, (entity) => {
        if (port.get(entity, HttpRequest)?.url.endsWith('/started') === true) port.despawn(entity)
      })
      port.onRemove(HttpInFlight, (entity) => {
        if (port.get(entity, HttpRequest)?.url.endsWith('/landed') === true) port.despawn(entity)
      })
      port.onAdd(HttpResponse, (entity) => {
        if (port.get(entity, HttpRequest)?.url.endsWith('/answered') === true) port.despawn(entity)
      })
      port.events(HttpResponseReceived).observe(({ entity }) => void port.despawn(entity))
      const entities = ['submitted', 'started', 'landed', 'answered', 'other'].map(at)
      port.tick()
      await held.answer()
      port.tick()
      assert.deepEqual(ends, ['cancelled 1', 'cancelled 2', 'response 3', 'response 4', 'response 5'])
      assert.ok(entities.every((entity) => !port.isAlive(entity)))
      const requests = port.resource(HttpRequests)
      assert.deepEqual([requests.size, requests.inFlight], [0, 0])
    })

    it('may spawn requests, which the same tick or the next one takes up', async (t) => {
      const held = new HeldTransport()
      const port = withHttp(t, make(t), { client: { transport: held.handler } })
      let count = 0
      port.events(HttpRequestSubmitted).observe(() => {
        if (++count < 50) port.spawn(HttpRequest(`http://api.example/${count}`))
      })
      port.spawn(HttpRequest('http://api.example/0'))
      for (let tick = 0; tick < 60; tick++) port.tick()
      await held.answer()
      port.tick()
      assert.equal(port.query(HttpResponse).length, 50)
    })

    it('one value for several entities is a request for each', async (t) => {
      const held = new HeldTransport()
      const port = withHttp(t, make(t), { client: { transport: held.handler } })
      const same = HttpRequest('http://api.example/same')
      const entities = [port.spawn(same), port.spawn(same), port.spawn(same)]
      assert.deepEqual(
        entities.map((entity) => port.get(entity, HttpRequest)?.id),
        [1, 2, 3],
      )
      port.tick()
      await held.answer()
      port.tick()
      assert.equal(port.query(HttpResponse).length, 3)
    })

    it('an entity in the place of one that is gone gets nothing that was for it', async (t) => {
      const held = new HeldTransport()
      const port = withHttp(t, make(t), { client: { transport: held.handler } })
      const told: number[] = []
      for (let life = 0; life < 20; life++) {
        const entity = port.spawn(HttpRequest(`http://api.example/${life}`))
        port.events(HttpResponseReceived).observe(({ id }) => void told.push(id), entity)
        port.tick()
        await held.answer()
        if (life < 19) port.despawn(entity)
      }
      port.tick()
      assert.deepEqual([told, port.query(HttpResponse).length], [[20], 1])
    })
  })
}

describe('content that is meant to harm', () => {
  const [{ make }] = WORLDS as [(typeof WORLDS)[number]]

  it('a streamed body that nobody takes stops at the buffer, and the origin has to wait', async (t) => {
    let sent = 0
    const url = await originOf(t, (_request, response) => {
      const more = (): void => {
        while (sent < 64 * 1024 * 1024) {
          sent += 64 * 1024
          if (!response.write(Buffer.alloc(64 * 1024))) return
        }
      }
      response.on('drain', more)
      more()
    })
    const port = withHttp(t, make(t), { bodyBuffer: 64 * 1024 })
    const entity = port.spawn(HttpRequest({ url, stream: true }))
    await tickUntil(port, () => port.has(entity, BodyChunks), 'the head is here')
    const body = port.get(entity, BodyChunks)
    if (body !== undefined) body.paused = true
    let [before, still] = [0, 0]
    await tickUntil(
      port,
      () => {
        still = sent === before ? still + 1 : 0
        before = sent
        return still > 50
      },
      'the origin waits',
    )
    // What the sockets hold is some megabytes at most.
    assert.ok(sent < 32 * 1024 * 1024, `${sent} bytes`)
    assert.ok((body?.received ?? 0) <= 1024 * 1024)
    port.despawn(entity)
    assert.equal(port.resource(HttpRequests).streams.length, 0)
  })

  it('a stream that breaks off is an error, after the chunks that came', async (t) => {
    const url = await originOf(t, (_request, response) => {
      response.setHeader('content-length', 1_000)
      response.write('some', () => response.destroy())
    })
    const port = withHttp(t, make(t))
    const chunks = heard(port, HttpBodyChunk)
    const entity = port.spawn(HttpRequest({ url, stream: true }))
    await tickUntilIdle(port)
    assert.equal(Buffer.concat(chunks.map(({ chunk }) => chunk)).toString(), 'some')
    assert.deepEqual(
      [port.get(entity, HttpError)?.code, port.get(entity, BodyChunks)?.done],
      ['upstream_closed', true],
    )
  })

  it('several streams share the bytes of a tick', async (t) => {
    const url = await originOf(t, (_request, response) => void response.end(Buffer.alloc(200_000)))
    const port = withHttp(t, make(t), { budget: { bytes: 1_000 }, bodyBuffer: 10_000 })
    const entities = [1, 2, 3].map(() => port.spawn(HttpRequest({ url, stream: true })))
    await tickUntil(port, () => entities.every((entity) => port.has(entity, BodyChunks)), 'all have begun')
    for (let tick = 0; tick < 30; tick++) {
      port.tick()
      await new Promise(setImmediate)
    }
    const received = entities.map((entity) => port.get(entity, BodyChunks)?.received ?? 0)
    assert.ok(Math.min(...received) > 5_000, String(received))
  })

  it('content is typed by a schema, and what is not as it says is an error', async (t) => {
    const url = await originOf(t, (request, response) => {
      response.end(request.url === '/good' ? '{"id":7,"name":"Ada"}' : '{"id":"seven"}')
    })
    const port = withHttp(t, make(t))
    const users = request(z.object({ id: z.number(), name: z.string() }))
    const [good, bad] = [port.spawn(users(`${url}/good`)), port.spawn(users({ url: `${url}/bad` }))]
    const names: string[] = []
    users.observe(port, good, ({ response }) => void names.push(response.value.name))
    await tickUntilIdle(port)
    const id: number | undefined = users.response(port, good)?.value.id
    assert.deepEqual([id, names, port.get(bad, HttpError)?.code], [7, ['Ada'], 'invalid_content'])
    assert.equal(request(z.string()).response(port, good), undefined)
  })
})
