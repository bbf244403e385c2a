import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '@headgate/core/testing'
import { parseConfig } from '../../../../src/config/parse.ts'
import type { WarmListConfig } from '../../../../src/features/cache/warming/setting.ts'
import type { WarmAnswer, WarmFetch } from '../../../../src/features/cache/warming/warm-run.ts'
import { Warmer } from '../../../../src/features/cache/warming/warmer.ts'

const STORED: WarmAnswer = { result: 'stored' }

function listsOf(...warm: object[]): readonly WarmListConfig[] {
  const result = parseConfig({ routes: [{ respond: {} }], cache: { warm: warm as never } })
  assert.ok(result.ok, JSON.stringify(result))
  return result.config.cache.warm
}

function urls(count: number, host = 'a'): string[] {
  return Array.from({ length: count }, (_, index) => `http://${host}/${index}`)
}

interface Rig {
  readonly clock: VirtualClock
  readonly warmer: Warmer
  /** When, and for what. */
  readonly asked: { readonly url: string; readonly at: number }[]
  readonly said: string[]
}

function rig(answer: WarmFetch = () => Promise.resolve(STORED)): Rig {
  const clock = new VirtualClock()
  const began = clock.now()
  const asked: Rig['asked'] = []
  const said: string[] = []
  const fetch: WarmFetch = (request) => {
    asked.push({ url: request.url, at: clock.now() - began })
    return answer(request)
  }
  return { clock, warmer: new Warmer(fetch, clock, (message) => said.push(message)), asked, said }
}

test('a list is asked for once at the start, no faster than its rate', async () => {
  const { clock, warmer, asked, said } = rig()
  warmer.follow(listsOf({ urls: urls(25), rate: '10/s' }))
  await clock.advance(1_000)
  assert.ok(asked.length >= 10 && asked.length <= 11, `${asked.length} in the first second`)
  await clock.advance(2_000)
  assert.equal(asked.length, 25)
  assert.equal(new Set(asked.map(({ url }) => url)).size, 25)
  assert.match(said.join(), /warming of 25 URLs done: 25 stored, 0 fresh/)
  await clock.advance(3_600_000)
  assert.equal(asked.length, 25)
})

test('no more requests are under way at a time than the list allows', async () => {
  let active = 0
  let most = 0
  const { clock, warmer, asked } = rig(async () => {
    most = Math.max(most, ++active)
    await new Promise<void>((resolve) => clock.timer(resolve).arm(500))
    active--
    return STORED
  })
  warmer.follow(listsOf({ urls: urls(12), rate: '1000/s', concurrency: 3 }))
  await clock.advance(1_900)
  assert.ok(asked.length >= 9 && asked.length <= 12, `${asked.length}`)
  assert.equal(most, 3)
})

test('a list is asked for again on schedule and after a purge; a purge in its midst has it asked for once more', async () => {
  const { clock, warmer, asked } = rig()
  warmer.follow(
    listsOf({ urls: urls(5), on: ['purge'], every: '1h', rate: '1/s' }, { urls: urls(1, 'b'), on: [] }),
  )
  await clock.advance(3_599_000)
  assert.equal(asked.length, 0)
  await clock.advance(10_000)
  assert.equal(asked.length, 5)
  await clock.advance(3_610_000)
  assert.equal(asked.length, 10)
  warmer.purged()
  await clock.advance(2_500)
  warmer.purged()
  warmer.purged()
  await clock.advance(30_000)
  assert.equal(asked.length, 20)
  assert.equal(
    asked.some(({ url }) => url.startsWith('http://b')),
    false,
  )
})

test('an upstream that is down is asked less and less, and given up in the end', async () => {
  const { clock, warmer, asked, said } = rig(() =>
    Promise.resolve({ result: 'failed', reason: 'connection refused' }),
  )
  warmer.follow(listsOf({ urls: urls(1000), rate: '100/s', concurrency: 4 }))
  await clock.advance(10_000)
  assert.ok(asked.length <= 8, `${asked.length} requests in ten seconds`)
  await clock.advance(600_000)
  assert.ok(asked.length <= 12, `${asked.length}`)
  assert.match(said.join(), /given up, as the upstream fails: 0 stored.*connection refused/)
  assert.equal(warmer.runs[0]?.run.state, 'given-up')
})

test('a failure is followed by a pause, and what comes after it by none', async () => {
  let count = 0
  const { clock, warmer, asked } = rig(() => {
    if (++count === 2) return Promise.reject(new Error('the worker has ended'))
    return Promise.resolve(STORED)
  })
  warmer.follow(listsOf({ urls: urls(5), rate: '1000/s', concurrency: 1 }))
  await clock.advance(900)
  assert.equal(asked.length, 2)
  await clock.advance(300)
  assert.equal(asked.length, 5)
  const { counts } = warmer.runs[0]?.run ?? {}
  assert.deepEqual([counts?.stored, counts?.failed], [4, 1])
})

test('a reload leaves a list alone that is the same, ends one that is gone, and begins one that is new', async () => {
  const { clock, warmer, asked } = rig()
  const [kept, gone, fresh] = ['kept', 'gone', 'fresh'].map((host) => ({ urls: urls(10, host), rate: '1/s' }))
  warmer.follow(listsOf(kept as object, gone as object))
  await clock.advance(3_000)
  warmer.follow(listsOf(kept as object, fresh as object))
  await clock.advance(60_000)
  const of = (host: string): number => asked.filter(({ url }) => url.startsWith(`http://${host}/`)).length
  assert.deepEqual([of('kept'), of('gone'), of('fresh')], [10, 0, 10])
  assert.deepEqual(
    warmer.runs.map(({ run }) => run.state),
    ['done', 'stopped', 'done'],
  )
})

test('nothing is asked for after a stop', async () => {
  const { clock, warmer, asked } = rig()
  warmer.follow(listsOf({ urls: urls(10), rate: '1/s', every: '5s' }))
  await clock.advance(2_500)
  const before = asked.length
  warmer.stop()
  assert.equal(
    warmer.warm({ urls: urls(3), headers: {}, rate: { requests: 1, per: 1 }, concurrency: 1 }),
    undefined,
  )
  await clock.advance(60_000)
  assert.equal(asked.length, before)
})

test('what waits is bounded, and so is what is shown', async () => {
  const { clock, warmer } = rig()
  const task = { urls: urls(1), headers: {}, rate: { requests: 1, per: 10 }, concurrency: 1 } as never
  const ids = Array.from({ length: 80 }, () => warmer.warm(task))
  assert.equal(ids.filter((id) => id !== undefined).length, 65, 'one runs, and 64 wait')
  await clock.advance(10_000)
  for (let each = 0; each < 40; each++) {
    warmer.warm(task)
    await clock.advance(100)
  }
  assert.ok(warmer.runs.length <= 33, `${warmer.runs.length}`)
})
