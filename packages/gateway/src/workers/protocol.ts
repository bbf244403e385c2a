import type { LogEntry } from '../features/handlers/handler-context.ts'
import type { Refusal } from '../features/refusals.ts'
import type { MessagePort } from 'node:worker_threads'
import type { SeriesList, SharedMetrics } from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import type { SharedData } from '../shared.ts'
import type { UpstreamStates } from '../upstreams/upstreams.ts'
import type { StartFailure } from './start-failure.ts'
import type { ChallengeAnswers } from '../features/tls/challenges.ts'
import type { TicketKeys } from '../features/tls/session-tickets.ts'
import type { TlsMaterial } from '../listen/listen.ts'
import type { GeoFile } from '../features/geo/geo-files.ts'

/** All that a worker is given, at its birth. */
export interface WorkerStart {
  readonly shared: SharedData
  /** With the listeners of this worker only, and with real ports where they are known. */
  readonly config: GatewayConfig
  /** Where it counts, and a crashed forerunner counted. */
  readonly metrics: SharedMetrics
  /** Where it shows that its event loop turns. */
  readonly heartbeat: SharedArrayBuffer
  /** Whether other workers bind the same ports. */
  readonly reusePort: boolean
  /** Whether it takes the place of one that served, and should rather serve without a log than not at all. */
  readonly replacement: boolean
  readonly loopKey: Uint8Array
  /** Its number among the threads that share the cache. */
  readonly cacheThread: number
  /** The way to the index of the cache on disk. */
  readonly diskPort: MessagePort
}

/** A further configuration: to be compiled, its listeners to be bound, and not yet to be put in force. */
export interface Prepare {
  readonly type: 'prepare'
  readonly shared: SharedData
  /** As at birth, but for the routes. */
  readonly config: GatewayConfig
  /**
   * The routes, each as the JSON text that is its identity: a worker reads only those that it does not have, and no
   * request waits while it reads 10,000.
   */
  readonly routes: readonly string[]
  /** What it may not know yet of what is counted. */
  readonly series: SeriesList
}

/** What the supervisor asks a worker; each is answered. */
export type WorkerQuestion =
  | Prepare
  /** Puts what was prepared last in force; upstreams that stay may get other endpoints. */
  | { readonly type: 'commit'; readonly upstreamStates: UpstreamStates }
  /** Endpoints have come or gone, and may be counted. */
  | {
      readonly type: 'use-endpoints'
      readonly upstreamStates: UpstreamStates
      readonly series: SeriesList
    }
  /** Forgets what was prepared last. */
  | { readonly type: 'abort' }
  /** Puts other databases of addresses in force. */
  | { readonly type: 'use-geo'; readonly geo: readonly GeoFile[] }
  /** Takes other certificates and authorities in place of those of the same setting; `gone` are served no more. */
  | {
      readonly type: 'use-tls-material'
      readonly material: TlsMaterial
      readonly gone: readonly string[]
    }
  /** Answers authorities that look whether a name is ours. */
  | { readonly type: 'use-challenges'; readonly answers: ChallengeAnswers }
  /** Makes tickets of sessions with the first of these keys, and accepts those of all. */
  | { readonly type: 'use-ticket-keys'; readonly keys: TicketKeys }
  /** What a survey asks of each, by the name of the question (`surveys/`). */
  | { readonly type: 'survey'; readonly name: string; readonly asked: unknown }

/** What the supervisor tells a worker. */
export type WorkerOrder =
  /** To stop accepting, finish what is in flight, and say so. */
  | { readonly type: 'drain' }
  | { readonly type: 'question'; readonly id: number; readonly question: WorkerQuestion }

/** The ports of the listeners, in their order; undefined for unix sockets. */
export type Ports = readonly (number | undefined)[]

/** What a worker tells the supervisor. */
export type WorkerReport =
  /** All listeners are bound. */
  | { readonly type: 'listening'; readonly ports: Ports }
  /** It could not start; nothing is bound. */
  | { readonly type: 'failed'; readonly failure: StartFailure }
  /** Something that operators should know. */
  | { readonly type: 'notice'; readonly message: string }
  /** Somebody was not let in. */
  | { readonly type: 'refusal'; readonly refusal: Refusal }
  /** What a handler writes into the log. */
  | { readonly type: 'log'; readonly entry: LogEntry }
  /** The answer to a question: what was asked for, or why not. */
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'refused'; readonly id: number; readonly failure: StartFailure }
  /** All exchanges are finished and all is written: the thread may be ended. */
  | { readonly type: 'drained'; readonly cut: number }
