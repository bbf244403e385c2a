import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CallResult, Circuit, type CircuitState } from '../../src/policies/breaker/breaker-state.ts'
import { SlidingWindow } from '../../src/policies/breaker/sliding-window.ts'
import { fc } from '../../../../scripts/testing/property.ts'

/** In the middle of what chance may make of an interval. */
const EVEN = 0.5

function call(circuit: Circuit, result: CallResult, now = 0, slow = false): void {
  const permit = circuit.enter(now)
  assert.ok(permit >= 0, 'it is let through')
  circuit.record(permit, result, slow, now, EVEN)
}

/** `s` success, `f` failure, `i` ignored, `l` slow success. */
function calls(circuit: Circuit, pattern: string, now = 0): void {
  for (const each of pattern) {
    if (circuit.state !== 'closed') return
    call(circuit, each === 'f' ? 'failure' : each === 'i' ? 'ignored' : 'success', now, each === 'l')
  }
}

const PERCENTAGES = { consecutiveFailures: 0, minimumRequests: 10, failurePercent: 50, slowPercent: 50 }

for (const [name, options, pattern, state] of [
  ['five failures in a row open it', {}, 'fffff', 'open'],
  ['four do not', {}, 'ffff', 'closed'],
  ['a success in between starts the row anew', {}, 'ffffsffff', 'closed'],
  ['what is ignored does not', {}, 'ffffif', 'open'],
  ['ignored calls count for nothing', { ...PERCENTAGES, minimumRequests: 5 }, 'iiiiiiiissff', 'closed'],
  ['a row of 0 is no reason', { consecutiveFailures: 0, failurePercent: 200 }, 'f'.repeat(100), 'closed'],
  ['half of the calls failing opens it', PERCENTAGES, 'sssssfffff', 'open'],
  ['less than half does not', PERCENTAGES, 'ssssssffffssssssffff', 'closed'],
  ['too few calls say nothing', PERCENTAGES, 'fffffffff', 'closed'],
  ['half of the calls being slow opens it', PERCENTAGES, 'ssssslllll', 'open'],
  ['slow and failed are counted apart', PERCENTAGES, 'ssssfffllls', 'closed'],
] as const) {
  test(`circuit: ${name}`, () => {
    const circuit = new Circuit(options)
    calls(circuit, pattern)
    assert.equal(circuit.state, state)
  })
}

test('what is older than the window does not count', () => {
  const circuit = new Circuit(PERCENTAGES)
  calls(circuit, 'fffffffff', 0)
  calls(circuit, 'f', 9_999)
  assert.equal(circuit.state, 'open')
  const later = new Circuit(PERCENTAGES)
  calls(later, 'fffffffff', 0)
  calls(later, 'f', 10_000)
  assert.equal(later.state, 'closed')
})

function opened(options: ConstructorParameters<typeof Circuit>[0] = {}): Circuit {
  const circuit = new Circuit({ openFor: 1_000, maxOpenFor: 3_000, probes: 2, ...options })
  calls(circuit, 'fffff')
  return circuit
}

test('open, it lets nothing through until its interval has passed, and says how long that is', () => {
  const circuit = opened()
  assert.equal(circuit.enter(999), -1)
  assert.equal(circuit.retryAfter(400), 600)
  assert.ok(circuit.enter(1_000) >= 0)
  assert.equal(circuit.state, 'half-open')
})

test('half-open, it lets as many probes through as it takes, and closes when all have succeeded', () => {
  const circuit = opened()
  const first = circuit.enter(1_000)
  const second = circuit.enter(1_000)
  assert.equal(circuit.enter(1_000), -1)
  circuit.record(first, 'success', false, 1_001, EVEN)
  assert.equal(circuit.state, 'half-open')
  assert.equal(circuit.enter(1_001), -1)
  circuit.record(second, 'success', false, 1_002, EVEN)
  assert.equal(circuit.state, 'closed')
})

test('a probe that was given up makes room for another', () => {
  const circuit = opened({ probes: 1 })
  circuit.record(circuit.enter(1_000), 'ignored', false, 1_001, EVEN)
  assert.equal(circuit.state, 'half-open')
  call(circuit, 'success', 1_002)
  assert.equal(circuit.state, 'closed')
})

test('each time that a probe fails or is slow it stays open twice as long, up to the maximum', () => {
  const circuit = opened()
  let now = 0
  const intervals: number[] = []
  for (const slow of [false, true, false, false]) {
    intervals.push(circuit.opensUntil - now)
    now = circuit.opensUntil
    call(circuit, slow ? 'success' : 'failure', now, slow)
    assert.equal(circuit.state, 'open')
  }
  assert.deepEqual(intervals, [1_000, 2_000, 3_000, 3_000])
})

