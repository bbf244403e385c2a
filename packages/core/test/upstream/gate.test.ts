import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { collect } from '../../src/message/body.ts'
import type { Exchange } from '../../src/message/exchange.ts'
import type { HttpResponse } from '../../src/message/response.ts'
import { systemClock } from '../../src/time/clock.ts'
import type { EndpointGate } from '../../src/upstream/endpoint/endpoint-gate.ts'
import { Upstream, type UpstreamOptions } from '../../src/upstream/upstream.ts'
import { exchangeFrom } from './candidates.ts'
import { origin } from './origin.ts'

/** A gate that is opened and shut by hand, and writes down what it saw. */
class HandGate implements EndpointGate {
  shut = false
  changed: () => void = () => {}
  entered = 0
  ended = 0
  stopped = false

  set(shut: boolean): void {
    this.shut = shut
    this.changed()
  }

  enter(): number {
    return this.entered++
  }

  async watch(sent: Promise<HttpResponse>, _permit: number, _exchange: Exchange): Promise<HttpResponse> {
    const response = await sent
    this.ended++
    return response
  }

  retryAfter(): number {
    return 700 + this.entered
  }

  stop(): void {
    this.stopped = true
  }
}

interface Gated {
  readonly orders: Upstream
  readonly gates: ReadonlyMap<string, HandGate>
  readonly urls: readonly string[]
  readonly gateOf: (url: string | undefined) => HandGate
  readonly answers: (count: number) => Promise<string>
}

async function gated(t: TestContext, options: Partial<UpstreamOptions> = {}): Promise<Gated> {
  const urls = [await origin(t, 'a'), await origin(t, 'b'), await origin(t, 'c')]
  const gates = new Map<string, HandGate>()
  const gate = (endpoint: string): HandGate => {
    const made = new HandGate()
    gates.set(endpoint, made)
    return made
  }
  const orders = new Upstream({ name: 'orders', endpoints: urls.map((url) => ({ url })), gate, ...options })
  t.after(() => orders.destroy())
  return {
    orders,
    gates,
    urls,
    gateOf: (url = '') => gates.get(url.slice(7)) ?? assert.fail(),
    answers: async (count) => {
      let all = ''
      for (let index = 0; index < count; index++) {
        const response = await orders.handler(exchangeFrom('192.0.2.1', systemClock))
        all += (await collect(response.body)).toString()
      }
      return all
    },
  }
}

test('an endpoint whose gate is shut gets nothing, whatever panic says, until it is open', async (t) => {
  const { orders, urls, gateOf, answers } = await gated(t, { panicThreshold: 100 })
  assert.equal(await answers(3), 'abc')
  assert.deepEqual([gateOf(urls[0]).entered, gateOf(urls[0]).ended], [1, 1])
  gateOf(urls[0]).set(true)
  gateOf(urls[1]).set(true)
  assert.equal(await answers(3), 'ccc')
  assert.deepEqual(
    orders.stats().map(({ status, available }) => [status, available]),
    [
      ['circuit-open', 0],
      ['circuit-open', 0],
      ['up', 1],
    ],
  )
  gateOf(urls[1]).set(false)
  assert.match(await answers(4), /^(bc|cb){2}$/)
})

test('with all gates shut an exchange fails with circuit_open, and the earliest time to come back', async (t) => {
  const { orders, urls, gateOf } = await gated(t)
  gateOf(urls[1]).entered = -100
  for (const url of urls) gateOf(url).set(true)
  await assert.rejects(orders.handler(exchangeFrom('192.0.2.1', systemClock)), {
    code: 'circuit_open',
    message: 'upstream orders has no endpoint whose circuit is closed (3 circuit-open)',
    retryAfter: 600,
    replaySafe: 'unsent',
  })
})

test('endpoints that come get a gate, and that of one that leaves is stopped', async (t) => {
  const { orders, gates, urls, gateOf, answers } = await gated(t)
  const other = await origin(t, 'd')
  const kept = gateOf(urls[1])
  orders.setEndpoints([urls[1] ?? '', other].map((url) => ({ url })))
  assert.deepEqual([gateOf(urls[0]).stopped, kept.stopped, gateOf(urls[1]) === kept], [true, false, true])
  gates.get(other.slice(7))?.set(true)
  assert.equal(await answers(2), 'bb')
  orders.destroy()
  assert.equal(kept.stopped, true)
})
