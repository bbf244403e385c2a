import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Worker } from 'node:worker_threads'
import { renderExposition } from '../../src/telemetry/exposition.ts'
import { MetricLayout } from '../../src/telemetry/layout.ts'

function define(routes: readonly string[] = ['a', 'b']) {
  const layout = new MetricLayout()
  const requests = routes.map((route) =>
    layout.counter({ name: 'requests_total', help: 'Requests.' }, { route }),
  )
  const active = layout.gauge({ name: 'active', help: 'Active.' })
  const duration = layout.histogram({ name: 'duration_seconds', help: 'Duration.', bounds: [0.1, 1] })
  return { layout, requests, active, duration }
}

it('counts nothing before it is attached, and does not fail either', () => {
  const { requests, active, duration } = define()
  requests[0]?.add(1)
  active.add(1)
  duration.record(1)
  assert.equal(requests[0]?.value, 0)
  assert.equal(active.value, 0)
})

it('a layout made again from the same names reads what the first one wrote', () => {
  const writer = define()
  const memory = writer.layout.allocate()
  writer.layout.attach(memory)
  writer.requests[1]?.add(3)
  writer.duration.record(0.5)
  const page = renderExposition(define().layout, [memory])
  assert.match(page, /^requests_total\{route="b"\} 3$/m)
  assert.match(page, /^duration_seconds_bucket\{le="1"\} 1$/m)
})

it('the successor of a crashed worker carries its counts on, but not its gauges', () => {
  const first = define()
  const memory = first.layout.allocate()
  first.layout.attach(memory)
  first.requests[0]?.add(2)
  first.active.add(1)
  const successor = define()
  successor.layout.attach(memory)
  successor.requests[0]?.add(1)
  assert.equal(successor.requests[0]?.value, 3)
  assert.equal(successor.active.value, 0)
})

it('the gauges of a memory whose writer is gone can be reset without attaching to it', () => {
  const writer = define()
  const memory = writer.layout.allocate()
  writer.layout.attach(memory)
  writer.active.set(5)
  writer.requests[0]?.add(1)
  define().layout.resetGauges(memory)
  assert.equal(writer.active.value, 0)
  assert.equal(writer.requests[0]?.value, 1)
})

it('the memory of another layout is refused', () => {
  const { layout } = define(['a', 'b'])
  for (const other of [define(['a', 'c']), define(['a']), define(['b', 'a'])]) {
    assert.throws(() => layout.attach(other.layout.allocate()), /made for another layout/)
    assert.throws(() => renderExposition(layout, [other.layout.allocate()]), /made for another layout/)
  }
})

it('a definition that is not valid, or contradicts another, is refused by name', () => {
  const { layout } = define()
  const help = ''
  assert.throws(() => layout.counter({ name: 'requests', help }), /counter requests: .* ends in "_total"/)
  assert.throws(() => layout.gauge({ name: 'a-b', help }), /"a-b" is not a metric name/)
  assert.throws(() => layout.gauge({ name: 'g', help }, { 'a-b': '' }), /gauge g: "a-b" cannot name a label/)
  assert.throws(() => layout.gauge({ name: 'g', help }, { le: '' }), /"le" cannot name a label/)
  assert.throws(
    () => layout.counter({ name: 'requests_total', help }, { route: 'a' }),
    /a series \["a"\] already/,
  )
  assert.throws(
    () => layout.counter({ name: 'requests_total', help }, { path: 'a' }),
    /it is a counter \{route\}/,
  )
  assert.throws(() => layout.gauge({ name: 'requests_total', help }, { route: 'c' }), /it is a counter/)
  assert.throws(() => layout.histogram({ name: 'h', help, bounds: [1, 1] }), /\[1, 1\] are not ascending/)
  assert.throws(() => layout.histogram({ name: 'h', help, bounds: [] }), /not ascending/)
})

