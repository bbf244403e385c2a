import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HttpResponse } from '../../../src/message/response.ts'
import { TrafficError } from '../../../src/message/errors.ts'
import { FilledBody, RecordingSink } from '../../h1/harness.ts'
import type { CacheKey } from '../../../src/policies/cache/store.ts'
import { ProcessStore } from '../../../src/policies/cache/process-store.ts'
import { answer, type Fields, type Rig, rig, statusOf, textOf } from './rig.ts'

const MINUTE = { 'cache-control': 'max-age=60' }
const GONE = new TrafficError('downstream_closed', 'gone')

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** An origin that answers when it is told to. */
function held(
  options: Parameters<typeof rig>[1] = {},
): Rig & { readonly release: (response: HttpResponse) => Promise<void> } {
  const waiting: ((response: HttpResponse) => void)[] = []
  const made = rig(() => new Promise((resolve) => waiting.push(resolve)), options)
  return {
    ...made,
    async release(response) {
      await turn()
      waiting.shift()?.(response)
      await turn()
    },
  }
}

test('a thousand who ask for the same at once are one request to the origin', async () => {
  const { get, release, seen } = held()
  const responses = Array.from({ length: 1000 }, () => get())
  await release(answer(200, MINUTE, 'content'))
  const all = await Promise.all(responses)
  for (const response of all) assert.equal(await textOf(response), 'content')
  assert.equal(seen.length, 1)
  assert.deepEqual(
    [all[0], all[1]].map((each) => each && statusOf(each)),
    ['fwd=uri-miss; ttl=60; stored', 'fwd=uri-miss; ttl=60; stored; collapsed'],
  )
})

test('a body that streams reaches all who wait while it arrives, and the store at its end', async () => {
  const { get, release, seen } = held()
  const responses = [get(), get()]
  const filled = new FilledBody()
  await release(answer(200, MINUTE, filled.body))
  const sinks = [new RecordingSink(), new RecordingSink(), new RecordingSink()]
  for (const [index, response] of (await Promise.all(responses)).entries())
    response.body.flowTo(sinks[index] as RecordingSink)
  filled.push('early ')
  assert.deepEqual(
    sinks.map((sink) => sink.text),
    ['early ', 'early ', ''],
  )
  const late = await get()
  late.body.flowTo(sinks[2] as RecordingSink)
  filled.push('late')
  filled.body.end()
  assert.deepEqual(
    sinks.map((sink) => [sink.text, sink.done]),
    sinks.map(() => ['early late', true]),
  )
  assert.equal(await textOf(await get()), 'early late')
  assert.equal(seen.length, 1)
})

test('one who reads slowly holds up nobody, and has the rest from the store', async () => {
  const { get, release } = held({ buffer: 10 })
  const responses = [get(), get()]
  const filled = new FilledBody()
  await release(answer(200, MINUTE, filled.body))
  const [fast, slow] = [new RecordingSink(), new RecordingSink()]
  const [first, second] = await Promise.all(responses)
  first?.body.flowTo(fast)
  slow.room = false
  second?.body.flowTo(slow)
  for (let index = 0; index < 10; index++) assert.equal(filled.push(`${index}----`), true)
  assert.deepEqual([slow.text, slow.error], ['0----', undefined])
  filled.body.end()
  assert.ok(fast.done)
  slow.room = true
  second?.body.resume()
  await turn()
  assert.deepEqual([slow.text, slow.done], [fast.text, true])
})

test('where all others have left, what is behind goes on by the store', async () => {
  const { exchange, handle, release } = held({ buffer: 10 })
  const exchanges = [exchange(), exchange()]
  const responses = exchanges.map(handle)
  const filled = new FilledBody()
  await release(answer(200, MINUTE, filled.body))
  const [fast, slow] = [new RecordingSink(), new RecordingSink()]
  const [first, second] = await Promise.all(responses)
  first?.body.flowTo(fast)
  slow.room = false
  second?.body.flowTo(slow)
  for (let index = 0; index < 4; index++) filled.push(`${index}----`)
  exchanges[0]?.cancel(GONE)
  assert.equal(filled.cancelled, undefined)
  assert.equal(filled.push('end'), true)
  filled.body.end()
  slow.room = true
  second?.body.resume()
  await turn()
  assert.equal(slow.text, '0----1----2----3----end')
})

