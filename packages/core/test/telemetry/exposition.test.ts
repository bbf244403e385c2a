import assert from 'node:assert/strict'
import { it } from 'node:test'
import { DURATION_BOUNDS } from '../../src/telemetry/histogram.ts'
import { metric } from '../../src/telemetry/metric.ts'
import { MetricRegistry } from '../../src/telemetry/registry.ts'
import { fc } from '../../../../scripts/testing/property.ts'

it('several memories become one page in the text exposition format', () => {
  const REQUESTS = metric({
    kind: 'counter',
    name: 'requests_total',
    help: 'Requests\nby \\ route.',
    labels: ['route', 'code'],
  })
  const ACTIVE = metric({ kind: 'gauge', name: 'active', help: 'Active.' })
  const DELAY = metric({ kind: 'gauge', name: 'delay_seconds', help: 'Delay.', across: 'max' })
  const SIZE = metric({
    kind: 'histogram',
    name: 'size_bytes',
    help: 'Size.',
    labels: ['route'],
    bounds: [1, 10],
  })
  const first = new MetricRegistry()
  first.get(REQUESTS, { route: 'a"b\\c\nd', code: 'x' })
  first.get(ACTIVE, {})
  first.get(DELAY, {})
  first.get(SIZE, { route: 'a' })
  const second = new MetricRegistry(first.share(1))
  for (const [index, metrics] of [first, second].entries()) {
    metrics.get(REQUESTS, { route: 'a"b\\c\nd', code: 'x' }).add(2 + index)
    metrics.get(ACTIVE, {}).add(1)
    metrics.get(DELAY, {}).set(0.25 + index)
    for (const value of [1, 5, 50]) metrics.get(SIZE, { route: 'a' }).record(value)
  }
  assert.equal(
    first.render(),
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
  const metrics = new MetricRegistry()
  const sparse = { help: 'Sparse.', sparse: true }
  const COUNTER = metric({ ...sparse, kind: 'counter', name: 'c_total', labels: ['route'] })
  const counters = ['a', 'b'].map((route) => metrics.get(COUNTER, { route }))
  const histogram = metrics.get(metric({ ...sparse, kind: 'histogram', name: 'h', bounds: [1] }), {})
  assert.equal(metrics.render(), '')
  counters[1]?.add(1)
  assert.equal(metrics.render(), '# HELP c_total Sparse.\n# TYPE c_total counter\nc_total{route="b"} 1\n')
  histogram.record(0)
  assert.match(metrics.render(), /^h_count 1$/m)
})

it('a value is counted in every bucket whose bound is not below it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constantFrom(...DURATION_BOUNDS), fc.double({ min: 0, max: 100, noNaN: true }))),
      (values) => {
        const metrics = new MetricRegistry()
        const histogram = metrics.get(
          metric({ kind: 'histogram', name: 'h', help: '', bounds: DURATION_BOUNDS }),
          {},
        )
        for (const value of values) histogram.record(value)
        const lines = metrics.render().split('\n')
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
  const metrics = new MetricRegistry()
  const histogram = metrics.get(metric({ kind: 'histogram', name: 'h', help: '', bounds: [1] }), {})
  for (const value of [Number.NaN, -1, 2]) histogram.record(value)
  assert.match(metrics.render(), /h_bucket\{le="1"\} 2\n.*\nh_sum 2\nh_count 3\n/)
})
