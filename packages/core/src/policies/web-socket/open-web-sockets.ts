import type { Clock } from '../../time/clock.ts'
import type { WebSocketSession } from './session.ts'

/** Part of the time for draining in which WebSockets are told to close: what is left is for their answers. */
const TOLD_WITHIN = 0.8

/** All WebSockets that are looked at in a thread, to be closed when it ends. */
export class OpenWebSockets {
  private readonly sessions = new Set<WebSocketSession>()
  private readonly clock: Clock
  /** `clock.now()` by which all are told; undefined while nothing drains. */
  private drainedBy: number | undefined

  constructor(clock: Clock) {
    this.clock = clock
  }

  add(session: WebSocketSession): void {
    this.sessions.add(session)
    if (this.drainedBy !== undefined) this.closeBy(session, this.drainedBy)
  }

  delete(session: WebSocketSession): void {
    this.sessions.delete(session)
  }

  /** Closes all with 1001, spread out over most of that time by chance: those who come back do not come all at once. Milliseconds. */
  drain(timeout: number): void {
    const by = this.clock.now() + timeout * TOLD_WITHIN
    this.drainedBy = by
    for (const session of this.sessions) this.closeBy(session, by)
  }

  private closeBy(session: WebSocketSession, by: number): void {
    const delay = Math.max(0, by - this.clock.now()) * this.clock.random()
    session.closeIn(delay, { code: 1001, reason: 'this server goes away' })
  }
}
