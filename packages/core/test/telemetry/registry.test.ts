import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Worker } from 'node:worker_threads'
import { metric } from '../../src/telemetry/metric.ts'
import { MetricRegistry, type SharedMetrics } from '../../src/telemetry/registry.ts'

const REQUESTS = metric({ kind: 'counter', name: 'requests_total', help: 'Requests.', labels: ['route'] })
const ACTIVE = metric({ kind: 'gauge', name: 'active', help: 'Active.' })
const DURATION = metric({ kind: 'histogram', name: 'duration_seconds', help: 'Duration.', bounds: [0.1, 1] })

/** As it is after its way to another thread. */
function sent(shared: SharedMetrics): SharedMetrics {
  return { memory: shared.memory, series: structuredClone(shared.series) }
}

it('a series that is asked for again is the same one', () => {
  const metrics = new MetricRegistry()
  metrics.get(REQUESTS, { route: 'a' }).add(1)
  metrics.get(REQUESTS, { route: 'a' }).add(2)
  metrics.get(REQUESTS, { route: 'b' }).add(4)
  assert.equal(metrics.get(REQUESTS, { route: 'a' }), metrics.get(REQUESTS, { route: 'a' }))
  assert.match(metrics.render(), /^requests_total\{route="a"\} 3\nrequests_total\{route="b"\} 4$/m)
  assert.equal(metrics.find(REQUESTS, { route: 'b' })?.value, 4)
  assert.equal(metrics.find(REQUESTS, { route: 'c' }), undefined)
  assert.equal(metrics.size, 2, 'looking for a series makes none')
})

it('each thread counts into memory of its own, and the page shows the sum', () => {
  const metrics = new MetricRegistry()
  for (const route of ['a', 'b']) metrics.get(REQUESTS, { route }).add(1)
  metrics.get(DURATION, {})
  const worker = new MetricRegistry(sent(metrics.share(1)))
  worker.get(REQUESTS, { route: 'b' }).add(3)
  worker.get(DURATION, {}).record(0.5)
  const page = metrics.render()
  assert.match(page, /^requests_total\{route="a"\} 1$/m)
  assert.match(page, /^requests_total\{route="b"\} 4$/m)
  assert.match(page, /^duration_seconds_bucket\{le="1"\} 1$/m)
})

it('the successor of a crashed thread carries its counts on, but not its gauges', () => {
  const metrics = new MetricRegistry()
  metrics.get(REQUESTS, { route: 'a' })
  metrics.get(ACTIVE, {}).set(1)
  const first = new MetricRegistry(sent(metrics.share(1)))
  first.get(REQUESTS, { route: 'a' }).add(2)
  first.get(ACTIVE, {}).add(5)
  metrics.ended(1)
  const successor = new MetricRegistry(sent(metrics.share(1)))
  successor.get(REQUESTS, { route: 'a' }).add(1)
  assert.equal(successor.get(REQUESTS, { route: 'a' }).value, 3)
  assert.equal(successor.get(ACTIVE, {}).value, 0)
  assert.match(metrics.render(), /^active 1$/m, 'those of other threads stay')
})

it('a statement that is not valid, or contradicts another, is refused by name', () => {
  const help = ''
  assert.throws(
    () => metric({ kind: 'counter', name: 'requests', help }),
    /counter requests: .* ends in "_total"/,
  )
  assert.throws(() => metric({ kind: 'gauge', name: 'a-b', help }), /"a-b" is not a metric name/)
  assert.throws(
    () => metric({ kind: 'gauge', name: 'g', help, labels: ['a-b'] }),
    /gauge g: "a-b" cannot name a label/,
  )
  assert.throws(() => metric({ kind: 'gauge', name: 'g', help, labels: ['le'] }), /"le" cannot name a label/)
  assert.throws(
    () => metric({ kind: 'histogram', name: 'h', help, bounds: [1, 1] }),
    /\[1, 1\] are not ascending/,
  )
  assert.throws(() => metric({ kind: 'histogram', name: 'h', help }), /not ascending/)
  const metrics = new MetricRegistry()
  metrics.get(REQUESTS, { route: 'a' })
  const { name } = REQUESTS
  assert.throws(
    () => metrics.get(metric({ kind: 'counter', name, help, labels: ['path'] }), { path: 'a' }),
    /counter requests_total\{path\}: it is a counter \{route\} elsewhere/,
  )
  assert.throws(
    () =>
      metrics.get(metric({ kind: 'histogram', name, help, labels: ['route'], bounds: [1] }), { route: 'c' }),
    /it is a counter/,
  )
})