test('one who is too far behind is cut off where the body is not kept', async () => {
  const { get, release } = held({ buffer: 10 })
  const responses = [get(), get()]
  const filled = new FilledBody()
  await release(answer(200, MINUTE, filled.body))
  const [fast, slow] = [new RecordingSink(), new RecordingSink()]
  const [first, second] = await Promise.all(responses)
  first?.body.flowTo(fast)
  slow.room = false
  second?.body.flowTo(slow)
  for (let index = 0; index < 4; index++) filled.push(`${index}----`)
  filled.body.fail(new TrafficError('upstream_closed', 'broken'))
  assert.equal(slow.error?.code, 'downstream_too_slow')
  assert.equal(fast.error?.code, 'upstream_closed')
})

test('a body that breaks, or that nobody wants any more, is not stored', async () => {
  for (const end of ['fail', 'leave'] as const) {
    const { exchange, handle, release, store } = held()
    const each = exchange()
    const response = handle(each)
    const filled = new FilledBody()
    await release(answer(200, MINUTE, filled.body))
    const sink = new RecordingSink()
    ;(await response).body.flowTo(sink)
    filled.push('half')
    if (end === 'fail') filled.body.fail(new TrafficError('upstream_closed', 'broken'))
    else each.cancel(GONE)
    assert.ok(sink.error !== undefined)
    assert.equal(store.stats().entries, 0)
    assert.equal(end === 'leave', filled.cancelled !== undefined)
  }
})

test('what is not for all goes to the first, and the others ask at once, the next ones without waiting', async () => {
  const { get, release, seen, clock } = held({ hitForMiss: 5_000 })
  const own = { 'cache-control': 'private' }
  const responses = [get(), get(), get()]
  await release(answer(200, own, 'first'))
  assert.equal(seen.length, 3)
  await release(answer(200, own, 'second'))
  await release(answer(200, own, 'third'))
  assert.deepEqual(await Promise.all((await Promise.all(responses)).map(textOf)), [
    'first',
    'second',
    'third',
  ])
  void get()
  void get()
  await turn()
  assert.equal(seen.length, 5, 'nobody waits')
  await clock.advance(5_000)
  void get()
  void get()
  await turn()
  assert.equal(seen.length, 6, 'it may have changed')
})

test('a request that asks not to be stored makes nobody wait, nor the next ones go alone', async () => {
  const { get, seen } = held()
  void get('/x', { 'cache-control': 'no-store' })
  void get()
  void get()
  await turn()
  assert.equal(seen.length, 2)
})

test('those who want another variant ask for theirs', async () => {
  const { get, release, seen } = held()
  const language = (value: string): Fields => ({ 'accept-language': value })
  const responses = [get('/x', language('de')), get('/x', language('en')), get('/x', language('de'))]
  await release(answer(200, { ...MINUTE, vary: 'accept-language' }, 'deutsch'))
  assert.equal(seen.length, 2)
  await release(answer(200, { ...MINUTE, vary: 'accept-language' }, 'english'))
  assert.deepEqual(await Promise.all((await Promise.all(responses)).map(textOf)), [
    'deutsch',
    'english',
    'deutsch',
  ])
  assert.equal(await textOf(await get('/x', language('en'))), 'english')
  assert.equal(seen.length, 2)
})

test('all who wait for a revalidation are answered by it', async () => {
  const { get, release, seen, clock } = held()
  const first = get()
  await release(answer(200, { ...MINUTE, etag: '"1"' }, 'content'))
  await first
  await clock.advance(60_000)
  const responses = [get(), get('/x', { 'if-none-match': '"1"' }), get()]
  await release(answer(304, { etag: '"1"', ...MINUTE }))
  const all = await Promise.all(responses)
  assert.deepEqual(
    all.map(({ status }) => status),
    [200, 304, 200],
  )
  assert.deepEqual(
    [await textOf(all[0] as HttpResponse), await textOf(all[2] as HttpResponse)],
    ['content', 'content'],
  )
  assert.equal(seen.length, 2)
})

