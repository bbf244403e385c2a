import type { Body, BodySink } from './body.ts'
import type { TrafficError } from './errors.ts'

/**
 * A body that can be made again: each attempt gets a fresh one. It is made when it begins to flow, so that an attempt that
 * never gets that far opens nothing.
 */
export class ReplayBody implements Body {
  readonly length: number | undefined
  readonly whole: undefined = undefined
  private readonly make: () => Body
  private current: Body | undefined
  private cancellation: TrafficError | undefined

  /**
   * @param make returns a new body with the same content each time; what it throws breaks the attempt
   * @param length in bytes, where it is known
   */
  constructor(make: () => Body, length?: number) {
    this.make = make
    this.length = length
  }

  /** The same content once more, from the start. */
  replay(): Body {
    return new ReplayBody(this.make, this.length)
  }

  /** @throws TypeError if it flows already: a fresh one is had by `replay` */
  flowTo(sink: BodySink): void {
    if (this.current !== undefined) throw new TypeError('this body flows already: replay() makes a fresh one')
    if (this.cancellation !== undefined) return sink.fail(this.cancellation)
    this.current = this.make()
    this.current.flowTo(sink)
  }

  resume(): void {
    this.current?.resume()
  }

  cancel(error: TrafficError): void {
    this.cancellation ??= error
    this.current?.cancel(error)
  }
}

/** The request's body for a further attempt: the same where it is here or was not touched, else a fresh one. */
export function replayed(body: Body): Body {
  return body.replay?.() ?? body
}

/** Whether the content can be sent again from the start. */
export function canReplay(body: Body): boolean {
  return body.whole !== undefined || body.replay !== undefined
}
