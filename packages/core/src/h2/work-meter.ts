import type { Clock } from '../time/clock.ts'
import { connectionFault, type Http2Fault } from './fault.ts'

/**
 * What frames cost that bring nothing forward: points that a connection spends. Published attacks are one row each.
 */
export const WASTED = {
  /** A stream that the peer opens and resets before it has its response (rapid reset, CVE-2023-44487). */
  reset: 10,
  /** A stream that we reset since the peer broke the protocol on it: the work was begun as well (MadeYouReset, CVE-2025-8671). */
  fault: 10,
  /** A stream beyond SETTINGS_MAX_CONCURRENT_STREAMS, which a client may open before it has read them. */
  refused: 5,
  /** Answered each time (CVE-2019-9512, CVE-2019-9515). */
  ping: 1,
  settings: 5,
  /** CVE-2019-9511, CVE-2019-9517: windows that are opened byte by byte. */
  windowUpdate: 1,
  priorityUpdate: 1,
  /** DATA without content that does not end the stream (CVE-2019-9518). */
  emptyData: 1,
  /** PRIORITY and unknown frames (CVE-2019-9513), and frames on streams that are over. */
  ignored: 1,
} as const
export type Wasted = keyof typeof WASTED

/** Points that useful work gives back: a message that was sent whole, and a frame of DATA, to which WINDOW_UPDATEs belong. */
const EARNED_BY_MESSAGE = 20
const EARNED_BY_DATA = 2
/** Points that come back by themselves, each second. */
const EARNED_BY_TIME = 100

/**
 * Weighs what a peer makes us do in vain against what it makes us do at all: a busy connection may have many resets, an idle one
 * few. A balance begins with `budget`, and never holds more.
 */
export class WorkMeter {
  private readonly clock: Clock
  private readonly budget: number
  private balance: number
  private filledAt: number

  constructor(clock: Clock, budget: number) {
    this.clock = clock
    this.budget = budget
    this.balance = budget
    this.filledAt = clock.now()
  }

  /** @returns the fault of the connection, once there is nothing left to spend */
  spend(what: Wasted): Http2Fault | undefined {
    this.balance -= WASTED[what]
    if (this.balance >= 0) return undefined
    // Time is looked at only now: most connections never come here.
    const now = this.clock.now()
    this.add(((now - this.filledAt) * EARNED_BY_TIME) / 1000)
    this.filledAt = now
    if (this.balance >= 0) return undefined
    return connectionFault('ENHANCE_YOUR_CALM', `too much that is of no use, ${what} at last (RFC 9113 10.5)`)
  }

  /** A message of ours has left whole. */
  messageSent(): void {
    this.add(EARNED_BY_MESSAGE)
  }

  dataSent(): void {
    this.add(EARNED_BY_DATA)
  }

  private add(points: number): void {
    this.balance = Math.min(this.budget, this.balance + points)
  }
}
