/** Something that has written, and has to send it when this turn of the event loop has read all that there is to read. */
export interface Flushable {
  flush(): void
}

/**
 * What one turn of the event loop makes leaves in one write for each connection: `setImmediate` runs behind all reads of the turn.
 */
export class TurnEnd {
  private readonly waiting: Flushable[] = []
  private readonly run = (): void => this.flushAll()
  private readonly schedule: (run: () => void) => void
  private isScheduled = false

  /** @param schedule calls `run` once, behind what goes on now */
  constructor(schedule: (run: () => void) => void = setImmediate) {
    this.schedule = schedule
  }

  /** The caller sees to it that it is added once only until it is flushed. */
  add(each: Flushable): void {
    this.waiting.push(each)
    if (this.isScheduled) return
    this.isScheduled = true
    this.schedule(this.run)
  }

  private flushAll(): void {
    this.isScheduled = false
    let done = 0
    try {
      // What is added meanwhile is flushed as well.
      while (done < this.waiting.length) this.waiting[done++]?.flush()
    } finally {
      this.waiting.splice(0, done)
      // One of them has thrown: the others must not wait for ever.
      if (this.waiting.length > 0 && !this.isScheduled) {
        this.isScheduled = true
        this.schedule(this.run)
      }
    }
  }
}
