import type { Clock } from '../time/clock.ts'
import type { Timer } from '../time/timer.ts'

/** 2026-01-01T00:00:00Z: a wall time that tests can write down. */
const EPOCH = Date.UTC(2026, 0, 1)

/**
 * A clock that stands still until it is told to move: hours pass in milliseconds, and the same seed gives the
 * same run.
 */
export class VirtualClock implements Clock {
  private time = 0
  private readonly epoch: number
  private state: number
  private armed: VirtualTimer[] = []
  private serial = 0

  /**
   * @param options.seed of `random()`, a whole number; 1 by default
   * @param options.wallTime at the start, in milliseconds since 1970; 2026-01-01 by default
   */
  constructor(options: { readonly seed?: number; readonly wallTime?: number } = {}) {
    this.state = options.seed ?? 1
    this.epoch = options.wallTime ?? EPOCH
  }

  now(): number {
    return this.time
  }

  wallTime(): number {
    return this.epoch + this.time
  }

  /** Mulberry32: small, and even enough for jitter. */
  random(): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  timer(fire: () => void): Timer {
    return new VirtualTimer(this, fire)
  }

  /** Timers that wait to fire. */
  get pending(): number {
    return this.armed.length
  }

  /**
   * Moves time on, from one due timer to the next, in order of due time. Between two of them, all that their
   * firing set off (promises, a few turns of the event loop) comes to rest.
   */
  async advance(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds
    await settled()
    for (let timer = this.nextDue(end); timer !== undefined; timer = this.nextDue(end)) {
      this.time = Math.max(this.time, timer.due)
      this.remove(timer)
      timer.fire()
      await settled()
    }
    this.time = end
  }

  /** For the timers. */
  add(timer: VirtualTimer, delay: number): void {
    this.remove(timer)
    if (delay === Infinity) return
    timer.due = this.time + Math.max(0, delay)
    timer.serial = this.serial++
    this.armed.push(timer)
  }

  /** For the timers. */
  remove(timer: VirtualTimer): void {
    const index = this.armed.indexOf(timer)
    if (index >= 0) this.armed.splice(index, 1)
  }

  private nextDue(end: number): VirtualTimer | undefined {
    let first: VirtualTimer | undefined
    for (const timer of this.armed) {
      if (timer.due > end) continue
      if (
        first === undefined ||
        timer.due < first.due ||
        (timer.due === first.due && timer.serial < first.serial)
      ) {
        first = timer
      }
    }
    return first
  }
}

class VirtualTimer implements Timer {
  due: number = Infinity
  /** Of two timers due at the same time, the one armed first fires first. */
  serial = 0
  readonly fire: () => void
  private readonly clock: VirtualClock

  constructor(clock: VirtualClock, fire: () => void) {
    this.clock = clock
    this.fire = fire
  }

  arm(delay: number): void {
    this.clock.add(this, delay)
  }

  disarm(): void {
    this.clock.remove(this)
  }

  hold(): void {
    this.disarm()
  }
}

/** Turns of the event loop: enough for a promise that waits for an immediate that waits for a promise. */
const TURNS = 3

async function settled(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) {
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
}
