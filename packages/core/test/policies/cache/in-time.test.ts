import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Exchange } from '../../../src/message/exchange.ts'
import type { Handler, Policy } from '../../../src/message/handler.ts'
import type { HttpResponse } from '../../../src/message/response.ts'
import { dedupe } from '../../../src/policies/dedupe/dedupe.ts'
import { timeout } from '../../../src/policies/timeout.ts'
import { answer, type Ask, rig, type Rig, statusOf, textOf } from './rig.ts'

const SECONDS = 1000

interface SlowRig extends Rig {
  readonly asked: Exchange[]
  /** What the last request to the origin gets. */
  readonly release: (response: HttpResponse) => Promise<void>
  readonly within: (limit: number, ask?: Ask) => Promise<HttpResponse>
}

/** A cache with a stale response in it, within a limit of time, in front of an origin that takes as long as it is told. */
async function slow(control: string, between: Policy = (next) => next): Promise<SlowRig> {
  const asked: Exchange[] = []
  let waiting: PromiseWithResolvers<HttpResponse> | undefined
  const made = rig((_seen, number, exchange) => {
    if (number === 1) return answer(200, { 'cache-control': control, etag: '"1"' }, 'old')
    asked.push(exchange)
    waiting = Promise.withResolvers()
    return waiting.promise
  })
  await textOf(await made.get())
  await made.clock.advance(61 * SECONDS)
  const within = (limit: number, ask: Ask = {}): Promise<HttpResponse> => {
    const handle: Handler = timeout({ exchange: limit })(between(made.handle))
    return handle(made.exchange('/x', ask))
  }
  const release = async (response: HttpResponse): Promise<void> => {
    waiting?.resolve(response)
    await made.clock.advance(0)
  }
  return { ...made, asked, release, within }
}

const STANDS_IN = 'max-age=60, stale-if-error=600'

test('where the time of an exchange is over, what is stale stands in, and is not cut off by it', async () => {
  const { within, clock } = await slow(STANDS_IN)
  const waiting = within(2 * SECONDS)
  await clock.advance(2 * SECONDS)
  const response = await waiting
  assert.equal(statusOf(response), 'fwd=stale; ttl=-3; detail=stale-if-error')
  await clock.advance(60 * SECONDS)
  assert.equal(await textOf(response), 'old')
})

test('the exchange lives on when something has stood in, and its log tells of the time', async () => {
  const made = await slow(STANDS_IN)
  const exchange = made.exchange()
  const waiting = timeout({ exchange: 100 })(made.handle)(exchange)
  await made.clock.advance(100)
  await waiting
  assert.deepEqual(
    [exchange.cancellation, exchange.remaining(), exchange.error?.code],
    [undefined, Infinity, 'deadline_exceeded'],
  )
})

test('where nothing may stand in, the exchange ends with its time', async () => {
  for (const control of [
    'max-age=60',
    'max-age=60, stale-if-error=600, must-revalidate',
    'max-age=60, stale-if-error=1',
  ]) {
    const { within, clock, asked } = await slow(control)
    const rejected = assert.rejects(within(2 * SECONDS), { code: 'deadline_exceeded' })
    await clock.advance(2 * SECONDS)
    await rejected
    assert.equal(asked[0]?.cancellation?.code, 'cancelled')
  }
})

test('a fetch that was too slow goes on, and what it brings is there for the next one', async () => {
  const { within, clock, asked, release, get, seen } = await slow(STANDS_IN)
  const waiting = within(2 * SECONDS)
  await clock.advance(2 * SECONDS)
  assert.equal(await textOf(await waiting), 'old')
  await clock.advance(20 * SECONDS)
  assert.equal(asked[0]?.cancellation, undefined)
  assert.ok((asked[0]?.remaining() ?? 0) > 0)
  await release(answer(200, { 'cache-control': 'max-age=60' }, 'new'))
  const hit = await get()
  assert.deepEqual([await textOf(hit), statusOf(hit)], ['new', 'hit; ttl=38'])
  assert.equal(seen.length, 2)
})

test('a fetch that goes on alone is given up after half a minute', async () => {
  const { within, clock, asked } = await slow(STANDS_IN)
  const waiting = within(2 * SECONDS)
  await clock.advance(2 * SECONDS)
  await waiting
  await clock.advance(29 * SECONDS)
  const cancelledBy = (): string | undefined => asked[0]?.cancellation?.code
  assert.equal(cancelledBy(), undefined)
  await clock.advance(2 * SECONDS)
  assert.equal(cancelledBy(), 'cancelled')
})

test('each who waits for the same has a time of its own, and who has more gets what comes', async () => {
  const { within, clock, release, asked } = await slow(STANDS_IN)
  const [impatient, patient] = [within(2 * SECONDS), within(9 * SECONDS)]
  await clock.advance(2 * SECONDS)
  assert.equal(await textOf(await impatient), 'old')
  await clock.advance(5 * SECONDS)
  await release(answer(200, { 'cache-control': 'max-age=60' }, 'new'))
  assert.equal(await textOf(await patient), 'new')
  assert.equal(asked.length, 1)
})

test('a policy between the time limit and the cache that sends copies makes no difference', async () => {
  const { within, clock } = await slow(STANDS_IN, dedupe())
  const waiting = within(2 * SECONDS)
  await clock.advance(2 * SECONDS)
  const response = await waiting
  assert.deepEqual(
    [await textOf(response), statusOf(response)?.endsWith('detail=stale-if-error')],
    ['old', true],
  )
})

test('what came in time is not taken back when the time is over', async () => {
  const { within, clock, release } = await slow(STANDS_IN)
  const waiting = within(2 * SECONDS)
  await clock.advance(1 * SECONDS)
  await release(answer(304, { etag: '"1"' }))
  const response = await waiting
  assert.equal(statusOf(response), 'fwd=stale; fwd-status=304; ttl=59; stored')
  await clock.advance(5 * SECONDS)
  assert.equal(await textOf(response), 'old')
})
