import type { PaceLimits } from '../message/exchange-times.ts'
import type { Clock } from '../time/clock.ts'
import type { Timer } from '../time/timer.ts'

/**
 * Judges a peer by idle time and a minimum rate, not by the length of the whole transfer: a large upload may take an
 * hour, a drip of one byte every 29 seconds may not (Slowloris, R.U.D.Y.). The time in which it is us who make it wait
 * does not count.
 */
export class Pace {
  private readonly clock: Clock
  private limits: PaceLimits
  private readonly timer: Timer
  private running = false
  /** By when the rate allowed so far is used up; moves on with each byte. */
  private paidUntil = 0
  private lastProgress = 0
  private pausedAt: number | undefined

  /** @param slow called once, when the peer is judged too slow */
  constructor(clock: Clock, limits: PaceLimits, slow: () => void) {
    this.clock = clock
    this.limits = limits
    this.timer = clock.timer(() => {
      const left = this.remaining()
      if (left > 0) this.timer.arm(left)
      else if (this.running) {
        this.running = false
        slow()
      }
    })
  }

  /** Other limits count, from now on. */
  restart(limits: PaceLimits): void {
    this.limits = limits
    this.start()
  }

  /** It is the peer's turn, from now on. */
  start(): void {
    const now = this.clock.now()
    this.running = true
    this.pausedAt = undefined
    this.lastProgress = now
    this.paidUntil = now + this.limits.grace
    this.timer.arm(this.remaining())
  }

  /** Judges by other limits from now on. */
  use(limits: PaceLimits): void {
    if (limits === this.limits) return
    this.paidUntil += limits.grace - this.limits.grace
    this.limits = limits
    if (this.running && this.pausedAt === undefined) this.timer.arm(Math.max(1, this.remaining()))
  }

  progress(bytes: number): void {
    if (!this.running) return
    this.lastProgress = this.clock.now()
    if (this.limits.minimumRate > 0) this.paidUntil += (bytes * 1000) / this.limits.minimumRate
  }

  /** It waits for us. */
  pause(): void {
    if (!this.running || this.pausedAt !== undefined) return
    this.pausedAt = this.clock.now()
    this.timer.disarm()
  }

  resume(): void {
    if (!this.running || this.pausedAt === undefined) return
    const now = this.clock.now()
    this.paidUntil += now - this.pausedAt
    this.lastProgress = now
    this.pausedAt = undefined
    this.timer.arm(Math.max(1, this.remaining()))
  }

  stop(): void {
    if (!this.running) return
    this.running = false
    this.timer.disarm()
  }

  private remaining(): number {
    const idleLeft = this.lastProgress + this.limits.idle - this.clock.now()
    return this.limits.minimumRate > 0 ? Math.min(idleLeft, this.paidUntil - this.clock.now()) : idleLeft
  }
}
