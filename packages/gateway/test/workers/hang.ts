import { unlinkSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

// Loaded into each thread of a gateway by --import: the first worker that finds the file takes it, and never comes back.
const { HANG_ON: file } = process.env
if (file !== undefined && !isMainThread) {
  setInterval(() => {
    try {
      unlinkSync(file)
    } catch {
      return // it is not there, or another one was faster
    }
    for (;;);
  }, 10).unref()
}
