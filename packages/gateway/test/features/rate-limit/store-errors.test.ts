import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  EMPTY_BODY,
  Exchange,
  HttpRequest,
  HttpResponse,
  LocalRateLimitStore,
  MetricRegistry,
  type RateLimitStore,
  stack,
  type TrafficError,
} from '@headgate/core'
import { VirtualClock } from '@headgate/core/testing'
import { parseConfig } from '../../../src/config/parse.ts'
import { rateLimitMetrics, routeRateLimits } from '../../../src/features/rate-limit/policy.ts'

type Mood = 'well' | 'rejects' | 'throws' | 'hangs'

/** A store on another machine, as far as one can tell from here: it answers later, and may not. */
class RemoteStore implements RateLimitStore {
  readonly local = false
  mood: Mood = 'well'
  asked = 0
  private readonly counts = new LocalRateLimitStore({ rate: 3, per: 60_000 })

  take(...args: Parameters<LocalRateLimitStore['take']>): ReturnType<RateLimitStore['take']> {
    this.asked++
    if (this.mood === 'throws') throw new Error('the connection is gone')
    if (this.mood === 'rejects') return Promise.reject(new Error('READONLY'))
    if (this.mood === 'hangs') return new Promise(() => {})
    return Promise.resolve(this.counts.take(...args))
  }
}

/** A route with a limit of 3 per minute whose store is a remote one. */
class Trial {
  readonly clock: VirtualClock = new VirtualClock()
  readonly store: RemoteStore = new RemoteStore()
  private readonly send: (exchange: Exchange) => Promise<HttpResponse>
  private readonly render: () => string

  constructor(onStoreError: 'open' | 'closed' | 'local' | undefined) {
    const result = parseConfig({
      routes: [
        { name: 'api', rateLimit: { rate: '3/m', name: 'calls', onStoreError }, respond: { status: 200 } },
      ],
    })
    assert.ok(result.ok, JSON.stringify(result))
    const { config } = result
    const metrics = new MetricRegistry()
    const [route] = config.routes
    assert.ok(route)
    const policy = routeRateLimits(route, config, { get: () => this.store }, (id) =>
      rateLimitMetrics(metrics, id),
    )
    this.send = stack([policy], async () => new HttpResponse(200, undefined, EMPTY_BODY))
    this.render = () => metrics.render()
  }

  /** The status of each of so many requests, one after the other. */
  async ask(count: number): Promise<string> {
    const seen: string[] = []
    for (let index = 0; index < count; index++) {
      const exchange = new Exchange(HttpRequest.to('http://a.example/'), this.clock)
      const sent = this.send(exchange).then(
        ({ status }) => String(status),
        (error: TrafficError) => String(error.status),
      )
      await this.clock.advance(100)
      seen.push(await sent)
    }
    return seen.join(' ')
  }

  /** What the metrics say of failures of the store. */
  get errors(): number {
    const [, count = '0'] =
      /headgate_rate_limit_store_errors_total\{limit="api\/calls"\} (\d+)/.exec(this.render()) ?? []
    return Number(count)
  }
}

const EXPECTED = { open: '200 200 200 200', closed: '429 429 429 429', local: '200 200 200 429' } as const

for (const [onStoreError, expected] of Object.entries(EXPECTED) as [keyof typeof EXPECTED, string][]) {
  for (const mood of ['rejects', 'throws', 'hangs'] as const) {
    test(`onStoreError: ${onStoreError} holds while the store ${mood}, and no longer`, async () => {
      const trial = new Trial(onStoreError)
      assert.equal(await trial.ask(1), '200')
      assert.equal(trial.errors, 0)
      trial.store.mood = mood
      assert.equal(await trial.ask(4), expected)
      assert.equal(trial.errors, 4)
      trial.store.mood = 'well'
      // It is left alone for a moment.
      await trial.clock.advance(300)
      assert.equal(await trial.ask(3), '200 200 429', 'what the store had counted holds again')
      assert.equal(trial.errors, 4)
    })
  }
}

test('one that hangs is not waited for by every request: it is left alone for a moment, and asked again', async () => {
  const trial = new Trial('open')
  trial.store.mood = 'hangs'
  assert.equal(await trial.ask(3), '200 200 200')
  // One each 100 ms: the second and the third come while it is left alone.
  assert.equal(trial.store.asked, 1)
  await trial.clock.advance(300)
  await trial.ask(1)
  assert.equal(trial.store.asked, 2)
  assert.equal(trial.errors, 4)
})

test('where the store may fail and nothing says what then, the configuration is refused', () => {
  assert.throws(() => new Trial(undefined), {
    name: 'TypeError',
    message: 'onStoreError of rate limit calls is missing: its store is not local',
  })
})

test('the setting takes its three words, and is not needed for the stores of the process', () => {
  const limit = (onStoreError: unknown): object => ({
    routes: [{ rateLimit: { rate: '3/m', onStoreError }, respond: { status: 200 } }],
  })
  const refused = parseConfig(limit('maybe'))
  assert.ok(!refused.ok)
  assert.match(refused.problems.map(({ message }) => message).join(), /"maybe" is not one of the choices/)
  assert.ok(parseConfig(limit('open')).ok)
  assert.ok(parseConfig(limit(undefined)).ok)
})
