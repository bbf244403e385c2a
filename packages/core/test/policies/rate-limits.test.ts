import assert from 'node:assert/strict'
import { test } from 'node:test'
import { numberOf, parseList } from '../../src/fields/structured.ts'
import type { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { problem } from '../../src/policies/problem.ts'
import { LocalRateLimitStore, type RateLimitStore } from '../../src/policies/rate-limit/rate-limit-store.ts'
import { type QuotaLimit, rateLimits } from '../../src/policies/rate-limit/rate-limits.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const clock = new VirtualClock()

function limit(name: string, burst: number, more: Partial<QuotaLimit> = {}): QuotaLimit {
  const rate = { rate: 1, per: 60_000, burst }
  return { name, ...rate, store: new LocalRateLimitStore(rate), key: () => 'same', ...more }
}

/** A store that asks another machine, which fails as often as `failures` says. */
function remote(burst: number, failures = 0): RateLimitStore & { asked: number } {
  const store = new LocalRateLimitStore({ rate: 1, per: 60_000, burst })
  return {
    local: false,
    asked: 0,
    async take(key, cost, now, maxWait) {
      if (this.asked++ < failures) throw new Error('no connection')
      return store.take(key, cost, now, maxWait)
    },
    async giveBack(key, cost) {
      store.giveBack(key, cost)
    },
  }
}

async function send(...limits: QuotaLimit[]): Promise<() => Promise<HttpResponse>> {
  const handler = problem()(rateLimits({ limits })(async () => new HttpResponse(200)))
  return () => handler(new Exchange(HttpRequest.to('http://a/'), clock))
}

test('a response tells of each limit in structured fields, what is left and when it is all there again', async () => {
  const ask = await send(limit('minute', 3), limit('hour "a"', 10))
  const { status, headers } = await ask()
  assert.equal(status, 200)
  assert.equal(headers.get('ratelimit-policy'), String.raw`"minute";q=3;w=180, "hour \"a\"";q=10;w=600`)
  assert.equal(headers.get('ratelimit'), String.raw`"minute";r=2;t=60, "hour \"a\"";r=9;t=60`)
  const members = parseList(headers.get('ratelimit') ?? '') ?? []
  assert.deepEqual(
    members.map(({ parameters }) => [numberOf(parameters.get('r')), numberOf(parameters.get('t'))]),
    [
      [2, 60],
      [9, 60],
    ],
  )
})

test('a request takes as many units as it is worth, and gives back as many', async () => {
  const wide = limit('wide', 5, { units: () => 3, fields: false })
  const ask = await send(wide, limit('narrow', 1))
  const { status, headers } = await ask()
  assert.deepEqual([status, headers.get('ratelimit')], [200, '"narrow";r=0;t=60'])
  assert.equal((await ask()).status, 429)
  const usage = await wide.store.take('same', 2, clock.now(), 0)
  assert.deepEqual([usage.allowed, usage.remaining], [true, 0])
})

test('a request too many is told 429, when to come back, and which limit it was', async () => {
  const ask = await send(limit('wide', 5), limit('narrow', 1))
  assert.equal((await ask()).status, 200)
  const { status, headers, body } = await ask()
  assert.equal(status, 429)
  assert.equal(headers.get('retry-after'), '60')
  assert.equal(headers.get('ratelimit'), '"wide";r=3;t=120, "narrow";r=0;t=60')
  assert.match(String(body.whole && Buffer.from(body.whole.bytes).toString()), /"urn:headgate:rate_limited"/)
})

test('what one limit refuses takes nothing from the others', async () => {
  const wide = limit('wide', 5)
  const distant = limit('distant', 5, { store: remote(5), onStoreError: 'open' })
  const ask = await send(wide, distant, limit('narrow', 1))
  for (let count = 0; count < 10; count++) await ask()
  for (const { store } of [wide, distant])
    assert.equal((await store.take('same', 1, clock.now(), 0)).remaining, 3)
})

test('a limit whose key is undefined does not concern the request, and clients are not told of one that is hidden', async () => {
  const ask = await send(limit('a', 1, { key: () => undefined }), limit('b', 1, { fields: false }))
  assert.equal((await ask()).headers.get('ratelimit'), undefined)
  const refused = await ask()
  assert.deepEqual([refused.status, refused.headers.get('ratelimit')], [429, undefined])
})

test('while a store fails, what was chosen for that holds: open, closed or another store', async () => {
  const decisions: boolean[] = []
  const failing = (onStoreError: QuotaLimit['onStoreError']): QuotaLimit =>
    limit('a', 5, { store: remote(1, 2), onStoreError, onDecision: (allowed) => decisions.push(allowed) })
  const fallback = new LocalRateLimitStore({ rate: 1, per: 60_000, burst: 1 })
  for (const [choice, statuses] of [
    ['open', [200, 200, 200, 429]],
    ['closed', [429, 429, 200, 429]],
    [fallback, [200, 429, 200, 429]],
  ] as const) {
    const ask = await send(failing(choice))
    const seen = []
    for (const _ of statuses) seen.push((await ask()).status)
    assert.deepEqual(seen, statuses)
  }
  assert.deepEqual(decisions, [true, false, true, false, true, false, true, false])
  assert.throws(() => rateLimits({ limits: [limit('a', 1, { store: remote(1) })] }), /onStoreError/)
})

test('the error says nothing of the key, which may be a secret', async () => {
  const policy = rateLimits({ limits: [limit('a', 1, { key: () => 'Bearer secret' })] })
  const handler = policy(async () => new HttpResponse(200))
  const exchange = (): Exchange => new Exchange(HttpRequest.to('http://a/'), clock)
  await handler(exchange())
  await assert.rejects(handler(exchange()), (error: TrafficError) => {
    assert.equal(error.code, 'rate_limited')
    assert.doesNotMatch(error.message, /secret/)
    return true
  })
})
