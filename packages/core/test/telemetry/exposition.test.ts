import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { renderExposition } from '../../src/telemetry/exposition.ts'
import { DURATION_BOUNDS } from '../../src/telemetry/histogram.ts'
import { MetricLayout } from '../../src/telemetry/layout.ts'

it('several memories become one page in the text exposition format', () => {
  const layout = new MetricLayout()
  const requests = layout.counter(
    { name: 'requests_total', help: 'Requests\nby \\ route.' },
    { route: 'a"b\\c\nd', code: 'x' },
  )
  const active = layout.gauge({ name: 'active', help: 'Active.' })
  const delay = layout.gauge({ name: 'delay_seconds', help: 'Delay.', across: 'max' })
  const size = layout.histogram({ name: 'size_bytes', help: 'Size.', bounds: [1, 10] }, { route: 'a' })
  const memories = [layout.allocate(), layout.allocate()]
  for (const [index, memory] of memories.entries()) {
    layout.attach(memory)
    requests.add(2 + index)
    active.add(1)
    delay.set(0.25 + index)
    for (const value of [1, 5, 50]) size.record(value)
  }
  assert.equal(
    renderExposition(layout, memories),
    `# HELP requests_total Requests\\nby \\\\ route.
# TYPE requests_total counter
requests_total{route="a\\"b\\\\c\\nd",code="x"} 5
# HELP active Active.
# TYPE active gauge
active 2
# HELP delay_seconds Delay.
# TYPE delay_seconds gauge
delay_seconds 1.25
# HELP size_bytes Size.
# TYPE size_bytes histogram
size_bytes_bucket{route="a",le="1"} 2
size_bytes_bucket{route="a",le="10"} 4
size_bytes_bucket{route="a",le="+Inf"} 6
size_bytes_sum{route="a"} 112
size_bytes_count{route="a"} 6
`,
  )
})

it('a series of a sparse family appears when it has counted something', () => {
  const layout = new MetricLayout()
  const sparse = { help: 'Sparse.', sparse: true }
  const counters = ['a', 'b'].map((route) => layout.counter({ ...sparse, name: 'c_total' }, { route }))
  const histogram = layout.histogram({ ...sparse, name: 'h', bounds: [1] })
  const memory = layout.allocate()
  layout.attach(memory)
  assert.equal(renderExposition(layout, [memory]), '')
  counters[1]?.add(1)
  assert.equal(
    renderExposition(layout, [memory]),
    '# HELP c_total Sparse.\n# TYPE c_total counter\nc_total{route="b"} 1\n',
  )
  histogram.record(0)
  assert.match(renderExposition(layout, [memory]), /^h_count 1$/m)
})

it('a value is counted in every bucket whose bound is not below it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constantFrom(...DURATION_BOUNDS), fc.double({ min: 0, max: 100, noNaN: true }))),
      (values) => {
        const layout = new MetricLayout()
        const histogram = layout.histogram({ name: 'h', help: '', bounds: DURATION_BOUNDS })
        const memory = layout.allocate()
        layout.attach(memory)
        for (const value of values) histogram.record(value)
        const lines = renderExposition(layout, [memory]).split('\n')
        for (const bound of DURATION_BOUNDS) {
          const count = values.filter((value) => value <= bound).length
          assert.ok(lines.includes(`h_bucket{le="${bound}"} ${count}`))
        }
        assert.ok(lines.includes(`h_bucket{le="+Inf"} ${values.length}`))
        assert.ok(lines.includes(`h_count ${values.length}`))
      },
    ),
  )
})

it('what is no duration counts as none, so that the sum stays a number', () => {
  const layout = new MetricLayout()
  const histogram = layout.histogram({ name: 'h', help: '', bounds: [1] })
  const memory = layout.allocate()
  layout.attach(memory)
  for (const value of [Number.NaN, -1, 2]) histogram.record(value)
  assert.match(renderExposition(layout, [memory]), /h_bucket\{le="1"\} 2\n.*\nh_sum 2\nh_count 3\n/)
})
