import { unlinkSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

/** In a worker: looks for a file every so many milliseconds, and acts once if it is the first to take it away. */
export function whenTaken(file: string | undefined, interval: number, act: () => void): void {
  if (file === undefined || isMainThread) return
  setInterval(() => {
    try {
      unlinkSync(file)
    } catch {
      return // it is not there, or another one was faster
    }
    act()
  }, interval).unref()
}
