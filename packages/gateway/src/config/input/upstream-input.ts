import type { Duration } from './quantities.ts'
import type { BalancingInput } from './balancing-input.ts'
import type { DiscoveredInput } from './discovery-input.ts'
import type { FailoverInput } from './failover-input.ts'
import type { BreakerInput, ConcurrencyInput } from './resilience-input.ts'

/** An upstream as it is written; the comments are the descriptions of the schema, as in input.ts. */
export interface UpstreamInput extends BalancingInput, FailoverInput {
  /** The addresses among which requests are spread. */
  endpoints: EndpointInput[]
  /** Connections to each endpoint. */
  pool?: PoolInput | undefined
  /** Instead of the timeouts of the whole gateway. */
  timeouts?: UpstreamTimeoutsInput | undefined
  /** Stop sending for a while where the upstream as a whole, or an endpoint, keeps failing. Left out: never. */
  breaker?: BreakerInput | undefined
  /** How many exchanges may be under way to it, of all routes together. */
  concurrency?: ConcurrencyInput | undefined
  /** TLS towards the https endpoints. */
  tls?: UpstreamTlsInput | undefined
}

export interface EndpointInput extends DiscoveredInput {
  /** http://host:port, https://host:port, or unix:/run/app.sock (https+unix: with TLS) for a unix socket. */
  url?: string | undefined
  /** Share of the requests, relative to the other endpoints. Default: 1. */
  weight?: number | undefined
  /** When it is used: those with 0 first, those with a higher number when too few of those before them are usable. Default: 0. */
  priority?: number | undefined
  /** Where it is. */
  zone?: string | undefined
}

export interface PoolInput {
  /** Connections per endpoint and worker. Default: 1024. */
  maxConnections?: number | undefined
  /** Exchanges per endpoint and worker that may wait for a connection; beyond that: 503. Default: 1024. */
  maxPending?: number | undefined
  /** Longest wait for a free connection. Default: 5s. */
  pendingTimeout?: Duration | undefined
  /**
   * How long an unused connection is kept; keep it below the origin's own limit, or requests meet connections
   * that the origin is closing. Default: 60s.
   */
  idleTimeout?: Duration | undefined
  /**
   * Age at which a connection is replaced, spread at random, so that changes of DNS are noticed. Default: 10m.
   */
  maxAge?: Duration | undefined
}

export interface UpstreamTimeoutsInput {
  /** Longest wait for a connection to these endpoints, TLS included. */
  connect?: Duration | undefined
}

export interface UpstreamTlsInput {
  /** PEM file with the authorities to trust instead of the well-known ones. */
  ca?: string | undefined
  /** The name to ask for and to verify, instead of the URL's host. */
  servername?: string | undefined
  /** Verify the endpoint's certificate; false is for tests only. Default: true. */
  verify?: boolean | undefined
}
