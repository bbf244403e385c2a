import { reportDefect } from './defect.ts'
import type { Timer } from './timer.ts'

/** 512 slots of 10 ms: timers within 5 s are reached in one turn, later ones stay linked and are looked at again. */
const SLOTS = 512

/**
 * A hashed timer wheel (Varghese and Lauck, SOSP 1987, scheme 6). Arming is the hot path, several times an
 * exchange, and timers hardly ever fire: so a timer that is moved to a later time keeps its place and is
 * moved only when that place comes up.
 */
export class TimerWheel {
  /** Timers linked in: armed, or on hold. */
  size = 0
  /** The length of a slot, in milliseconds. */
  readonly tick: number
  /** The time of the last advance, in milliseconds: arming reads this instead of the machine's clock. */
  now: number
  /** Called when a timer is armed on an empty wheel: starts what calls `advance`. */
  readonly wake: () => void
  /** Counts advances: by it a timer knows whether it was armed since the last one. */
  turn = 0
  private readonly slots: WheelTimer[] = []
  private current: number

  constructor(tick: number, now: number, wake: () => void) {
    this.tick = tick
    this.now = now
    this.wake = wake
    this.current = Math.floor(now / tick)
    for (let index = 0; index < SLOTS; index++) this.slots.push(sentinel(this))
  }

  timer(fire: () => void): Timer {
    return new WheelTimer(this, fire)
  }

  /** Moves the wheel to `now` without firing: for a wheel that stood still because it was empty. */
  catchUp(now: number): void {
    if (this.size > 0) return
    this.now = now
    this.current = Math.floor(now / this.tick)
  }

  /**
   * The thread was held up for `time` milliseconds since the last advance. Whoever armed a timer since then may have done so when all
   * of it was over, by a time from before: without this it would fire early by as much.
   */
  heldUp(time: number): void {
    for (const head of this.slots) {
      for (let timer = head.next; timer !== head; timer = timer.next) {
        // It stays in its slot, as any timer that is moved to a later time.
        if (timer.turn === this.turn) timer.due += time
      }
    }
  }

  /** Fires every timer that is due at `now`. */
  advance(now: number): void {
    this.now = now
    this.turn = (this.turn + 1) | 0
    const target = Math.floor(now / this.tick)
    // After a pause longer than a turn, one turn visits every slot.
    if (target - this.current > SLOTS) this.current = target - SLOTS
    while (this.current < target) {
      this.current++
      this.sweep(this.slots[this.current % SLOTS] as WheelTimer) // the index is within SLOTS
    }
  }

  link(timer: WheelTimer): void {
    // Rounded up, and never the slot being swept.
    const slot = Math.max(Math.ceil(timer.due / this.tick), this.current + 1)
    const head = this.slots[slot % SLOTS] as WheelTimer // the index is within SLOTS
    timer.slotDue = slot * this.tick
    timer.previous = head
    timer.next = head.next
    head.next.previous = timer
    head.next = timer
    this.size++
  }

  unlink(timer: WheelTimer): void {
    timer.previous.next = timer.next
    timer.next.previous = timer.previous
    timer.next = timer
    timer.previous = timer
    timer.slotDue = Infinity
    this.size--
  }

  /** One that throws must not keep the others from firing. */
  private fire(timer: WheelTimer): void {
    try {
      timer.fire()
    } catch (thrown) {
      reportDefect('a timer', thrown)
    }
  }

  private sweep(head: WheelTimer): void {
    let timer = head.next
    while (timer !== head) {
      const following = timer.next
      if (timer.due === Infinity) this.unlink(timer)
      else if (timer.due <= this.now) {
        this.unlink(timer)
        timer.due = Infinity
        this.fire(timer)
        // The callback may have unlinked the one that followed: start again from the slot's head.
        timer = head.next
        continue
      } else if (timer.slotDue <= this.now) {
        this.unlink(timer)
        this.link(timer)
      }
      timer = following
    }
  }
}

class WheelTimer implements Timer {
  previous: WheelTimer = this
  next: WheelTimer = this
  /** When to fire; Infinity when disarmed. */
  due: number = Infinity
  /** When the slot that this timer is linked in comes up; Infinity when it is not linked. */
  slotDue: number = Infinity
  /** That of the wheel when this was armed. */
  turn = 0
  readonly fire: () => void
  private readonly wheel: TimerWheel

  constructor(wheel: TimerWheel, fire: () => void) {
    this.wheel = wheel
    this.fire = fire
  }

  arm(delay: number): void {
    // A limit that is switched off: no slot is that far away. Nor is there one for NaN, which would break the list of a slot.
    if (!(delay < Infinity)) return this.disarm()
    if (this.wheel.size === 0) this.wheel.wake()
    // One tick more, since the wheel's time may be a tick old: late is harmless, early is not.
    this.due = this.wheel.now + Math.max(0, delay) + this.wheel.tick
    this.turn = this.wheel.turn
    if (this.slotDue === Infinity) this.wheel.link(this)
    else if (this.due < this.slotDue - this.wheel.tick) {
      this.wheel.unlink(this)
      this.wheel.link(this)
    }
  }

  hold(): void {
    this.due = Infinity
  }

  disarm(): void {
    this.due = Infinity
    // At once, not when its slot comes up: an exchange's timer would keep the exchange in memory until then.
    if (this.slotDue !== Infinity) this.wheel.unlink(this)
  }
}

function sentinel(wheel: TimerWheel): WheelTimer {
  return new WheelTimer(wheel, () => {})
}
