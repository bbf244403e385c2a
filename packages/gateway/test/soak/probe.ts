import { appendFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { threadId } from 'node:worker_threads'

/** What one thread of the gateway holds at one moment. */
export interface ThreadSample {
  /** Milliseconds since 1970. */
  readonly time: number
  readonly thread: number
  /** Bytes of live objects, after a garbage collection. */
  readonly heap: number
  /** Bytes of buffers outside the heap. */
  readonly buffers: number
  /** What the event loop waits for, by kind. */
  readonly active: Readonly<Record<string, number>>
}

// Loaded into each thread of the gateway by --import: production code knows nothing of it.
const { SOAK_SAMPLES: file, SOAK_INTERVAL: interval = '1000' } = process.env
if (file !== undefined) {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  setInterval(() => {
    collect()
    const { heapUsed: heap, external: buffers } = process.memoryUsage()
    const active: Record<string, number> = {}
    for (const kind of process.getActiveResourcesInfo()) {
      // Over by the next turn of the event loop: the engine's clock has one after it was held up, as by this collection.
      if (kind !== 'Immediate') active[kind] = (active[kind] ?? 0) + 1
    }
    const sample: ThreadSample = { time: Date.now(), thread: threadId, heap, buffers, active }
    appendFileSync(file, `${JSON.stringify(sample)}\n`)
  }, Number(interval)).unref()
}
