import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { VirtualClock } from '@headgate/client/testing'
import { HttpError, HttpRequest, HttpRequests, HttpResponse, RequestTimeout } from '../../src/index.ts'
import { HeldTransport } from './held-transport.ts'
import { endsOf, withHttp, WORLDS } from './worlds.ts'

// What is wrong with the HTTP plugins that Bevy has, and must not be here.
for (const { name, make } of WORLDS) {
  describe(`the known faults of HTTP plugins for Bevy, in the world ${name}`, () => {
    it('requests over the limit are not dropped: they wait in their order, and each is answered', async (t) => {
      const held = new HeldTransport()
      const port = withHttp(t, make(t), { client: { transport: held.handler }, maxInFlight: 2 })
      const ends = endsOf(port)
      const entities = Array.from({ length: 7 }, (_, index) =>
        port.spawn(HttpRequest(`http://api.example/${index}`)),
      )
      for (let round = 0; round < 4; round++) {
        port.tick()
        assert.ok(held.size <= 2 && port.resource(HttpRequests).inFlight <= 2)
        await held.answer()
      }
      port.tick()
      assert.deepEqual(held.asked, ['/0', '/1', '/2', '/3', '/4', '/5', '/6'])
      assert.deepEqual(
        entities.map((entity) => port.get(entity, HttpResponse)?.text()),
        held.asked,
      )
      assert.equal(ends.length, 7)
    })

    it('no slot stays taken when an entity is despawned, wherever its request stands', async (t) => {
      const held = new HeldTransport()
      const port = withHttp(t, make(t), { client: { transport: held.handler }, maxInFlight: 2 })
      const requests = port.resource(HttpRequests)
      for (let round = 0; round < 5; round++) {
        const entities = Array.from({ length: 6 }, (_, index) =>
          port.spawn(HttpRequest(`http://api.example/${round}/${index}`)),
        )
        port.tick()
        assert.equal(requests.inFlight, 2)
        // One has its answer already, which no tick has applied.
        await held.answer([`/${round}/0`])
        for (const entity of entities) port.despawn(entity)
        assert.deepEqual([requests.inFlight, requests.size, requests.queued], [0, 0, 0])
        port.tick()
      }
      assert.equal(held.size, 0)
      const last = port.spawn(HttpRequest('http://api.example/last'))
      port.tick()
      await held.answer()
      port.tick()
      assert.equal(port.get(last, HttpResponse)?.text(), '/last')
    })

    it('a request ends at its timeout, in line and under way, and its call is given up', async (t) => {
      const clock = new VirtualClock()
      const held = new HeldTransport()
      const port = withHttp(t, make(t), { client: { transport: held.handler }, maxInFlight: 1, clock })
      const [first, second, third] = [1_000, 500, 5_000].map((timeout, index) =>
        port.spawn(HttpRequest(`http://api.example/${index}`), RequestTimeout(timeout)),
      ) as [number, number, number]
      port.tick()
      await clock.advance(500)
      port.tick()
      assert.equal(port.get(second, HttpError)?.code, 'deadline_exceeded')
      assert.match(String(port.get(second, HttpError)?.message), /while it waited to be started/)
      assert.deepEqual([port.has(first, HttpError), held.asked], [false, ['/0']])
      await clock.advance(500)
      port.tick()
      assert.equal(port.get(first, HttpError)?.code, 'deadline_exceeded')
      assert.deepEqual([held.cancelled, held.asked], [['/0'], ['/0', '/2']])
      assert.equal(port.get(third, RequestTimeout)?.deadline, 5_000)
    })

    it('a request can be cancelled, and nothing of it comes later', async (t) => {
      const held = new HeldTransport()
      const port = withHttp(t, make(t), { client: { transport: held.handler } })
      const ends = endsOf(port)
      const entity = port.spawn(HttpRequest('http://api.example/it'))
      port.tick()
      port.remove(entity, HttpRequest)
      assert.deepEqual(held.cancelled, ['/it'])
      for (let tick = 0; tick < 3; tick++) {
        await held.answer()
        port.tick()
      }
      assert.deepEqual(ends, ['cancelled 1'])
      assert.deepEqual([port.has(entity, HttpResponse), port.has(entity, HttpError)], [false, false])
    })
  })
}
