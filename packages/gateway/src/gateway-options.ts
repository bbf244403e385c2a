import type { MessagePort } from 'node:worker_threads'
import type { AccessLog, Clock, MetricRegistry } from '@headgate/core'
import type { GeoFile } from './features/geo/geo-files.ts'
import type { LogEntry } from './features/handlers/handler-context.ts'
import type { Refusal } from './features/refusals.ts'
import type { StackOptions } from './layers/layer.ts'
import type { SharedData } from './shared.ts'

/** What an embedder, or a worker thread, may give a gateway. */
export interface GatewayOptions {
  readonly clock?: Clock
  /** Where to count. Default: memory of its own. */
  readonly metrics?: MetricRegistry
  /** Where access-log lines go. Default: nowhere. */
  readonly accessLog?: AccessLog
  /** Whether other threads bind the same ports. Default false. */
  readonly reusePort?: boolean
  /** By which it knows its own requests again, shared by all threads. Default: one of its own. */
  readonly loopKey?: Uint8Array
  /** What all threads share, as the one has made it that looks for endpoints and checks them. Default: this thread is alone. */
  readonly shared?: SharedData
  /** The number of this thread among those that share a cache: see `workerThread`. Default: it is alone. */
  readonly cacheThread?: number
  /** The way to the thread that has the index of the cache on disk. Default: this one has it. */
  readonly diskPort?: MessagePort
  /** The databases of addresses. Default: read here, and not again. */
  readonly geo?: readonly GeoFile[]
  /** Told who was not let in. Default: nobody. */
  readonly onRefusal?: (refusal: Refusal) => void
  /** Told what handlers write into the log. Default: nobody. */
  readonly onLog?: (entry: LogEntry) => void
  /** What is done to all stacks: policies of the embedder's own. */
  readonly stack?: StackOptions
}

/** How a gateway came to its end. */
export interface CloseReport {
  /** Connections that had to be cut off because their exchanges did not end in time. */
  readonly cut: number
}
