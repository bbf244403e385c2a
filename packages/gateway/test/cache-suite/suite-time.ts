import { setImmediate as nextTurn } from 'node:timers/promises'
import type { VirtualClock } from '@headgate/core/testing'

/** How long the suite waits where something is to become stale. */
const PAUSE = 3_000

/**
 * Runs the suite on a clock that stands still: where all tests that are left wait for something to become stale, it is. So a busy
 * machine, on which a response of two seconds is stale before it is asked for again, changes no result.
 * @param clock that of the gateway
 * @param left how many tests are not over
 */
export async function inVirtualTime(
  clock: VirtualClock,
  run: () => Promise<void>,
  left: () => number,
): Promise<void> {
  const { setTimeout: realTimeout, Date: RealDate } = globalThis
  const realNow = RealDate.now
  let paused: (() => void)[] = []
  // The suite takes both from the global object, the origin's answers to "now" among them.
  RealDate.now = () => clock.wallTime()
  const held = (wake: () => void, delay?: number): unknown =>
    delay === PAUSE ? paused.push(wake) : realTimeout(wake, delay)
  globalThis.setTimeout = held as typeof setTimeout
  const state = { isOver: false }
  try {
    const over = run().finally(() => (state.isOver = true))
    while (!state.isOver) {
      await nextTurn()
      if (paused.length === 0 || paused.length < left()) continue
      await clock.advance(PAUSE)
      const waking = paused
      paused = []
      for (const wake of waking) wake()
    }
    await over
  } finally {
    RealDate.now = realNow
    globalThis.setTimeout = realTimeout
  }
}
