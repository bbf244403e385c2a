import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Exchange } from '@headgate/core'
import { ScriptedPeer, type Script } from '@headgate/core/testing'
import { type ClientOptions, createClient, type Policy } from '../../src/index.ts'
import { CountingClock } from './counting-clock.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'

/** Where a call stands when it is given up: what keeps it there, and how one knows that it is there. */
interface Phase {
  readonly name: string
  readonly script?: Script
  readonly url?: (peer: ScriptedPeer) => string
  readonly options?: ClientOptions
  /** Waits until the call has come so far. */
  readonly reached: (peer: ScriptedPeer, calls: number) => Promise<void>
  /** A call that is there before, and keeps the others waiting. */
  readonly occupied?: boolean
}

const now = (): Promise<void> => Promise.resolve()

async function until(condition: () => boolean): Promise<void> {
  await eventually(condition, `the call has come so far: ${condition.toString()}`)
}

/** All requests of this batch are at the peer. */
const asked = (peer: ScriptedPeer, calls: number): Promise<void> =>
  until(() => peer.connections.filter(({ text }) => text !== '').length >= calls)

const PHASES: readonly Phase[] = [
  { name: 'queue', options: { pool: { maxConnections: 1 } }, occupied: true, reached: () => turn() },
  {
    name: 'back-off',
    options: {
      retry: { attempts: 2, backoff: { base: 60_000, max: 60_000, jitter: 'equal' }, budget: 1 },
      timeout: { deadline: 300_000 },
    },
    script: async (connection) => {
      await connection.receives('\r\n\r\n')
      connection.send('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
      connection.finish()
    },
    reached: async (peer, calls) => {
      await asked(peer, calls)
      await until(() => peer.connections.every(({ ended, closed }) => ended || closed))
    },
  },
  // Resolving a name takes at least a turn of the event loop, and so does connecting.
  { name: 'DNS', url: ({ port }) => `http://localhost:${port}`, reached: now },
  { name: 'connect', reached: now },
  {
    name: 'TLS',
    url: ({ url }) => url.replace('http', 'https'),
    // Who comes later may get a connection that is being opened for one who has left.
    reached: (peer) => asked(peer, AT_A_TIME),
  },
  { name: 'head', reached: asked },
  {
    name: 'body',
    script: async (connection) => {
      await connection.receives('\r\n\r\n')
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345')
    },
    reached: async (peer, calls) => {
      await asked(peer, calls)
      for (let turns = 0; turns < 20; turns++) await turn()
    },
  },
]

/** 7 phases, 143 times: 1,001 in all. */
const BATCHES = 11
const AT_A_TIME = 13

for (const {
  name,
  script,
  url = (each: ScriptedPeer): string => each.url,
  options,
  reached,
  occupied = false,
} of PHASES) {
  test(`a call that is given up at ${name} leaves nothing behind, ${BATCHES * AT_A_TIME} times`, async (t) => {
    const peer = await ScriptedPeer.listen(script)
    t.after(() => peer.close())
    const clock = new CountingClock()
    const exchanges: Exchange[] = []
    const watch: Policy = (next) => (exchange) => {
      exchanges.push(exchange)
      return next(exchange)
    }
    const client = createClient({
      clock,
      lint: false,
      retry: false,
      breaker: false,
      policies: [watch],
      ...options,
    })
    const first = occupied ? new AbortController() : undefined
    const holding = first && client.get(url(peer), { signal: first.signal }).attempt()
    if (first !== undefined) await asked(peer, 1)
    for (let batch = 0; batch < BATCHES; batch++) {
      const seen = peer.connections.length
      const aborts = Array.from({ length: AT_A_TIME }, () => new AbortController())
      const calls = aborts.map(({ signal }) =>
        client.get(url(peer), { signal }).text().then(assert.fail, codeOf),
      )
      await now()
      await reached(peer, seen + AT_A_TIME)
      for (const abort of aborts) abort.abort()
      assert.deepEqual(await Promise.all(calls), Array(AT_A_TIME).fill('cancelled'))
      for (const { signal } of aborts) assert.equal(getEventListeners(signal, 'abort').length, 0)
    }
    first?.abort()
    await holding
    assert.equal(client.metrics()[0]?.active, 0)
    assert.equal(client.metrics()[0]?.calls, BATCHES * AT_A_TIME + (occupied ? 1 : 0))
    const { active, pending } = client.metrics()[0]?.pool ?? { active: 0, pending: 0 }
    assert.deepEqual({ active, pending }, { active: 0, pending: 0 })
    for (const exchange of exchanges) assert.deepEqual(workersOf(exchange), [], 'nobody is at work on it')
    await client.close({ grace: 1_000 })
    assert.equal(clock.pending, 0, 'no timer is left')
    await Promise.all(peer.connections.map((connection) => connection.end()))
  })
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code
}

/** Who would be told of a cancellation: the engine's own list, which is nobody else's to see. */
function workersOf(exchange: Exchange): unknown[] {
  const more = (Reflect.get(exchange, 'moreWorkers') as unknown[] | undefined) ?? []
  return [Reflect.get(exchange, 'worker'), ...more].filter((worker) => worker !== undefined)
}
