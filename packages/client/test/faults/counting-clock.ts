import { type Clock, systemClock, type Timer } from '@headgate/core'

/** The system's clock, that knows which of its timers wait. */
export class CountingClock implements Clock {
  private readonly armed = new Set<object>()

  /** Timers that wait to fire. */
  get pending(): number {
    return this.armed.size
  }

  now(): number {
    return systemClock.now()
  }

  wallTime(): number {
    return systemClock.wallTime()
  }

  random(): number {
    return systemClock.random()
  }

  timer(fire: () => void): Timer {
    const { armed } = this
    const key = {}
    const inner = systemClock.timer(() => {
      armed.delete(key)
      fire()
    })
    return {
      arm(delay) {
        if (delay === Infinity) armed.delete(key)
        else armed.add(key)
        inner.arm(delay)
      },
      disarm() {
        armed.delete(key)
        inner.disarm()
      },
      hold() {
        armed.delete(key)
        inner.hold()
      },
    }
  }
}
