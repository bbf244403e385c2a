import type { BodySink, BodySource } from '../../src/message/body.ts'
import { StreamBody } from '../../src/message/body.ts'
import type { Tunnel } from '../../src/message/response.ts'

/** The far end of a tunnel, in a test's hands: what is written to it, and what becomes of it. */
export class TunnelEnd implements Tunnel, BodySink, BodySource {
  readonly incoming: StreamBody = new StreamBody(undefined, this)
  /** What was written, as text. */
  text = ''
  /** How many times something was written. */
  writes = 0
  /** `end` or `fail`, once the other end has said so. */
  over: 'end' | 'fail' | undefined
  /** Whether nobody wants what comes from here any more. */
  isUnwanted = false
  /** Whether it takes more. */
  hasRoom = true
  /** Whether what comes from here must wait. */
  waits = true
  private drainListener: (() => void) | undefined
  private goneListener: (() => void) | undefined

  get outgoing(): BodySink {
    return this
  }

  onDrain(listener: () => void): void {
    this.drainListener = listener
  }

  onGone(listener: () => void): void {
    this.goneListener = listener
  }

  /** It has room again. */
  drain(): void {
    this.hasRoom = true
    this.drainListener?.()
  }

  /** Its peer is lost. */
  cut(): void {
    this.goneListener?.()
  }

  /** Bytes come from its peer. */
  push(text: string): void {
    if (!this.incoming.push(Buffer.from(text, 'latin1'))) this.waits = true
  }

  write(chunk: Uint8Array): boolean {
    this.text += Buffer.from(chunk).toString('latin1')
    this.writes++
    return this.hasRoom
  }

  end(): void {
    this.over = 'end'
  }

  fail(): void {
    this.over = 'fail'
  }

  resumeBody(): void {
    this.waits = false
  }

  cancelBody(): void {
    this.isUnwanted = true
  }
}
