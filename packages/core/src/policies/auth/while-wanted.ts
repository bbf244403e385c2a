import type { TrafficError } from '../../message/errors.ts'
import type { Exchange } from '../../message/exchange.ts'

/** Waits for work that others may wait for, too; rejects with the cancellation when this exchange is given up meanwhile. */
export function whileWanted<Value>(work: Promise<Value>, exchange: Exchange): Promise<Value> {
  return new Promise((resolve, reject) => {
    if (exchange.cancellation !== undefined) {
      // It goes on without us, and its failure concerns others.
      work.catch(() => {})
      return reject(exchange.cancellation)
    }
    const worker = {
      cancelled(error: TrafficError): void {
        reject(error)
      },
    }
    exchange.occupy(worker)
    const settled = (): void => exchange.release(worker)
    work.then(resolve, reject).then(settled, settled)
  })
}
