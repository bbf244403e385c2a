import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { TrafficError } from '../../src/message/errors.ts'
import type { ScriptedConnection } from '../../src/testing/scripted-peer.ts'
import { eventually, type Proxied, proxy } from './harness.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const REQUESTS = [
  'GET / HTTP/1.1\r\nHost: h\r\n\r\n',
  'HEAD / HTTP/1.1\r\nHost: h\r\n\r\n',
  'GET / HTTP/1.0\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
]
const RESPONSES = [
  'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
  'HTTP/1.1 200 OK\r\n\r\n',
  'HTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
  'HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
]
const CONTENT = ['1234', '4\r\n1234\r\n', '0\r\n\r\n', '12345678', 'x'.repeat(200_000), '4\r\nfaulty', '']

type Step =
  | { readonly who: 'client' | 'origin'; readonly sends: string }
  | { readonly who: 'client' | 'origin'; readonly does: 'finish' | 'reset' | 'pause' | 'resume' }
  | { readonly who: 'gateway'; readonly does: 'cancel' | 'drain' | 'wait' | 'wait long' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ who: fc.constant('client' as const), sends: fc.constantFrom(...REQUESTS) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ who: fc.constant('origin' as const), sends: fc.constantFrom(...RESPONSES) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ who: fc.constantFrom('client', 'origin'), sends: fc.constantFrom(...CONTENT) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      who: fc.constantFrom('client', 'origin'),
      does: fc.constantFrom('finish', 'reset', 'pause', 'resume'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      who: fc.constant('gateway' as const),
      does: fc.constantFrom('cancel', 'drain', 'wait', 'wait long'),
    }),
  },
)

async function play(proxied: Proxied, client: ScriptedConnection, steps: readonly Step[]): Promise<void> {
  const { server, origin } = proxied
  for (const next of steps) {
    if (next.who === 'gateway') {
      if (next.does === 'cancel')
        server.exchanges.at(-1)?.cancel(new TrafficError('cancelled', 'by the test'))
      else if (next.does === 'drain') server.connections[0]?.drain(500)
      else await server.clock.advance(next.does === 'wait' ? 900 : 40_000)
    } else {
      const end = next.who === 'client' ? client : origin.connections.at(-1)
      if (end !== undefined && !end.socket.destroyed) {
        if ('sends' in next) end.send(next.sends)
        else end[next.does]()
      }
    }
    await turn()
    await turn()
  }
}

test('whatever both ends do and in whatever order, each exchange ends once, and nothing is left behind', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 25 }), async (steps) => {
      const proxied = await proxy(t)
      const { server, origin, upstreams } = proxied
      const client = await server.client()
      await play(proxied, client, steps)
      client.socket.destroy()
      for (const { socket } of origin.connections) socket.destroy()
      for (let patience = 0; patience < 3; patience++) await server.clock.advance(40_000)
      await eventually(() => server.closed.length === 1, 'the connection is closed')
      await eventually(() => upstreams.every((upstream) => upstream.closed), 'those to the origin are closed')
      assert.equal(server.outcomes.length, server.exchanges.length)
      assert.equal(server.clock.pending, 0, 'timers are left')
    }),
    { numRuns: 300 },
  )
})
