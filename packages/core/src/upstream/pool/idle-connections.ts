import type { Clock } from '../../time/clock.ts'
import type { Timer } from '../../time/timer.ts'
import { EntryList, type PoolEntry } from './pool-entry.ts'

/** Connections that lie idle, each for as long as it may. */
export class IdleConnections extends EntryList {
  private readonly clock: Clock
  private readonly timeout: number
  private readonly drop: (entry: PoolEntry) => void
  private readonly sweeper: Timer
  private sweeping = false

  /** @param timeout milliseconds for which one may lie idle, where its peer does not say less */
  constructor(clock: Clock, timeout: number, drop: (entry: PoolEntry) => void) {
    super()
    this.clock = clock
    this.timeout = timeout
    this.drop = drop
    this.sweeper = clock.timer(() => {
      this.sweeping = false
      this.sweep()
    })
  }

  add(entry: PoolEntry, now: number): void {
    entry.idleSince = now
    entry.idleLimit = Math.min(this.timeout, entry.connection.persistence?.idleLimit ?? Infinity)
    entry.moveTo(this)
    if (!this.sweeping) this.armSweeper(entry)
  }

  dropAll(): void {
    while (this.newest !== undefined) this.drop(this.newest)
  }

  /** No timer of it stays behind. */
  stop(): void {
    this.sweeper.disarm()
  }

  /** One timer for all: it fires when the one that has been idle longest may be due, and looks again. */
  private armSweeper(oldest: PoolEntry): void {
    const due = Math.min(oldest.idleSince + oldest.idleLimit, oldest.expiresAt)
    if (due === Infinity) return
    this.sweeping = true
    this.sweeper.arm(due - this.clock.now())
  }

  private sweep(): void {
    const now = this.clock.now()
    while (this.oldest !== undefined && !this.oldest.isFresh(now)) this.drop(this.oldest)
    if (this.oldest !== undefined) this.armSweeper(this.oldest)
  }
}
