import type { Body, BodySink } from '../../message/body.ts'
import type { TrafficError } from '../../message/errors.ts'

/** Several bodies as one, one behind the other: the next begins when the one before has ended. */
export class JoinedBody implements Body, BodySink {
  readonly length: number
  readonly whole: undefined = undefined
  private readonly bodies: readonly Body[]
  private at = 0
  private sink: BodySink | undefined
  private hasRoom = true
  /** One has ended, and the sink has asked to wait before the next. */
  private isBetween = false
  private isOver = false

  /** @param bodies at least one, of known length, of which nobody has read */
  constructor(bodies: readonly Body[], length: number) {
    this.bodies = bodies
    this.length = length
  }

  get holdsNothing(): boolean {
    return this.sink?.holdsNothing === true
  }

  flowTo(sink: BodySink): void {
    this.sink = sink
    this.current()?.flowTo(this)
  }

  resume(): void {
    this.hasRoom = true
    const starts = this.isBetween
    this.isBetween = false
    if (starts) this.current()?.flowTo(this)
    else this.current()?.resume()
  }

  cancel(error: TrafficError): void {
    if (this.isOver) return
    this.isOver = true
    for (const body of this.bodies.slice(this.at)) body.cancel(error)
  }

  write(chunk: Uint8Array): boolean {
    // One that is here whole goes on whatever it is told.
    if (this.isOver) return true
    this.hasRoom = this.sink?.write(chunk) ?? true
    return this.hasRoom
  }

  end(): void {
    if (this.isOver) return
    this.at++
    if (this.at === this.bodies.length) {
      this.isOver = true
      this.sink?.end()
    } else if (this.hasRoom) this.current()?.flowTo(this)
    else this.isBetween = true
  }

  fail(error: TrafficError): void {
    if (this.isOver) return
    this.isOver = true
    for (const body of this.bodies.slice(this.at + 1)) body.cancel(error)
    this.sink?.fail(error)
  }

  private current(): Body | undefined {
    return this.isOver ? undefined : this.bodies[this.at]
  }
}