test('once it has closed, it begins with the short interval again', () => {
  const circuit = opened()
  call(circuit, 'failure', 1_000)
  const now = circuit.opensUntil
  call(circuit, 'success', now)
  call(circuit, 'success', now)
  calls(circuit, 'fffff', now)
  assert.equal(circuit.opensUntil - now, 1_000)
})

test('chance spreads the interval by a fifth either way', () => {
  for (const [random, expected] of [
    [0, 800],
    [0.5, 1_000],
    [1, 1_200],
  ] as const) {
    const circuit = new Circuit({ openFor: 1_000, consecutiveFailures: 1 })
    circuit.record(circuit.enter(0), 'failure', false, 0, random)
    assert.equal(Math.round(circuit.opensUntil), expected)
  }
})

test('a call says nothing about a state that it did not begin in', () => {
  const circuit = new Circuit({ consecutiveFailures: 1, openFor: 1_000, probes: 1 })
  const early = circuit.enter(0)
  const late = circuit.enter(0)
  circuit.record(early, 'failure', false, 0, EVEN)
  const probe = circuit.enter(1_000)
  circuit.record(late, 'success', false, 1_001, EVEN)
  assert.equal(circuit.state, 'half-open')
  circuit.record(probe, 'success', false, 1_001, EVEN)
  circuit.record(late, 'failure', false, 1_002, EVEN)
  assert.equal(circuit.state, 'closed')
})

test('opened by hand it stays so until it is reset', () => {
  const moves: [CircuitState, CircuitState][] = []
  const circuit = new Circuit({}, (from, to) => moves.push([from, to]))
  const under = circuit.enter(0)
  circuit.forceOpen()
  circuit.forceOpen()
  circuit.record(under, 'success', false, 1, EVEN)
  assert.equal(circuit.enter(1e9), -1)
  assert.equal(circuit.retryAfter(1e9), undefined)
  circuit.reset()
  assert.ok(circuit.enter(1e9) >= 0)
  assert.deepEqual(moves, [
    ['closed', 'forced-open'],
    ['forced-open', 'closed'],
  ])
})

for (const options of [
  { probes: 0 },
  { window: -1 },
  { consecutiveFailures: -1 },
  { failurePercent: Number.NaN },
]) {
  test(`${JSON.stringify(options)} is refused by name`, () => {
    assert.throws(() => new Circuit(options), {
      name: 'TypeError',
      message: new RegExp(Object.keys(options)[0] ?? ''),
    })
  })
}

test('in any sequence of events there are never more probes than allowed, and open lets nothing through', () => {
  const event = fc.record({
    wait: fc.integer({ min: 0, max: 3_000 }),
    enter: fc.boolean(),
    result: fc.constantFrom<CallResult>('success', 'failure', 'ignored'),
    slow: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 200 }), (events) => {
      const circuit = new Circuit({ consecutiveFailures: 2, openFor: 1_000, probes: 2 })
      const under: { readonly permit: number; readonly probe: boolean }[] = []
      let now = 0
      for (const { wait, enter, result, slow } of events) {
        now += wait
        if (enter) {
          const wasOpen = circuit.state === 'open' && now < circuit.opensUntil
          const permit = circuit.enter(now)
          if (permit < 0) continue
          assert.equal(wasOpen, false)
          under.push({ permit, probe: circuit.state === 'half-open' })
          const current = under.filter((each) => each.probe && each.permit === permit)
          assert.ok(current.length <= 2)
        } else {
          const done = under.shift()
          if (done !== undefined) circuit.record(done.permit, result, slow, now, EVEN)
        }
      }
    }),
  )
})

test('a window counts what a list of all calls counts, up to the length of a bucket', () => {
  const step = fc.record({
    wait: fc.integer({ min: 0, max: 1_500 }),
    failed: fc.boolean(),
    slow: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const window = new SlidingWindow({ length: 1_000, buckets: 10 })
      const all: { readonly at: number; readonly failed: boolean; readonly slow: boolean }[] = []
      let now = 0
      for (const { wait, failed, slow } of steps) {
        now += wait
        window.record(now, failed, slow)
        all.push({ at: now, failed, slow })
        const first = (Math.floor(now / 100) - 9) * 100
        const within = all.filter(({ at }) => at >= first)
        assert.deepEqual(
          [window.total, window.failures, window.slow],
          [
            within.length,
            within.filter((each) => each.failed).length,
            within.filter((each) => each.slow).length,
          ],
        )
      }
    }),
  )
})
