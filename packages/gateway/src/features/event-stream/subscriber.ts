import { type Body, type BodySource, StreamBody, type TrafficError } from '@headgate/core'

/** What is done with a client that reads too slowly. */
export type SlowReader = 'drop' | 'thin'

/** One client of a shared stream: what it has not read yet is held for it, up to a limit. */
export class Subscriber implements BodySource {
  readonly body: Body
  private readonly stream: StreamBody
  private readonly limit: number
  private readonly slow: SlowReader
  private readonly left: () => void
  private readonly waiting: Uint8Array[]
  /** How many of these it has missed before it came: they are not held for its sake. */
  private missed: number
  /** Bytes of the others. */
  private behind = 0
  private hasRoom = true
  private isOver = false
  private isEnding = false

  /**
   * @param limit bytes that are held for it
   * @param left called when the client has gone, or is dropped
   * @param missed what it gets first
   */
  constructor(limit: number, slow: SlowReader, left: () => void, missed: readonly Uint8Array[] = []) {
    this.stream = new StreamBody(undefined, this)
    this.body = this.stream
    this.limit = limit
    this.slow = slow
    this.left = left
    this.waiting = [...missed]
    this.missed = missed.length
  }

  /** The bytes are everybody's: nobody may change them. */
  push(event: Uint8Array): void {
    if (this.isOver || this.isEnding) return
    if (this.hasRoom && this.waiting.length === 0) {
      this.hasRoom = this.stream.push(event)
      return
    }
    this.waiting.push(event)
    this.behind += event.length
    if (this.behind > this.limit) this.fallBehind()
  }

  /** All that is held is still sent. */
  end(): void {
    this.isEnding = true
    this.goOn()
  }

  /** What is held is not sent any more. */
  fail(error: TrafficError): void {
    if (this.isOver) return
    this.leave()
    this.stream.fail(error)
  }

  resumeBody(): void {
    this.hasRoom = true
    this.goOn()
  }

  cancelBody(): void {
    this.leave()
  }

  private goOn(): void {
    while (this.hasRoom && !this.isOver) {
      const event = this.waiting.shift()
      if (event === undefined) break
      if (this.missed > 0) this.missed--
      else this.behind -= event.length
      this.hasRoom = this.stream.push(event)
    }
    if (this.isEnding && this.waiting.length === 0 && !this.isOver) {
      this.leave()
      this.stream.end()
    }
  }

  /** Dropped, it comes back by itself and gets what it has missed. Thinned, it misses the oldest. */
  private fallBehind(): void {
    if (this.slow === 'drop') {
      this.waiting.length = 0
      this.leave()
      this.stream.end()
      return
    }
    while (this.behind > this.limit && this.waiting.length > 1)
      this.behind -= this.waiting.shift()?.length ?? 0
  }

  private leave(): void {
    if (this.isOver) return
    this.isOver = true
    this.left()
  }
}
