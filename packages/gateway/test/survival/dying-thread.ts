import { unlinkSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

// Loaded into each thread of a gateway by --import: the first worker that finds the file takes it, and is gone in that instant,
// whatever it is at.
const { DIE_ON: file } = process.env
if (file !== undefined && !isMainThread) {
  setInterval(() => {
    try {
      unlinkSync(file)
    } catch {
      return // it is not there, or another one was faster
    }
    process.exit(9)
  }, 1).unref()
}
