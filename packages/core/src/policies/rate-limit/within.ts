import type { TrafficError } from '../../message/errors.ts'
import type { Exchange } from '../../message/exchange.ts'

/**
 * Waits for a promise that knows nothing of deadlines; rejects after `limit` milliseconds, or with the cancellation when the
 * exchange is given up.
 */
export async function within<Value>(
  promise: Promise<Value>,
  limit: number,
  exchange: Exchange,
): Promise<Value> {
  const value = await race(promise, limit, exchange)
  // It may have been given up in the same tick; nobody is told of it again.
  if (exchange.cancellation !== undefined) throw exchange.cancellation
  return value
}

function race<Value>(promise: Promise<Value>, limit: number, exchange: Exchange): Promise<Value> {
  return new Promise((resolve, reject) => {
    if (exchange.cancellation !== undefined) return reject(exchange.cancellation)
    const leave = (): void => {
      timer.disarm()
      exchange.release(worker)
    }
    const worker = {
      cancelled(error: TrafficError): void {
        leave()
        reject(error)
      },
    }
    const timer = exchange.clock.timer(() => {
      leave()
      reject(new Error(`no answer within ${limit} ms`))
    })
    exchange.occupy(worker)
    timer.arm(limit)
    promise.then(resolve, reject).finally(leave)
  })
}
