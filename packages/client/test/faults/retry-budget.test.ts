import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyFrom, type Handler, HeaderList, HttpResponse, TrafficError } from '@headgate/core'
import { VirtualClock } from '@headgate/core/testing'
import { type ClientOptions, createClient } from '../../src/index.ts'

const CALLS = 10_000
/** Milliseconds from one call to the next: 10,000 take 100 seconds. */
const PACE = 10

interface Sent {
  /** What reached the origin. */
  requests: number
  failures: number
  /** When each request beyond a call's first was sent. */
  readonly extra: number[]
}

/** Calls at a steady pace to an origin of which 30 % of the answers are failures. */
async function load(options: ClientOptions, slow: number): Promise<Sent> {
  const clock = new VirtualClock({ seed: 7 })
  const chance = new VirtualClock({ seed: 11 })
  const sent: Sent = { requests: 0, failures: 0, extra: [] }
  const transport: Handler = async (exchange) => {
    sent.requests++
    if (exchange.attempts > 1) sent.extra.push(clock.now())
    const fate = chance.random()
    if (fate < slow) {
      await new Promise<void>((resolve) => clock.timer(resolve).arm(200))
      return new HttpResponse(200, new HeaderList(), bodyFrom('slow'))
    }
    if (fate > 0.85) throw new TrafficError('upstream_closed', 'cut', { replaySafe: 'idempotent' })
    const status = fate > 0.7 ? 503 : 200
    return new HttpResponse(status, new HeaderList(), bodyFrom('ok'))
  }
  // The breaker would end the load, and with it the test's question.
  const client = createClient({ clock, transport, breaker: false, tracing: false, ...options })
  const calls: Promise<unknown>[] = []
  for (let call = 0; call < CALLS; call++) {
    calls.push(client.get('http://a.example/').attempt())
    // One turn of the clock for ten calls, which leaves their order in time as it is.
    if (call % 10 === 9) await clock.advance(10 * PACE)
  }
  await clock.advance(60_000)
  const results = (await Promise.all(calls)) as { ok: boolean }[]
  sent.failures = results.filter(({ ok }) => !ok).length
  return sent
}

/** In any span, no more than 20 % of the calls that can have filled the bucket, and three a second. */
function assertWithinBudget({ extra }: Sent): void {
  for (let first = 0; first < extra.length; first += 25) {
    for (const seconds of [1, 5, 20, 100]) {
      const start = extra[first] ?? 0
      const end = start + seconds * 1_000
      const made = extra.filter((at) => at >= start && at < end).length
      const calls = (seconds * 1_000) / PACE
      // What the bucket may have held at the start: 20 % of ten seconds and a second's floor.
      const held = 0.2 * (10_000 / PACE) + 3
      const most = 0.2 * calls + 3 * seconds + held
      assert.ok(made <= most, `${made} retries within ${seconds} s after ${start} ms: ${most} are allowed`)
    }
  }
  const seconds = (CALLS * PACE) / 1_000
  assert.ok(extra.length <= 0.2 * CALLS + 3 * (seconds + 1), `${extra.length} in all`)
}

test('10,000 calls of which 30 % fail never exceed the retry budget', async () => {
  const sent = await load({ retry: { attempts: 5 } }, 0)
  assertWithinBudget(sent)
  assert.equal(sent.requests, CALLS + sent.extra.length)
  assert.ok(sent.extra.length > 0.15 * CALLS, 'the budget is used')
  assert.ok(sent.failures < 0.3 * CALLS, 'and helps')
})

test('10,000 calls with retries and hedges never exceed the budget that both share', async () => {
  const sent = await load({ retry: { attempts: 5 }, hedge: { delay: 50, hedges: 2 } }, 0.3)
  assertWithinBudget(sent)
  assert.ok(sent.extra.length > 0.15 * CALLS, 'the budget is used')
})

test('a budget of its own is kept as well', async () => {
  const sent = await load({ retry: { attempts: 5, budget: 0.05 } }, 0)
  const seconds = (CALLS * PACE) / 1_000
  assert.ok(sent.extra.length <= 0.05 * CALLS + 3 * (seconds + 1))
  assert.ok(sent.extra.length > 0.03 * CALLS)
})