test('variants of one key are bounded', async () => {
  const { get, store } = rig(() => answer(200, { ...MINUTE, vary: 'x-a' }, 'x'), { maxVariants: 3 })
  for (let index = 0; index < 10; index++) await get('/x', { 'x-a': String(index) })
  assert.equal(store.stats().entries, 3)
})

test('a stale response is used while one request brings a new one', async () => {
  const { get, release, seen, clock } = held()
  const first = get()
  await release(answer(200, { 'cache-control': 'max-age=60, stale-while-revalidate=30' }, 'old'))
  await first
  await clock.advance(61_000)
  for (let count = 0; count < 3; count++) {
    const stale = await get()
    assert.deepEqual(
      [await textOf(stale), statusOf(stale)],
      ['old', 'hit; ttl=-1; detail=stale-while-revalidate'],
    )
  }
  await turn()
  assert.equal(seen.length, 2)
  const filled = new FilledBody()
  await release(answer(200, MINUTE, filled.body))
  filled.push('new')
  filled.body.end()
  await turn()
  assert.equal(await textOf(await get()), 'new')
  assert.equal(seen.length, 2)
})

test('beyond the time for that, the client waits for the origin', async () => {
  const { get, release, clock } = held({ staleWhileRevalidate: 30_000 })
  const first = get()
  await release(answer(200, MINUTE, 'old'))
  await first
  await clock.advance(91_000)
  const waiting = get()
  await release(answer(200, MINUTE, 'new'))
  assert.equal(await textOf(await waiting), 'new')
})

test('an origin that fails in the background is not asked by each request, and one that does not answer is given up', async () => {
  const results: boolean[] = []
  let hangs = false
  const { get, clock, seen } = rig(
    (_seen, number, exchange) => {
      if (number === 1)
        return answer(200, { 'cache-control': 'max-age=60, stale-while-revalidate=600' }, 'old')
      if (!hangs) return answer(503)
      return new Promise((_resolve, reject) => exchange.occupy({ cancelled: reject }))
    },
    { onRevalidated: (_exchange, well) => results.push(well) },
  )
  await get()
  await clock.advance(61_000)
  for (let count = 0; count < 3; count++) assert.equal(await textOf(await get()), 'old')
  await clock.advance(500)
  await get()
  assert.equal(seen.length, 2)
  hangs = true
  await clock.advance(600)
  await get()
  await clock.advance(30_000)
  assert.deepEqual(results, [false, false])
  assert.equal(seen.length, 3)
})

test('what is stale stands in for an origin that fails a HEAD, as it does for a GET', async () => {
  let failure: TrafficError | number = new TrafficError('connect_failed', 'down')
  const control = { 'cache-control': 'max-age=60, stale-if-error=60' }
  const { get, ask, clock } = rig((_seen, number) => {
    if (number === 1) return answer(200, control, 'old')
    return typeof failure === 'number' ? answer(failure, {}, '') : Promise.reject(failure)
  })
  const head = (): Promise<HttpResponse> => ask('/x', { method: 'HEAD' })
  await get()
  await clock.advance(60_000)
  const unreached = await head()
  assert.deepEqual(
    [unreached.status, unreached.headers.get('content-length'), statusOf(unreached)],
    [200, '3', 'fwd=stale; ttl=0; detail=stale-if-error'],
  )
  failure = 503
  assert.equal(statusOf(await head()), 'fwd=stale; fwd-status=503; ttl=0; detail=stale-if-error')
  failure = 404
  assert.equal((await head()).status, 404, 'that is an answer')
  failure = 503
  await clock.advance(61_000)
  assert.equal((await head()).status, 503, 'its time is over')
})

