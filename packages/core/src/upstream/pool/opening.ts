import type { TrafficError } from '../../message/errors.ts'
import type { Cancellable } from '../../message/exchange.ts'
import type { CancelScope } from '../connect/connect.ts'

/** A connection being opened, which may be given up before it is there. */
export class Opening implements CancelScope {
  cancellation: TrafficError | undefined
  private worker: Cancellable | undefined

  occupy(worker: Cancellable): void {
    this.worker = worker
  }

  release(worker: Cancellable): void {
    if (this.worker === worker) this.worker = undefined
  }

  cancel(error: TrafficError): void {
    this.cancellation ??= error
    this.worker?.cancelled(error)
  }
}
