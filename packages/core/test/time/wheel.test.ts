import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Timer } from '../../src/time/timer.ts'
import { TimerWheel } from '../../src/time/wheel.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const TICK = 10

type Step =
  | { readonly kind: 'arm'; readonly timer: number; readonly delay: number }
  | { readonly kind: 'disarm'; readonly timer: number }
  | { readonly kind: 'advance'; readonly by: number }

const TIMERS = 5
const timerIndex = fc.nat({ max: TIMERS - 1 })
const delay = fc.oneof(
  fc.nat({ max: 200 }),
  fc.nat({ max: 20_000 }),
  fc.double({ min: 0, max: 6_000, noNaN: true }),
)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('arm' as const), timer: timerIndex, delay }),
  fc.record({ kind: fc.constant('disarm' as const), timer: timerIndex }),
  fc.record({
    kind: fc.constant('advance' as const),
    by: fc.oneof(fc.nat({ max: 50 }), fc.nat({ max: 12_000 })),
  }),
)

test('each timer fires once, never early, and at the first advance past its time plus two ticks', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat({ max: 100_000 }), (steps, start) => {
      let now = start + 0.5
      const wheel = new TimerWheel(TICK, now, () => {})
      /** When each was to fire; undefined when it is not armed. */
      const wanted: (number | undefined)[] = []
      const timers: Timer[] = Array.from({ length: TIMERS }, (_, index) =>
        wheel.timer(() => {
          const due = wanted[index]
          assert.ok(due !== undefined, 'fired though it was not armed')
          assert.ok(now >= due, `fired at ${now}, armed for ${due}`)
          wanted[index] = undefined
        }),
      )
      for (const each of steps) {
        if (each.kind === 'advance') {
          now += each.by
          wheel.advance(now)
          for (const due of wanted)
            assert.ok(due === undefined || due + 2 * TICK >= now, `due at ${due}, not fired at ${now}`)
        } else if (each.kind === 'arm') {
          timers[each.timer]?.arm(each.delay)
          wanted[each.timer] = now + each.delay
        } else {
          timers[each.timer]?.disarm()
          wanted[each.timer] = undefined
        }
      }
      now += 60_000
      wheel.advance(now)
      assert.deepEqual(
        wanted.filter((due) => due !== undefined),
        [],
      )
      wheel.advance(now + 60_000)
      assert.equal(wheel.size, 0, 'an empty wheel links nothing, so that the ticker stops')
    }),
    { numRuns: 500 },
  )
})

test('a timer that is moved later again and again fires once, at the last time', () => {
  const wheel = new TimerWheel(TICK, 0, () => {})
  const fired: number[] = []
  let now = 0
  const timer = wheel.timer(() => fired.push(now))
  for (; now < 1_000; now += 10) {
    wheel.advance(now)
    timer.arm(100)
  }
  for (; now < 2_000; now += 10) wheel.advance(now)
  assert.equal(fired.length, 1)
  assert.ok((fired[0] ?? 0) >= 1_090 && (fired[0] ?? 0) <= 1_110, `fired at ${fired[0]}`)
})

test('a timer that is moved to an earlier time fires at that time', () => {
  const wheel = new TimerWheel(TICK, 0, () => {})
  let fired = 0
  const timer = wheel.timer(() => fired++)
  timer.arm(4_000)
  timer.arm(30)
  wheel.advance(50)
  assert.equal(fired, 1)
  wheel.advance(10_000)
  assert.equal(fired, 1)
})

test('a timer may arm itself and disarm its neighbours from within its own firing', () => {
  const wheel = new TimerWheel(TICK, 0, () => {})
  const fired: string[] = []
  const second = wheel.timer(() => fired.push('second'))
  const first = wheel.timer(() => {
    fired.push('first')
    second.disarm()
    if (fired.length < 3) first.arm(5_120)
  })
  second.arm(20)
  first.arm(20)
  for (let now = 0; now <= 30_000; now += 10) wheel.advance(now)
  assert.deepEqual(fired, ['first', 'first', 'first'])
})

test('a timer armed for ever never fires', () => {
  const wheel = new TimerWheel(TICK, 0, () => {})
  const timer = wheel.timer(() => assert.fail('it fired'))
  timer.arm(Infinity)
  wheel.advance(100_000)
  timer.arm(50)
  timer.arm(Infinity)
  wheel.advance(200_000)
})

test('a wheel that has stood still wakes its driver, and catches up without firing', () => {
  let woken = 0
  const wheel = new TimerWheel(TICK, 0, () => {
    woken++
    wheel.catchUp(100_000)
  })
  let fired = 0
  const timer = wheel.timer(() => fired++)
  timer.arm(100)
  assert.equal(woken, 1)
  wheel.advance(100_050)
  assert.equal(fired, 0)
  wheel.advance(100_130)
  assert.equal(fired, 1)
  assert.equal(wheel.size, 0)
})

test('a delay that is no number is no limit, and leaves the other timers as they are', () => {
  const wheel = new TimerWheel(TICK, 0, () => {})
  let fired = 0
  const [odd, good] = [wheel.timer(() => fired++), wheel.timer(() => fired++)]
  good.arm(100)
  odd.arm(Number.NaN)
  wheel.advance(1_000)
  assert.equal(fired, 1)
  odd.disarm()
  good.arm(100)
  wheel.advance(2_000)
  assert.equal(fired, 2)
})
