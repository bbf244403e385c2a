import assert from 'node:assert/strict'
import { it } from 'node:test'
import { VirtualClock } from '@headgate/client/testing'
import { fc } from '../../../../scripts/testing/property.ts'
import {
  type EcsPort,
  HttpClientPool,
  HttpError,
  HttpInFlight,
  httpPlugin,
  HttpRequest,
  HttpRequests,
  HttpRequestCancelled,
  HttpRequestFailed,
  HttpRequestSubmitted,
  HttpResponse,
  HttpResponseReceived,
  Priority,
  RateLimitManager,
  requestRetry,
  RequestTimeout,
  World,
} from '../../src/index.ts'
import { HeldTransport } from './held-transport.ts'

/** What may happen, to the entity of a number or at large. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant('spawn' as const), which: fc.nat(9) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      does: fc.constantFrom(
        ...(['despawn', 'remove', 'replace', 'retry', 'answer', 'fail', 'tick', 'tick', 'pause'] as const),
      ),
      which: fc.nat(9),
    }),
  },
)
type Step = { readonly does: string; readonly which: number }

class Run {
  readonly world: EcsPort = new World()
  readonly log: string[] = []
  private readonly clock = new VirtualClock({ seed: 3 })
  private readonly held = new HeldTransport()
  private readonly ends = new Map<number, string[]>()
  private readonly entities: number[] = []
  private highest = 0

  constructor() {
    this.world.addPlugin(
      httpPlugin({
        client: { transport: this.held.handler, guard: false, retry: false, timeout: Infinity },
        maxInFlight: 2,
        clock: this.clock,
        rateLimits: { 'b.example': { rate: 1, per: 100, burst: 1 } },
        budget: { responses: 1 },
      }),
    )
    const told = (kind: string, id: number): void => {
      this.log.push(`${this.clock.now()} ${kind} ${id}`)
      this.ends.set(id, [...(this.ends.get(id) ?? []), kind])
    }
    this.world.events(HttpRequestSubmitted).observe(({ id }) => void this.log.push(`submitted ${id}`))
    this.world.events(HttpResponseReceived).observe(({ id }) => told('response', id))
    this.world.events(HttpRequestFailed).observe(({ id }) => told('error', id))
    this.world.events(HttpRequestCancelled).observe(({ id }) => told('cancelled', id))
    // Listeners change the world while they are told.
    this.world.events(HttpResponseReceived).observe(({ entity, id }) => {
      if (id % 3 === 0) this.world.despawn(entity)
      if (id % 7 === 0) this.spawn(id)
    })
    this.world.onRemove(HttpInFlight, (entity) => {
      if (entity % 5 === 4) this.world.despawn(entity)
    })
  }

  async do({ does, which }: Step): Promise<void> {
    const { world } = this
    const entity = this.entities[which % Math.max(1, this.entities.length)] ?? -1
    const path = this.held.asked[which % Math.max(1, this.held.asked.length)] ?? ''
    if (does === 'spawn') this.spawn(which)
    else if (does === 'despawn') world.despawn(entity)
    else if (does === 'remove') world.remove(entity, HttpRequest)
    else if (does === 'replace' && world.isAlive(entity)) world.add(entity, this.request(which))
    else if (does === 'retry') requestRetry(world, entity)
    else if (does === 'answer') await this.held.answer(which < 5 ? undefined : [path])
    else if (does === 'fail') await this.held.fail(path)
    else if (does === 'pause') (world.paused ? () => world.resume() : () => world.pause())()
    else if (does === 'tick') {
      await this.clock.advance(which * 10)
      world.tick()
    }
    this.holds()
  }

  /** All that is left is answered, and comes to its end. */
  async finish(): Promise<void> {
    this.world.resume()
    for (let tick = 0; tick < 500 && this.world.resource(HttpRequests).size > 0; tick++) {
      await this.held.answer()
      await this.clock.advance(20)
      this.world.tick()
    }
    this.holds()
    const requests = this.world.resource(HttpRequests)
    assert.deepEqual([requests.size, requests.inFlight, requests.deadlines.size], [0, 0, 0])
    assert.deepEqual([requests.waiting.size, requests.admitted.size, requests.fresh.size], [0, 0, 0])
    assert.equal(this.world.resource(RateLimitManager).waiting, 0)
    assert.deepEqual(this.world.query(HttpInFlight), [])
    for (let id = 1; id <= this.highest; id++) assert.equal(this.ends.get(id)?.length, 1, `request ${id}`)
    for (const { calls } of this.world.resource(HttpClientPool).stats()) assert.equal(calls, 0)
    await this.world.resource(HttpClientPool).close(0)
  }

  private spawn(which: number): void {
    const { value } = Priority((['high', 'normal', 'low'] as const)[which % 3] ?? 'normal')
    const components = which % 4 === 0 ? [RequestTimeout(which * 20)] : []
    this.entities.push(this.world.spawn(this.request(which), Priority(value), ...components))
  }

  private request(which: number): ReturnType<typeof HttpRequest> {
    return HttpRequest(`http://${which % 2 === 0 ? 'a' : 'b'}.example/${which}-${this.entities.length}`)
  }

  private holds(): void {
    const { world } = this
    const requests = world.resource(HttpRequests)
    assert.ok(requests.inFlight >= 0 && requests.inFlight <= 2)
    assert.equal(world.query(HttpInFlight).length, requests.inFlight)
    for (const { id } of requests) assert.equal(this.ends.get(id), undefined, `request ${id} has ended`)
    for (const entity of world.query(HttpRequest)) {
      const request = world.get(entity, HttpRequest)
      this.highest = Math.max(this.highest, request?.id ?? 0)
      const isOpen = request !== undefined && requests.of(request) !== undefined
      const results = [HttpResponse, HttpError].filter((component) => world.has(entity, component))
      assert.equal(results.length, isOpen ? 0 : 1)
    }
  }
}

it('whatever happens in whatever order, each request ends in one of response, error and cancelled, and no slot stays taken', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const run = new Run()
      for (const each of steps) await run.do(each)
      await run.finish()
    }),
    { numRuns: Number(process.env['HEADGATE_ECS_RUNS'] ?? 60) },
  )
})

it('the same happens in the same order each time, to the last letter', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const logs: string[] = []
      for (let time = 0; time < 2; time++) {
        const run = new Run()
        for (const each of steps) await run.do(each)
        await run.finish()
        logs.push(run.log.join('\n'))
      }
      assert.equal(logs[0], logs[1])
    }),
    { numRuns: Number(process.env['HEADGATE_ECS_RUNS'] ?? 20) },
  )
})
