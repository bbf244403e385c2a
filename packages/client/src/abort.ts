import { type Exchange, type Handler, type HttpResponse, TrafficError } from '@headgate/core'

/** Gives the exchange up when the caller's signal fires, wherever it stands: queue, back-off, DNS, connect, head or body. */
export function cancelOnAbort(exchange: Exchange, signal: AbortSignal): void {
  if (signal.aborted) return exchange.cancel(aborted(signal))
  const abort = (): void => exchange.cancel(aborted(signal))
  signal.addEventListener('abort', abort, { once: true })
  exchange.onFinish(() => signal.removeEventListener('abort', abort))
}

/** As `handler`, but rejects as soon as the exchange is given up, even if what is inside does not listen. */
export function untilCancelled(exchange: Exchange, handler: Handler): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const waiter = { cancelled: reject }
    exchange.occupy(waiter)
    handler(exchange)
      .finally(() => exchange.release(waiter))
      .then((response: HttpResponse | undefined) => {
        // Written in plain JavaScript, a policy may resolve with anything: who delivers it answers for that.
        resolve(response as HttpResponse)
        // Nobody takes what comes now.
        if (exchange.cancellation !== undefined) response?.body.cancel(exchange.cancellation)
      }, reject)
  })
}

/** The failure of what a signal has ended. */
export function aborted(signal: AbortSignal): TrafficError {
  const reason: unknown = signal.reason
  const timedOut = reason instanceof DOMException && reason.name === 'TimeoutError'
  const message = timedOut ? 'the timeout of the caller’s signal passed' : 'the caller gave the call up'
  return new TrafficError('cancelled', message, { cause: reason })
}
