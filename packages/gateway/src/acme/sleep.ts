import type { Clock } from '@headgate/core'

/** Waits by the clock. Rejects with the signal's reason where that comes first. */
export function sleep(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error)
    const end = (): void => {
      timer.disarm()
      reject(signal.reason as Error)
    }
    const timer = clock.timer(() => {
      signal.removeEventListener('abort', end)
      resolve()
    })
    signal.addEventListener('abort', end, { once: true })
    timer.arm(milliseconds)
    return undefined
  })
}
