import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createTlsServer } from 'node:https'
import { type TestContext, test } from 'node:test'
import { collect } from '../../src/message/body.ts'
import type { HttpResponse } from '../../src/message/response.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { systemClock } from '../../src/time/clock.ts'
import type { Endpoint } from '../../src/upstream/endpoint/endpoint.ts'
import { Upstream, type UpstreamOptions } from '../../src/upstream/upstream.ts'
import { makeCertificate } from '../certificates.ts'
import { exchangeFrom } from './candidates.ts'
import { origin } from './origin.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { fc } from '../../../../scripts/testing/property.ts'

function upstream(t: TestContext, urls: readonly string[], options: Partial<UpstreamOptions> = {}): Upstream {
  const made = new Upstream({ name: 'orders', endpoints: listed(...urls), ...options })
  t.after(() => made.destroy())
  return made
}

function listed(...urls: string[]): { url: string }[] {
  return urls.map((url) => ({ url }))
}

async function text(response: HttpResponse): Promise<string> {
  return (await collect(response.body)).toString()
}

async function answers(orders: Upstream, count: number): Promise<string> {
  let all = ''
  for (let index = 0; index < count; index++)
    all += await text(await orders.handler(exchangeFrom('192.0.2.1', systemClock)))
  return all
}

test('an endpoint that stays keeps its connections, its latency and what was set for it; only its weight follows', async (t) => {
  const [a, b, c] = [await origin(t, 'a'), await origin(t, 'b'), await origin(t, 'c')]
  const orders = upstream(t, [a, b], { balance: { method: 'peak-ewma' } })
  await answers(orders, 4)
  const kept = orders.endpoints[1] ?? assert.fail()
  kept.mark('draining')
  kept.setHealthy(false)
  const latency = kept.latency.at(systemClock.now())
  const change = orders.setEndpoints([{ url: c }, { url: b, weight: 7 }])
  const names = [a, b, c].map((url) => url.slice(7))
  assert.deepEqual(change, { kept: [names[1]], added: [names[2]], removed: [names[0]] })
  assert.equal(orders.endpoints[1], kept)
  assert.deepEqual([kept.weight, kept.marked, kept.healthy], [7, 'draining', false])
  assert.ok(latency > 0 && kept.latency.at(systemClock.now()) > 0)
  kept.mark('up')
  kept.setHealthy(true)
  const { opened } = kept.pool.stats()
  assert.match(await answers(orders, 30), /^[bc]+$/)
  assert.equal(kept.pool.stats().opened, opened)
})

test('a weight that was set by hand stays when the list changes, until another is configured', () => {
  const orders = new Upstream({ name: 'orders', endpoints: listed('http://a', 'http://b') })
  orders.endpoints[0]?.setWeight(9)
  orders.setEndpoints(listed('http://a', 'http://c'))
  assert.equal(orders.endpoints[0]?.weight, 9)
  orders.setEndpoints([{ url: 'http://a', weight: 2 }])
  assert.equal(orders.endpoints[0]?.weight, 2)
})

test('what an endpoint is at when it leaves finishes, and nothing new goes there', async (t) => {
  let finish = (): void => {}
  const slow = await origin(t, (_, response) => {
    finish = () => response.end('a')
    response.flushHeaders()
  })
  const b = await origin(t, 'b')
  const orders = upstream(t, [slow, b])
  const response = await orders.handler(exchangeFrom('192.0.2.1', systemClock))
  orders.setEndpoints(listed(b))
  assert.equal(await answers(orders, 4), 'bbbb')
  assert.deepEqual(
    orders.stats().map(({ status, active }) => [status, active]),
    [
      ['up', 0],
      ['left', 1],
    ],
  )
  finish()
  assert.equal(await text(response), 'a')
  await eventually(() => orders.stats().length === 1, 'the one that has left is gone')
})

test('an upstream may have no endpoint for a while: exchanges fail at once', async (t) => {
  const a = await origin(t, 'a')
  const orders = upstream(t, [])
  await assert.rejects(orders.handler(exchangeFrom('192.0.2.1', systemClock)), {
    code: 'no_healthy_upstream',
  })
  orders.setEndpoints(listed(a))
  assert.equal(await answers(orders, 2), 'aa')
  orders.setEndpoints([])
  await assert.rejects(orders.handler(exchangeFrom('192.0.2.1', systemClock)), {
    code: 'no_healthy_upstream',
  })
})

