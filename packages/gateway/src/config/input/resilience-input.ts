import type { ByteSize, Duration } from './quantities.ts'
import type { RespondInput } from './traffic-input.ts'

/** Settings that keep failures small; the comments are the descriptions of the schema, as in input.ts. */
export interface HedgeInput {
  /**
   * How long to wait for a response head before a second request is sent: a time, or p50 to p99 for the time in which
   * that percentage of the responses came so far. Default: p95.
   */
  delay?: Duration | `p${number}` | undefined
  /** Further requests at most, each after one more delay. Default: 1. */
  hedges?: number | undefined
}

export interface ConcurrencyInput {
  /** Exchanges per worker at the same time, or adaptive: as many as do not slow the responses down. */
  limit: number | 'adaptive'
  /** Exchanges per worker that may wait, the more important ones first; beyond that: 503. Default: 0. */
  queue?: number | undefined
  /** Longest wait. Default: 1s. */
  queueTimeout?: Duration | undefined
}

export interface FallbackInput {
  /** A fixed answer. */
  respond?: RespondInput | undefined
  /** Another upstream, by name or URL, where the request can be sent again. */
  upstream?: string | undefined
  /** Statuses of the upstream that count as failures, beside having no answer at all. */
  statuses?: number[] | undefined
}

export interface BreakerInput {
  /**
   * What has a circuit: the upstream as a whole, each endpoint, which is then left out while it is open, or both.
   * Default: upstream.
   */
  per?: 'upstream' | 'endpoint' | 'both' | undefined
  /** Opens after so many failures in a row; 0: never for that reason. Default: 5. */
  consecutiveFailures?: number | undefined
  /** Opens when so many percent of the exchanges in the window failed. Default: 50. */
  failurePercent?: number | undefined
  /** An exchange whose response head takes longer is slow. Left out, none is. */
  slowAfter?: Duration | undefined
  /** Opens when so many percent of the exchanges in the window were slow. Default: 80. */
  slowPercent?: number | undefined
  /** The percentages count from so many exchanges in the window on. Default: 20. */
  minimumRequests?: number | undefined
  /** How far back the percentages look. Default: 10s. */
  window?: Duration | undefined
  /** How long it stays open the first time; the time doubles each time that a probe fails. Default: 5s. */
  openFor?: Duration | undefined
  /** Longest time for which it stays open. Default: 1m. */
  maxOpenFor?: Duration | undefined
  /** Exchanges that try whether it is well again; all must succeed. Default: 3. */
  probes?: number | undefined
}

export interface LoadSheddingInput {
  /** How late the event loop of a worker may be on average. Left out, it does not matter. */
  eventLoopDelay?: Duration | undefined
  /** Resident memory of the process. Left out, it does not matter. */
  memory?: ByteSize | undefined
}