it('series may be added for as long as there are threads, and nothing moves', () => {
  const metrics = new MetricRegistry()
  const first = metrics.get(REQUESTS, { route: 'first' })
  const worker = new MetricRegistry(sent(metrics.share(1)))
  const theirs = worker.get(REQUESTS, { route: 'first' })
  first.add(1)
  theirs.add(1)
  const known = metrics.size
  const { byteLength } = metrics.share(1).memory
  for (let index = 0; index < 20_000; index++) metrics.get(REQUESTS, { route: String(index) }).add(1)
  worker.learn(structuredClone(metrics.since(known)))
  assert.ok(metrics.share(1).memory.byteLength > byteLength, 'the memory has grown')
  worker.get(REQUESTS, { route: '19999' }).add(2)
  first.add(1)
  theirs.add(1)
  const page = metrics.render()
  assert.match(page, /^requests_total\{route="first"\} 4$/m)
  assert.match(page, /^requests_total\{route="19999"\} 3$/m)
  assert.equal(page.match(/# TYPE requests_total/g)?.length, 1)
})

it('a thread counts what has no place yet nowhere, until it is told of the place', () => {
  const metrics = new MetricRegistry()
  const worker = new MetricRegistry(sent(metrics.share(1)))
  const [requests, active, duration] = [
    worker.get(REQUESTS, { route: 'a' }),
    worker.get(ACTIVE, {}),
    worker.get(DURATION, {}),
  ]
  const countAll = (): void => {
    requests.add(1)
    active.add(1)
    duration.record(1)
  }
  countAll()
  assert.equal(requests.value, 0)
  for (const route of ['b', 'a']) metrics.get(REQUESTS, { route })
  metrics.get(DURATION, {})
  metrics.get(ACTIVE, {})
  worker.learn(structuredClone(metrics.since(0)))
  countAll()
  const page = metrics.render()
  assert.match(page, /^requests_total\{route="a"\} 1$/m)
  assert.match(page, /^active 1$/m)
  assert.match(page, /^duration_seconds_count 1$/m)
})

it('a thread that is told twice of the same series learns the new ones alone', () => {
  const metrics = new MetricRegistry()
  metrics.get(REQUESTS, { route: 'a' })
  const worker = new MetricRegistry(sent(metrics.share(1)))
  metrics.get(REQUESTS, { route: 'b' })
  for (const from of [0, 1, 0]) worker.learn(structuredClone(metrics.since(from)))
  assert.equal(worker.size, 2)
  worker.get(REQUESTS, { route: 'b' }).add(1)
  assert.match(metrics.render(), /^requests_total\{route="b"\} 1$/m)
})

it('another thread counts into its memory while this one reads, and nothing is lost', async () => {
  const metrics = new MetricRegistry()
  metrics.get(REQUESTS, { route: 'a' })
  metrics.get(DURATION, {})
  const source = `
    const { MetricRegistry } = await import(${JSON.stringify(new URL('../../src/telemetry/registry.ts', import.meta.url).href)})
    const { workerData } = await import('node:worker_threads')
    const metrics = new MetricRegistry(workerData)
    const requests = metrics.get({ kind: 'counter', name: 'requests_total', labels: ['route'] }, { route: 'a' })
    const duration = metrics.get({ kind: 'histogram', name: 'duration_seconds', labels: [] }, {})
    for (let count = 0; count < 100000; count++) { requests.add(1); duration.record(0.25) }`
  const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`)
  const ended = [1, 2].map(
    (thread) =>
      new Promise((resolve, reject) =>
        new Worker(url, { workerData: metrics.share(thread) }).on('exit', resolve).on('error', reject),
      ),
  )
  const progress = { ended: false }
  const all = Promise.all(ended).finally(() => {
    progress.ended = true
  })
  let last = 0
  while (!progress.ended) {
    const total = Number(/^requests_total\{route="a"\} (\d+)$/m.exec(metrics.render())?.[1])
    assert.ok(total >= last, 'a total never falls')
    last = total
    // Places are added meanwhile, and all memories grow.
    for (let index = 0; index < 100; index++) metrics.get(REQUESTS, { route: `${total} ${index}` })
    await new Promise((resolve) => setImmediate(resolve))
  }
  await all
  const page = metrics.render()
  assert.match(page, /^requests_total\{route="a"\} 200000$/m)
  assert.match(page, /^duration_seconds_count 200000$/m)
  assert.match(page, /^duration_seconds_sum 50000$/m)
})

it('the totals of a metric are told by its labels, over the memories of all threads', () => {
  const metrics = new MetricRegistry()
  metrics.get(REQUESTS, { route: 'a' }).add(1)
  const worker = new MetricRegistry(sent(metrics.share(1)))
  worker.get(REQUESTS, { route: 'a' }).add(2)
  metrics.get(REQUESTS, { route: 'b' }).add(7)
  assert.deepEqual(metrics.totals(REQUESTS), [
    { labels: { route: 'a' }, total: 3 },
    { labels: { route: 'b' }, total: 7 },
  ])
  assert.equal(metrics.total(REQUESTS, { route: 'a' }), 3)
  assert.equal(metrics.total(REQUESTS, { route: 'c' }), 0)
  assert.deepEqual(metrics.totals(ACTIVE), [])
})