test('one that comes starts slowly; those that are there do not start again', () => {
  const clock = new VirtualClock()
  const orders = new Upstream({
    name: 'orders',
    endpoints: listed('http://a', 'http://b'),
    slowStart: 10_000,
    clock,
  })
  orders.setEndpoints(listed('http://a', 'http://b', 'http://c'))
  const shares = orders.endpoints.map(({ share }) => share)
  assert.deepEqual(shares, [1, 1, 0.1])
  orders.destroy()
})

test('outlier detection begins with the second endpoint and ends with it', async (t) => {
  const broken = await origin(t, (request) => request.socket.destroy())
  const orders = upstream(t, [broken], { outliers: { consecutiveFailures: 1, maxEjectionPercent: 100 } })
  const ask = (): Promise<string> =>
    orders.handler(exchangeFrom('192.0.2.1', systemClock)).then(text, () => 'x')
  assert.equal(orders.endpoints[0]?.watch, undefined)
  orders.setEndpoints(listed(broken, await origin(t, 'b')))
  const all = [await ask(), await ask(), await ask(), await ask()].join('')
  assert.equal(all.replaceAll(/[^x]/g, ''), 'x', all)
  assert.equal(orders.endpoints[0]?.status, 'ejected')
  orders.setEndpoints(listed(broken))
  assert.equal(orders.endpoints[0]?.watch, undefined)
  assert.equal(await ask(), 'x', 'it is the only one, and asked all the same')
})

test('an endpoint that comes while others are well is used after its first good check', async (t) => {
  const a = await origin(t, 'a')
  let ready = false
  const starting = await origin(t, (_, response) => response.writeHead(ready ? 200 : 503).end('b'))
  const health = { probe: { kind: 'http', path: '/' }, interval: 50 } as const
  const orders = upstream(t, [a], { health })
  orders.startChecks()
  orders.setEndpoints(listed(a, starting))
  assert.equal(orders.endpoints[1]?.healthy, false)
  await eventually(async () => {
    assert.equal(await answers(orders, 1), 'a')
    return (orders.stats()[1]?.checksFailed ?? 0) > 0
  }, 'a check has failed')
  ready = true
  await eventually(() => orders.endpoints[1]?.healthy, 'a check has passed')
  assert.match(await answers(orders, 4), /b/)
  // Where nobody else is left, one that comes is used at once.
  orders.setEndpoints(listed(await origin(t, 'c')))
  assert.equal(await answers(orders, 2), 'cc')
})

test('a client that is held to an endpoint which leaves is held to another', async (t) => {
  const [a, b] = [await origin(t, 'a'), await origin(t, 'b')]
  const orders = upstream(t, [a, b], { sticky: { cookie: 'route' } })
  const ask = async (cookie?: string): Promise<{ body: string; cookie: string | undefined }> => {
    const headers: Record<string, string> = cookie === undefined ? {} : { cookie }
    const response = await orders.handler(exchangeFrom('192.0.2.1', systemClock, headers))
    return { body: await text(response), cookie: response.headers.get('set-cookie')?.split(';')[0] }
  }
  const first = await ask()
  const left = first.body === 'a' ? b : a
  orders.setEndpoints(listed(left))
  const second = await ask(first.cookie)
  assert.notEqual(second.body, first.body)
  assert.notEqual(second.cookie, undefined)
  orders.setEndpoints(listed(a, b))
  assert.equal((await ask(second.cookie)).body, second.body)
})

