// The global of that name is a getter, which takes longer than the clock itself.
import { performance } from 'node:perf_hooks'
import type { Timer } from './timer.ts'
import { TimerWheel } from './wheel.ts'

/**
 * Time and chance, injected: nothing in the engine calls Date.now, setTimeout or Math.random itself,
 * so ten minutes of retries and timeouts run in milliseconds under the virtual clock.
 */
export interface Clock {
  /** Milliseconds on a monotonic scale; only differences mean something. */
  now(): number
  /** Milliseconds since 1970-01-01 UTC, for log lines and Date fields; may jump. */
  wallTime(): number
  /** A number in [0, 1). */
  random(): number
  /** Makes a disarmed timer that calls `fire` each time it runs out; late by at most `TICK_MS`. */
  timer(fire: () => void): Timer
}

/** How late a timer may fire, in milliseconds: all timers of a thread share one interval of this length. */
export const TICK_MS = 10

/**
 * A tick that comes so late, in milliseconds, says that the thread was held up, as by a large configuration or a stopped process. What peers have
 * sent meanwhile waits to be read, and is read before any timer says that they were late.
 */
const STALL_MS = 100

/** The clock of the machine. One per thread: its timers share one wheel. */
export class SystemClock implements Clock {
  private readonly wheel: TimerWheel
  private ticker: NodeJS.Timeout | undefined
  private tickedAt = 0

  constructor() {
    this.wheel = new TimerWheel(TICK_MS, performance.now(), () => this.startTicking())
  }

  now(): number {
    const now = performance.now()
    // The wheel's own time is as old as the last tick, or as the last stall of the event loop: a timer armed
    // after a stall would fire early by its length.
    this.wheel.now = now
    return now
  }

  wallTime(): number {
    return Date.now()
  }

  random(): number {
    return Math.random()
  }

  timer(fire: () => void): Timer {
    return this.wheel.timer(fire)
  }

  /** The interval runs only while a timer is armed, and never keeps the process alive by itself. */
  private startTicking(): void {
    if (this.ticker !== undefined) return
    this.tickedAt = performance.now()
    this.wheel.catchUp(this.tickedAt)
    this.ticker = setInterval(() => {
      // The event loop calls timers first, then those who read, then immediates.
      if (performance.now() - this.tickedAt > STALL_MS) setImmediate(this.lateTick)
      else this.tick()
    }, TICK_MS)
    this.ticker.unref()
  }

  private readonly lateTick = (): void => {
    this.wheel.heldUp(performance.now() - this.tickedAt)
    this.tick()
  }

  private readonly tick = (): void => {
    this.tickedAt = performance.now()
    this.wheel.advance(this.tickedAt)
    if (this.wheel.size > 0) return
    clearInterval(this.ticker)
    this.ticker = undefined
  }
}

/** The clock to use where none is given. */
export const systemClock: Clock = new SystemClock()
