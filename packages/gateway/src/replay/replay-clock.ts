import type { Clock, Timer } from '@headgate/core'

/** Of one that never runs out: nothing of what is replayed takes any time. */
const NEVER: Timer = { arm() {}, disarm() {}, hold() {} }

/** The time at which the requests of a log came. */
export class ReplayClock implements Clock {
  private time = 0
  private start: number | undefined

  /** Never goes back: lines are in the order in which requests ended, and several workers write them. */
  at(time: number): void {
    this.start ??= time
    if (time > this.time) this.time = time
  }

  /** From the first line on: stores keep small numbers. */
  now(): number {
    return this.time - (this.start ?? this.time)
  }

  wallTime(): number {
    return this.time
  }

  random(): number {
    return 0.5
  }

  timer(): Timer {
    return NEVER
  }
}