test('an address takes the place of what the name resolves to; TLS and Host go by the name', async (t) => {
  const { cert, key } = makeCertificate({ names: ['orders.internal'] })
  const server = createTlsServer({ cert, key }, (request, response) =>
    response.end(`${request.headers.host}`),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as { port: number }
  const url = `https://orders.internal:${port}`
  const orders = upstream(t, [], { tls: { ca: cert } })
  orders.setEndpoints([{ url, address: '127.0.0.1' }])
  assert.equal(orders.endpoints[0]?.name, `127.0.0.1:${port}`)
  const exchange = exchangeFrom('192.0.2.1', systemClock)
  exchange.preserveHost = false
  assert.equal(await text(await orders.handler(exchange)), `orders.internal:${port}`)
  orders.setEndpoints([{ url: `https://other.internal:${port}`, address: '127.0.0.1' }])
  await assert.rejects(orders.handler(exchangeFrom('192.0.2.1', systemClock)), { code: 'tls_failed' })
})

test('a list that is not valid changes nothing', () => {
  const orders = new Upstream({ name: 'orders', endpoints: listed('http://a', 'http://b') })
  const before = orders.endpoints
  for (const bad of [
    { url: 'ftp://a' },
    { url: 'http://a', weight: -1 },
    { url: 'http://a', address: 'b' },
  ]) {
    assert.throws(() => orders.setEndpoints([{ url: 'http://c' }, bad]), TypeError)
  }
  assert.equal(orders.endpoints, before)
  const follower = new Upstream({ name: 'orders', endpoints: [], state: orders.state })
  assert.throws(() => follower.setEndpoints([]), TypeError)
})

test('a thread that follows has the same endpoints, and the same marks for each, whatever came and went', () => {
  const host = fc.integer({ min: 0, max: 99 })
  const step = fc.record({
    list: fc.uniqueArray(host, { maxLength: 80 }),
    marked: fc.array(host, { maxLength: 5 }),
    /** Whether the followers hear of it at once, or miss it. */
    told: fc.boolean(),
  })
  /** From when an endpoint comes to when it leaves. */
  interface Life {
    readonly name: string
    marked: boolean
  }
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const owner = new Upstream({ name: 'orders', endpoints: listed('http://h0') })
      const followers = [0, 1].map(() => new Upstream({ name: 'orders', endpoints: [], state: owner.state }))
      let present: readonly Life[] = [{ name: 'h0:80', marked: false }]
      /** What the followers were told last: marks are seen at once, also of those that have left meanwhile. */
      let heard = present
      const view = ({ endpoints }: Upstream): Life[] =>
        endpoints.map(({ name, marked }) => ({ name, marked: marked === 'down' }))
      for (const { list, marked, told } of steps) {
        const before = new Map<string, Endpoint>(owner.endpoints.map((each) => [each.name, each]))
        owner.setEndpoints(list.map((each) => ({ url: `http://h${each}` })))
        present = list.map((each) => {
          const name = `h${each}:80`
          return present.find((life) => life.name === name) ?? { name, marked: false }
        })
        for (const each of owner.endpoints)
          if (before.has(each.name)) assert.equal(each, before.get(each.name))
        for (const life of present.filter(({ name }) => marked.some((each) => name === `h${each}:80`))) {
          life.marked = true
          owner.endpointNamed(life.name)?.mark('down')
        }
        if (told) {
          for (const each of followers) each.follow(owner.state)
          owner.reclaim()
          heard = present
        }
        assert.deepEqual(view(owner), present)
        for (const follower of followers) assert.deepEqual(view(follower), heard)
      }
    }),
    { numRuns: 200 },
  )
})

test('slots of endpoints that have left are used again once all have heard of it, and not before', () => {
  const orders = new Upstream({ name: 'orders', endpoints: listed('http://h0') })
  for (let round = 1; round <= 500; round++) {
    orders.setEndpoints(listed(`http://h${round}`))
    orders.reclaim()
  }
  const bytes = (): number => orders.state.memory.reduce((sum, { byteLength }) => sum + byteLength, 0)
  assert.ok(bytes() < 1_000, `${bytes()}`)
  const first = orders.endpoints[0]?.slot
  orders.setEndpoints(listed('http://x'))
  orders.setEndpoints(listed('http://y'))
  assert.equal(orders.state.members.filter(({ slot }) => slot === first).length, 0)
  orders.endpoints[0]?.mark('down')
  orders.setEndpoints([])
  orders.reclaim()
  orders.setEndpoints(listed('http://z'))
  assert.equal(orders.endpoints[0]?.marked, 'up')
})
