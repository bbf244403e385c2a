import { own } from '../message/own-options.ts'
import type { ErrorCode, TrafficError } from '../message/errors.ts'
import type { Exchange, Outcome, Peer } from '../message/exchange.ts'
import type { Policy } from '../message/handler.ts'
import type { HttpVersion } from '../message/request.ts'
import type { Counter, Gauge } from '../telemetry/counters.ts'
import type { Histogram } from '../telemetry/histogram.ts'

/** What is counted of the exchanges of one route. */
export interface RouteMetrics {
  /** Exchanges under way. */
  readonly active: Gauge
  /** Seconds from the request's head to the end. */
  readonly duration: Histogram
  /** By the first digit of the status; at 0 those that ended without a response. */
  readonly statusClasses: readonly [none: Counter, ...classes: Counter[]]
  /** Bytes of content. */
  readonly requestBytes: Counter
  readonly responseBytes: Counter
  /** By the version that the client speaks. All routes may share these, and those of errors. */
  readonly versions: Readonly<Record<HttpVersion, Counter>>
  readonly errors: Readonly<Record<ErrorCode, Counter>>
}

/** Keeps a record of each exchange, when it has ended. Called on the hot path: it must neither block nor throw. */
export interface AccessLog {
  /** @param duration of the exchange, in milliseconds */
  record(exchange: Exchange, outcome: Outcome, duration: number): void
  /**
   * Keeps a record of what was refused before it was an exchange: by then, nothing that it says of itself can be believed.
   * @param bytesSent of content
   */
  refused?(error: TrafficError, peer: Peer, bytesSent: number): void
}

/** Options of `observe`. */
export interface ObserveOptions {
  /** The route's name. */
  readonly route: string
  readonly metrics: RouteMetrics
  /** None by default. */
  readonly log?: AccessLog | undefined
  /** Whether an exchange is counted; all are logged. Default: all are. */
  readonly counted?: ((exchange: Exchange) => boolean) | undefined
}

/** Counts and logs each exchange when it has ended, however it ends. The outermost policy: it sees what the peer sees. */
export function observe(given: ObserveOptions): Policy {
  const options = own(given)
  const { route, metrics, log, counted } = options
  // One function for all exchanges: what differs between them is handed to it.
  const finished = (exchange: Exchange, outcome: Outcome): void => {
    const duration = exchange.clock.now() - exchange.startedAt
    count(metrics, exchange, outcome, duration)
    log?.record(exchange, outcome, duration)
  }
  const uncounted = (exchange: Exchange, outcome: Outcome): void =>
    log?.record(exchange, outcome, exchange.clock.now() - exchange.startedAt)
  return (next) =>
    function observe(exchange) {
      exchange.route = route
      if (counted?.(exchange) === false) {
        exchange.onFinish(uncounted)
        return next(exchange)
      }
      metrics.active.add(1)
      exchange.onFinish(finished)
      return next(exchange)
    }
}

function count(metrics: RouteMetrics, exchange: Exchange, outcome: Outcome, duration: number): void {
  metrics.active.add(-1)
  metrics.duration.record(duration / 1000)
  const { status } = outcome
  const counter = status === undefined ? undefined : metrics.statusClasses[Math.floor(status / 100)]
  ;(counter ?? metrics.statusClasses[0]).add(1)
  metrics.versions[exchange.request.version].add(1)
  metrics.requestBytes.add(outcome.bytesReceived)
  metrics.responseBytes.add(outcome.bytesSent)
  const code = failureCode(exchange, outcome)
  if (code !== undefined) metrics.errors[code].add(1)
}

/** What went wrong first: the failure that was answered explains more than the peer's leaving after it. */
export function failureCode(exchange: Exchange, outcome: Outcome): ErrorCode | undefined {
  return (exchange.error ?? outcome.error)?.code
}