test('what is stale stands in for an origin that fails, as long as it may', async () => {
  let failure: TrafficError | number = new TrafficError('connect_failed', 'down')
  const control = { 'cache-control': 'max-age=60, stale-if-error=60' }
  const { get, clock } = rig((_seen, number) => {
    if (number === 1) return answer(200, control, 'old')
    if (typeof failure === 'number') return answer(failure, {}, 'failed')
    return Promise.reject(failure)
  })
  await get()
  await clock.advance(60_000)
  const stale = await get()
  assert.deepEqual([await textOf(stale), statusOf(stale)], ['old', 'fwd=stale; ttl=0; detail=stale-if-error'])
  failure = new TrafficError('circuit_open', 'open')
  assert.equal(await textOf(await get()), 'old')
  failure = 503
  const both = await Promise.all([get(), get()])
  for (const response of both) assert.equal(await textOf(response), 'old')
  assert.equal(
    both[1] && statusOf(both[1]),
    'fwd=stale; fwd-status=503; ttl=0; collapsed; detail=stale-if-error',
  )
  failure = new TrafficError('rate_limited', 'no')
  await assert.rejects(get(), failure)
  failure = 404
  assert.equal((await get()).status, 404, 'that is an answer')
  failure = 503
  await clock.advance(61_000)
  assert.equal((await get()).status, 503)
})

test('what must be revalidated does not stand in for an origin that fails', async () => {
  const down = new TrafficError('connect_failed', 'down')
  const { get, clock } = rig(
    (_seen, number) =>
      number === 1
        ? answer(200, { 'cache-control': 'max-age=60, must-revalidate', etag: '"1"' }, 'old')
        : Promise.reject(down),
    { staleIfError: 1e6, staleWhileRevalidate: 1e6 },
  )
  await get()
  await clock.advance(60_000)
  await assert.rejects(get(), down)
})

test('nothing is asked for, and nothing stored, for a client that has left while the store looked', async () => {
  let found: (() => void) | undefined
  const store = new ProcessStore()
  const { exchange, handle, seen, get } = rig((each) => answer(200, MINUTE, each.url), {
    store: Object.assign(Object.create(store) as ProcessStore, {
      find: async (key: CacheKey) => {
        await new Promise<void>((resolve) => (found = resolve))
        return store.find(key)
      },
    }),
  })
  const left = exchange('/rewritten')
  // As a policy outside does that rewrites targets: logs tell what was asked for.
  left.onFinish(() => (left.request.path = '/asked'))
  const waiting = handle(left)
  left.cancel(GONE)
  left.finish({ status: undefined, error: GONE, bytesSent: 0, bytesReceived: 0 })
  found?.()
  await assert.rejects(waiting, GONE)
  assert.deepEqual(seen, [])
  const next = get('/rewritten')
  found?.()
  assert.equal(await textOf(await next), 'http://a.example/rewritten')
  await assert.rejects(handle(left), GONE)
})

test('the fetch modes say how the cache is used', async () => {
  let mode: 'default' | 'no-store' | 'reload' | 'no-cache' | 'force-cache' | 'only-if-cached' = 'default'
  const { get, clock, seen } = rig(
    (_seen, number) => answer(200, { ...MINUTE, etag: '"1"' }, `content ${number}`),
    {
      mode: 'private',
      requestMode: () => mode,
    },
  )
  mode = 'only-if-cached'
  assert.equal((await get()).status, 504)
  mode = 'no-store'
  assert.equal(await textOf(await get()), 'content 1')
  mode = 'default'
  assert.equal(await textOf(await get()), 'content 2')
  mode = 'reload'
  assert.equal(await textOf(await get()), 'content 3')
  assert.equal(seen[2]?.headers.has('if-none-match'), false)
  mode = 'no-cache'
  assert.equal(await textOf(await get()), 'content 4')
  assert.equal(seen[3]?.headers.get('if-none-match'), '"1"')
  await clock.advance(100_000)
  for (mode of ['force-cache', 'only-if-cached'] as const)
    assert.equal(await textOf(await get()), 'content 4')
  assert.equal(seen.length, 4)
})
