import type { Body } from './body.ts'
import type { TrafficError } from './errors.ts'
import { RelayedBody } from './relayed-body.ts'

/** A body of unknown length that breaks when it gets too long. */
export class LimitedBody extends RelayedBody {
  private readonly limit: number
  private readonly tooLarge: () => TrafficError
  private readonly exceeded: ((error: TrafficError) => void) | undefined
  private received = 0

  /**
   * @param limit octets
   * @param exceeded told of the error before the reader is, who need not be one that listens to the exchange
   */
  constructor(
    inner: Body,
    limit: number,
    tooLarge: () => TrafficError,
    exceeded?: (error: TrafficError) => void,
  ) {
    super(inner)
    this.limit = limit
    this.tooLarge = tooLarge
    this.exceeded = exceeded
  }

  override cancel(error: TrafficError): void {
    this.sink = undefined
    super.cancel(error)
  }

  override write(chunk: Uint8Array): boolean {
    this.received += chunk.byteLength
    if (this.received <= this.limit) return super.write(chunk)
    const { sink } = this
    const error = this.tooLarge()
    this.cancel(error)
    this.exceeded?.(error)
    sink?.fail(error)
    return false
  }
}
