import type { ByteRate, ByteSize, Duration, Off, Zero } from './quantities.ts'
export interface LimitsInput {
  /** Size of a request or response head; a larger request head is answered with 431. Default: 16KiB. */
  head?: ByteSize | undefined
  /** Number of header fields of a message; a request with more is answered with 431. Default: 100. */
  fields?: number | undefined
  /** Length of a request target; a longer one is answered with 414. Default: 8KiB. */
  target?: ByteSize | undefined
  /** Size of a request body; a larger one is answered with 413. Left out, or off, there is no limit. */
  body?: ByteSize | Zero | Off | undefined
}

export interface RouteLimitsInput {
  /** Size of a request body on this route, instead of limits.body; off: no limit. */
  body?: ByteSize | Zero | Off | undefined
}

export interface TimeoutsInput {
  /** Longest wait for a connection to an endpoint, TLS included. Default: 5s. */
  connect?: Duration | undefined
  /** Longest wait for a client to send its whole request head. Default: 30s. */
  requestHead?: Duration | undefined
  /** Longest wait for an endpoint to answer with its response head once it has the request; off: for ever. Default: 30s. */
  responseHead?: Duration | Off | undefined
  /**
   * Longest pause within a body, on either side; off: none is too long, as long as clients keep to minimumByteRate.
   * Default: 30s.
   */
  bodyIdle?: Duration | Off | undefined
  /**
   * Longest pause within a response that is a stream by its type (text/event-stream, NDJSON, multipart/x-mixed-replace,
   * gRPC and their like), and within a WebSocket or another tunnel; off: none is too long. Default: 1h.
   */
  streamIdle?: string | false | undefined
  /** How long an idle connection of a client is kept open for its next request. Default: 75s. */
  keepAlive?: Duration | undefined
  /**
   * How long a client that has closed its sending side, and takes nothing, is still answered: it may have left. 0: not at
   * all; off: however long it takes. Default: 500ms.
   */
  halfClosed?: string | 0 | false | undefined
  /** Longest duration of a whole exchange, retries included. Left out, or off, there is no limit. */
  exchange?: Duration | Off | undefined
  /** How long the event loop of a worker may be held up before the worker is replaced; 0: for ever. Default: 10s. */
  workerStall?: Duration | Zero | undefined
}

export interface RouteTimeoutsInput {
  /** Longest wait for the response head of one try; then the next one may begin. */
  attempt?: Duration | undefined
  /** Instead of timeouts.responseHead; off: for ever. */
  responseHead?: Duration | Off | undefined
  /** Instead of timeouts.bodyIdle; off: none is too long, as long as clients keep to minimumByteRate. */
  bodyIdle?: Duration | Off | undefined
  /** Instead of timeouts.streamIdle; off: none is too long. */
  streamIdle?: string | false | undefined
}

export interface MinimumByteRateInput {
  /** Slowest rate at which a peer may send a body; 0 turns the check off. Default: 240B/s. */
  rate?: ByteRate | Zero | undefined
  /** How long a peer may be slower than that. Default: 30s. */
  grace?: Duration | undefined
}