it('what is defined once there is a memory goes to a segment of its own, and nothing moves', () => {
  const { layout, requests } = define()
  const first = layout.allocate()
  layout.attach(first)
  requests[0]?.add(1)
  assert.equal(layout.segments, 1)
  const late = layout.counter({ name: 'requests_total', help: 'Requests.' }, { route: 'c' })
  const second = layout.allocate()
  assert.equal(layout.segments, 2)
  layout.attach(second)
  late.add(2)
  requests[0]?.add(1)
  const page = renderExposition(layout, [first, second])
  assert.match(
    page,
    /^requests_total\{route="a"\} 2\nrequests_total\{route="b"\} 0\nrequests_total\{route="c"\} 2$/m,
  )
  assert.equal(page.match(/# TYPE requests_total/g)?.length, 1)
})

it('a thread that was not there when the layout grew adopts its segments, whatever it defines, in any order', () => {
  const grown = define(['a', 'b'])
  const memories = [grown.layout.allocate()]
  grown.layout.counter({ name: 'requests_total', help: 'Requests.' }, { route: 'c' })
  memories.push(grown.layout.allocate())
  const layout = new MetricLayout()
  for (const segment of [0, 1]) layout.adopt(structuredClone(grown.layout.describe(segment)))
  const [c, a] = ['c', 'a'].map((route) =>
    layout.counter({ name: 'requests_total', help: 'Requests.' }, { route }),
  )
  assert.equal(layout.segments, 2, 'nothing new is needed')
  for (const memory of memories) layout.attach(memory)
  const b = layout.counter({ name: 'requests_total', help: 'Requests.' }, { route: 'b' })
  b.add(4)
  a?.add(1)
  c?.add(3)
  const page = renderExposition(grown.layout, memories)
  assert.match(page, /^requests_total\{route="a"\} 1$/m)
  assert.match(page, /^requests_total\{route="b"\} 4$/m, 'defined after its memory was attached')
  assert.match(page, /^requests_total\{route="c"\} 3$/m)
})

it('another thread counts into its memory while this one reads, and nothing is lost', async () => {
  const { layout } = define()
  const memories = [layout.allocate(), layout.allocate()]
  const source = `
    const { MetricLayout } = await import(${JSON.stringify(new URL('../../src/telemetry/layout.ts', import.meta.url).href)})
    const { workerData } = await import('node:worker_threads')
    const layout = new MetricLayout()
    const requests = ['a', 'b'].map((route) => layout.counter({ name: 'requests_total', help: '' }, { route }))
    layout.gauge({ name: 'active', help: '' })
    const duration = layout.histogram({ name: 'duration_seconds', help: '', bounds: [0.1, 1] })
    layout.attach(workerData)
    for (let count = 0; count < 100000; count++) { requests[0].add(1); duration.record(0.25) }`
  const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`)
  const ended = memories.map(
    (workerData) =>
      new Promise((resolve, reject) =>
        new Worker(url, { workerData }).on('exit', resolve).on('error', reject),
      ),
  )
  const progress = { ended: false }
  const all = Promise.all(ended).finally(() => {
    progress.ended = true
  })
  let last = 0
  while (!progress.ended) {
    const page = renderExposition(layout, memories)
    const total = Number(/^requests_total\{route="a"\} (\d+)$/m.exec(page)?.[1])
    assert.ok(total >= last, 'a total never falls')
    last = total
    await new Promise((resolve) => setImmediate(resolve))
  }
  await all
  const page = renderExposition(layout, memories)
  assert.match(page, /^requests_total\{route="a"\} 200000$/m)
  assert.match(page, /^duration_seconds_count 200000$/m)
  assert.match(page, /^duration_seconds_sum 50000$/m)
})

it('the totals of a family are told by its labels, over all memories and segments', () => {
  const layout = new MetricLayout()
  const counter = (route: string) => layout.counter({ name: 'requests_total', help: '' }, { route })
  const first = counter('a')
  const memories = [layout.allocate(), layout.allocate()]
  const second = counter('b')
  memories.push(layout.allocate())
  for (const [index, memory] of memories.entries()) {
    layout.attach(memory)
    if (index < 2) first.add(index + 1)
    else second.add(7)
  }
  assert.deepEqual(layout.totals('requests_total', memories), [
    { labels: { route: 'a' }, total: 3 },
    { labels: { route: 'b' }, total: 7 },
  ])
  assert.deepEqual(layout.totals('nothing_total', memories), [])
})
