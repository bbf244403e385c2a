import { parentPort, workerData } from 'node:worker_threads'
import {
  SharedRateLimitStore,
  type SharedRateLimitOptions,
} from '../../src/policies/rate-limit/shared-rate-limit-store.ts'

/** What the thread is to do, and how all threads start at the same moment. */
export interface TakeInThread {
  readonly options: SharedRateLimitOptions
  readonly takes: number
  readonly keys: number
  readonly gate: SharedArrayBuffer
}

const { options, takes, keys, gate } = workerData as TakeInThread
const store = new SharedRateLimitStore(options)
Atomics.wait(new Int32Array(gate), 0, 0)
const allowed = new Array<number>(keys).fill(0)
for (let index = 0; index < takes; index++) {
  const key = index % keys
  if (store.take(`key ${key}`, 1, 1_000_000, 0).allowed) allowed[key] = (allowed[key] ?? 0) + 1
}
parentPort?.postMessage(allowed)
