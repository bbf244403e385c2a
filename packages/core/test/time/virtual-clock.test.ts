import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

test('timers fire in order of due time, each at its own time', async () => {
  const clock = new VirtualClock()
  const fired: string[] = []
  for (const [name, delay] of [
    ['late', 300],
    ['early', 100],
    ['middle', 200],
    ['beyond', 301],
  ] as const) {
    clock.timer(() => fired.push(`${name}@${clock.now()}`)).arm(delay)
  }
  await clock.advance(300)
  assert.deepEqual(fired, ['early@100', 'middle@200', 'late@300'])
  assert.equal(clock.pending, 1)
})

test('of timers due together the one armed first fires first', async () => {
  const clock = new VirtualClock()
  const fired: number[] = []
  const timers = [1, 2, 3].map((name) => clock.timer(() => fired.push(name)))
  for (const timer of timers) timer.arm(10)
  timers[0]?.arm(10)
  await clock.advance(10)
  assert.deepEqual(fired, [2, 3, 1])
})

test('what a timer sets off comes to rest before the next one fires', async () => {
  const clock = new VirtualClock()
  const seen: string[] = []
  clock
    .timer(() => {
      void Promise.resolve()
        .then(() => new Promise((resolve) => setImmediate(resolve)))
        .then(() => seen.push(`promise@${clock.now()}`))
    })
    .arm(10)
  clock.timer(() => seen.push(`second@${clock.now()}`)).arm(11)
  await clock.advance(100)
  assert.deepEqual(seen, ['promise@10', 'second@11'])
})

test('a timer armed while time moves fires within the same move', async () => {
  const clock = new VirtualClock()
  let ticks = 0
  const timer = clock.timer(() => {
    ticks++
    timer.arm(60_000)
  })
  timer.arm(60_000)
  await clock.advance(3_600_000)
  assert.equal(ticks, 60)
})

test('a disarmed timer and one armed for ever do not fire; a moved one fires once', async () => {
  const clock = new VirtualClock()
  const fired: string[] = []
  const disarmed = clock.timer(() => fired.push('disarmed'))
  disarmed.arm(10)
  disarmed.disarm()
  clock.timer(() => fired.push('never')).arm(Infinity)
  const moved = clock.timer(() => fired.push(`moved@${clock.now()}`))
  moved.arm(10)
  moved.arm(50)
  await clock.advance(1_000_000)
  assert.deepEqual(fired, ['moved@50'])
})

test('wall time moves with the clock, from a date that can be chosen', async () => {
  const clock = new VirtualClock({ wallTime: 1_000 })
  await clock.advance(500)
  assert.equal(clock.wallTime(), 1_500)
})

test('the same seed gives the same numbers in [0, 1), another seed others', () => {
  const draw = (seed: number): number[] => {
    const clock = new VirtualClock({ seed })
    return Array.from({ length: 1_000 }, () => clock.random())
  }
  const numbers = draw(7)
  assert.deepEqual(draw(7), numbers)
  assert.notDeepEqual(draw(8), numbers)
  assert.ok(numbers.every((number) => number >= 0 && number < 1))
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length
  assert.ok(Math.abs(mean - 0.5) < 0.05, `the mean is ${mean}`)
})
