import { keepAliveTerms } from '../fields/keep-alive.ts'
import type { ResponseIntake } from './response-intake.ts'

/** Milliseconds by which a connection is given up before its peer would: a request takes time to get there. */
const MARGIN = 1_000

/**
 * Whether a connection may take another exchange (RFC 9112 9.3): what its peer said of it, and whether both sides can be of
 * one mind about where the next message begins.
 */
export class Persistence {
  /** Exchanges sent. */
  exchanges = 0
  /** Milliseconds for which the peer leaves the connection open between exchanges, less a margin; Infinity if it did not say. */
  idleLimit: number = Infinity
  private persistent = true
  private early = false
  /** Exchanges that the peer takes in all. */
  private most = Infinity

  /** An exchange begins. */
  sent(): void {
    this.exchanges++
    this.persistent = true
    this.early = false
  }

  /**
   * The first bytes of a response are here. An upstream that answers before it has all of the request may leave the rest
   * unread, and take it for the next request: the response to that would go to whoever comes next (the class of
   * CVE-2022-22720).
   * @param written whether the request's last byte had left by then
   */
  answered(written: boolean): void {
    this.early = !written
  }

  /** Whether the response began before its request was wholly written. */
  get answeredEarly(): boolean {
    return this.early
  }

  /** The final response's head says more. */
  take({ persistent, keepAlive }: ResponseIntake): void {
    this.persistent = persistent
    if (keepAlive === undefined || !persistent) return
    const { timeout, max } = keepAliveTerms(keepAlive)
    // Of a time as short as the margin, half.
    if (timeout !== undefined) this.idleLimit = Math.max(timeout - MARGIN, timeout / 2)
    if (max === undefined) return
    // Apache counts down what is left, Node repeats the sum: the first one seen bounds both.
    const left = this.exchanges + max
    this.most = Math.min(this.most === Infinity ? left - 1 : this.most, left)
  }

  /** Not to be trusted with another exchange. */
  spoil(): void {
    this.persistent = false
  }

  /** Whether the upstream lets the connection live on after this response. */
  get lasts(): boolean {
    return this.persistent
  }

  /** Whether it may take another exchange once this one is complete. */
  get reusable(): boolean {
    return this.persistent && !this.early && this.exchanges < this.most && this.idleLimit > 0
  }
}
