import { type Exchange, TrafficError } from '@headgate/core'

/** Gives the exchange up when the caller's signal fires, wherever it stands: queue, back-off, DNS, connect, head or body. */
export function cancelOnAbort(exchange: Exchange, signal: AbortSignal): void {
  if (signal.aborted) return exchange.cancel(aborted(signal))
  const abort = (): void => exchange.cancel(aborted(signal))
  signal.addEventListener('abort', abort, { once: true })
  exchange.onFinish(() => signal.removeEventListener('abort', abort))
}

/** The failure of what a signal has ended. */
export function aborted(signal: AbortSignal): TrafficError {
  const reason: unknown = signal.reason
  const timedOut = reason instanceof DOMException && reason.name === 'TimeoutError'
  const message = timedOut ? 'the timeout of the caller’s signal passed' : 'the caller gave the call up'
  return new TrafficError('cancelled', message, { cause: reason })
}
