import type { GatewayConfig } from '../config/config.ts'
import type { StartFailure } from './start-failure.ts'

/** All that a worker is given, at its birth. */
export interface WorkerStart {
  /** With the listeners of this worker only, and with real ports where they are known. */
  readonly config: GatewayConfig
  /** Made by the supervisor, so that what a crashed worker counted is not lost. */
  readonly metricMemory: SharedArrayBuffer
  /** Where it shows that its event loop turns. */
  readonly heartbeat: SharedArrayBuffer
  /** Whether other workers bind the same ports. */
  readonly reusePort: boolean
  /** Whether it takes the place of one that served, and should rather serve without a log than not at all. */
  readonly replacement: boolean
  /** TLS session ticket keys, 48 octets, the same for all workers. */
  readonly ticketKeys: Uint8Array
}

/** What the supervisor tells a worker: stop accepting, finish what is in flight, and say so. */
export interface Drain {
  readonly type: 'drain'
}

/** What a worker tells the supervisor. */
export type WorkerReport =
  /** All listeners are bound; the ports in the order of the listeners, undefined for unix sockets. */
  | { readonly type: 'listening'; readonly ports: readonly (number | undefined)[] }
  /** It could not start; nothing is bound. */
  | { readonly type: 'failed'; readonly failure: StartFailure }
  /** Something that operators should know. */
  | { readonly type: 'notice'; readonly message: string }
  /** All exchanges are finished and all is written: the thread may be ended. */
  | { readonly type: 'drained'; readonly cut: number }
