import type { Clock } from '../time/clock.ts'

/** Part of the time for draining in which streams are told to end: what is left is for answers. */
const TOLD_WITHIN = 0.8

/** A stream that can be ended in good form. */
export interface OpenStream {
  /** Ends it after a while, unless it ends before. Milliseconds. */
  leaveIn(delay: number): void
}

/** The WebSockets and event streams that are looked at in a thread, to be ended in good form when it drains. */
export class OpenStreams {
  private readonly streams = new Set<OpenStream>()
  private readonly clock: Clock
  /** `clock.now()` by which all are told; undefined while nothing drains. */
  private drainedBy: number | undefined

  constructor(clock: Clock) {
    this.clock = clock
  }

  add(stream: OpenStream): void {
    this.streams.add(stream)
    if (this.drainedBy !== undefined) this.endBy(stream, this.drainedBy)
  }

  delete(stream: OpenStream): void {
    this.streams.delete(stream)
  }

  /** Ends all, spread out over most of that time by chance: those who come back do not come all at once. Milliseconds. */
  drain(timeout: number): void {
    const by = this.clock.now() + timeout * TOLD_WITHIN
    this.drainedBy = by
    for (const stream of this.streams) this.endBy(stream, by)
  }

  private endBy(stream: OpenStream, by: number): void {
    stream.leaveIn(Math.max(0, by - this.clock.now()) * this.clock.random())
  }
}
