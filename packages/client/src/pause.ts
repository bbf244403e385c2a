import type { Clock } from '@headgate/core'
import { aborted } from './abort.ts'
import { holdProcess, releaseProcess } from './process-hold.ts'

/** Waits `delay` milliseconds. Rejects with TrafficError `cancelled` when the signal fires. */
export function pause(delay: number, clock: Clock, signal: AbortSignal | null | undefined): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    if (signal?.aborted) return reject(aborted(signal))
    const abort = (): void => {
      timer.disarm()
      releaseProcess()
      // It is what has fired.
      reject(aborted(signal as AbortSignal))
    }
    const timer = clock.timer(() => {
      signal?.removeEventListener('abort', abort)
      releaseProcess()
      resolve()
    })
    holdProcess()
    signal?.addEventListener('abort', abort, { once: true })
    timer.arm(delay)
  })
}
