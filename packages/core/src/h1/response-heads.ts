import type { Exchange } from '../message/exchange.ts'
import { WireFault } from './fault.ts'
import type { HeadLimits } from '../message/head-limits.ts'
import { type FoundHead, HeadBuffer } from './head-buffer.ts'
import type { Persistence } from './persistence.ts'
import type { RequestWriter } from './request-writer.ts'
import { type ResponseIntake, takeInResponse } from './response-intake.ts'

/**
 * How many 1xx responses one exchange may bring at once, and how many more for each second since it began. Each is parsed and
 * passed on by a write of its own, which costs what 4 KiB of content cost: 1,900 of them within 32 KiB held a worker nine times
 * as long as those bytes in one piece. Hints (103) are one or two; signs of life (102) and of progress (104) come now and then.
 */
const INTERIM_BURST = 32
const INTERIM_PER_SECOND = 10

/** The heads that answer one request: any number of 1xx, and then the final one, or 101 (RFC 9110 15.2). */
export class ResponseHeads {
  private readonly buffer: HeadBuffer
  private readonly limits: HeadLimits
  private readonly persistence: Persistence
  private found: FoundHead | undefined
  private interimBytes = 0
  private interimCount = 0

  constructor(limits: HeadLimits, persistence: Persistence) {
    this.limits = limits
    this.persistence = persistence
    this.buffer = new HeadBuffer(limits.head, 'malformed_response')
  }

  /** A request was sent: the heads that answer it are counted anew. */
  reset(): void {
    this.interimBytes = 0
    this.interimCount = 0
  }

  /** Passes 1xx on, and returns the final head or a 101, undefined if more bytes are needed, or why the response is refused. */
  take(chunk: Buffer, exchange: Exchange, writer: RequestWriter): ResponseIntake | WireFault | undefined {
    // Before anything in the chunk is acted on: a 100 in it has more of the request written.
    const written = writer.flushed
    let octets = chunk
    for (;;) {
      if (!this.buffer.begun) this.persistence.answered(written)
      const found = this.buffer.take(octets)
      if (found === undefined || found instanceof WireFault) return found
      const head = takeInResponse(found, exchange.request, this.limits)
      if (head instanceof WireFault) return head
      if (head.framing !== undefined || head.status === 101) {
        this.found = found
        return head
      }
      // Each may have to wait for a slow peer: without a limit an upstream could fill the memory with them.
      this.interimBytes += found.next
      if (this.interimBytes > this.limits.head) return this.tooLarge()
      if (++this.interimCount > INTERIM_BURST && this.comeTooFast(exchange)) return tooMany(this.interimCount)
      if (head.status === 100) writer.proceed()
      else exchange.inform?.(head.status, head.headers)
      if (found.next === found.buffer.length) return undefined
      octets = found.buffer.subarray(found.next)
    }
  }

  /** Where the head that `take` returned last was found; once, since it keeps what was read in memory. */
  lastFound(): FoundHead {
    const { found } = this
    if (found === undefined) throw new Error('no head was taken')
    this.found = undefined
    return found
  }

  private comeTooFast({ clock, startedAt }: Exchange): boolean {
    const seconds = (clock.now() - startedAt) / 1000
    return this.interimCount > INTERIM_BURST + INTERIM_PER_SECOND * seconds
  }

  private tooLarge(): WireFault {
    const reason = `the 1xx responses before the final one are larger than ${this.limits.head} bytes`
    return new WireFault('response_head_too_large', reason)
  }
}

function tooMany(count: number): WireFault {
  const allowed = `${INTERIM_BURST}, and ${INTERIM_PER_SECOND} more for each second since the request`
  const reason = `there were ${count} 1xx responses before the final one (at most ${allowed})`
  return new WireFault('response_head_too_large', reason)
}
