import type { Body } from './body.ts'
import type { TrafficError } from './errors.ts'
import { RelayedBody } from './relayed-body.ts'

/** A body that breaks at the first chunk that must not go on; nothing of that chunk passes. */
export class JudgedBody extends RelayedBody {
  private readonly judge: (chunk: Uint8Array) => TrafficError | undefined
  private readonly exceeded: ((error: TrafficError) => void) | undefined

  /**
   * @param judge returns why a chunk must not go on, undefined for one that may
   * @param exceeded told of the error before the reader is, who need not be one that listens to the exchange
   */
  constructor(
    inner: Body,
    judge: (chunk: Uint8Array) => TrafficError | undefined,
    exceeded?: (error: TrafficError) => void,
  ) {
    super(inner)
    this.judge = judge
    this.exceeded = exceeded
  }

  override cancel(error: TrafficError): void {
    this.sink = undefined
    super.cancel(error)
  }

  override write(chunk: Uint8Array): boolean {
    const error = this.judge(chunk)
    if (error === undefined) return super.write(chunk)
    const { sink } = this
    this.cancel(error)
    this.exceeded?.(error)
    sink?.fail(error)
    return false
  }
}
