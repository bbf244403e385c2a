import type { Exchange } from '../message/exchange.ts'
import { InterimResponses } from '../message/interim-responses.ts'
import { WireFault } from './fault.ts'
import type { HeadLimits } from '../message/head-limits.ts'
import { type FoundHead, HeadBuffer } from './head-buffer.ts'
import type { Persistence } from './persistence.ts'
import type { RequestWriter } from './request-writer.ts'
import { type ResponseIntake, takeInResponse } from './response-intake.ts'

/** The heads that answer one request: any number of 1xx, and then the final one, or 101 (RFC 9110 15.2). */
export class ResponseHeads {
  private readonly buffer: HeadBuffer
  private readonly limits: HeadLimits
  private readonly persistence: Persistence
  private found: FoundHead | undefined
  private readonly interim: InterimResponses

  constructor(limits: HeadLimits, persistence: Persistence) {
    this.limits = limits
    this.persistence = persistence
    this.interim = new InterimResponses(limits.head)
    this.buffer = new HeadBuffer(limits.head, 'malformed_response')
  }

  /** A request was sent: the heads that answer it are counted anew. */
  reset(): void {
    this.interim.reset()
  }

  /** Passes 1xx on, and returns the final head or a 101, undefined if more bytes are needed, or why the response is refused. */
  take(chunk: Buffer, exchange: Exchange, writer: RequestWriter): ResponseIntake | WireFault | undefined {
    // Before anything in the chunk is acted on: a 100 in it has more of the request written.
    const written = writer.flushed
    let bytes = chunk
    for (;;) {
      if (!this.buffer.begun) this.persistence.answered(written)
      const found = this.buffer.take(bytes)
      if (found === undefined || found instanceof WireFault) return found
      const head = takeInResponse(found, exchange.request, this.limits, writer.webSocketKey)
      if (head instanceof WireFault) return head
      if (head.framing !== undefined || head.status === 101) {
        this.found = found
        return head
      }
      // Each may have to wait for a slow peer.
      const tooMany = this.interim.add(found.next, exchange)
      if (tooMany !== undefined) return new WireFault('response_head_too_large', tooMany)
      if (head.status === 100) writer.proceed()
      else exchange.inform?.(head.status, head.headers)
      if (found.next === found.buffer.length) return undefined
      bytes = found.buffer.subarray(found.next)
    }
  }

  /** Where the head that `take` returned last was found; once, since it keeps what was read in memory. */
  lastFound(): FoundHead {
    const { found } = this
    if (found === undefined) throw new Error('no head was taken')
    this.found = undefined
    return found
  }
}
