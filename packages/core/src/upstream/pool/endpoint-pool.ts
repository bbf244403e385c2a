import type { Exchange } from '../../message/exchange.ts'
import type { PooledConnection } from './pool-entry.ts'
import type { PoolStats } from './pool-options.ts'

/** The connections to one endpoint, as the endpoint and its upstream see them. */
export interface EndpointPool {
  /** The endpoint, for messages. */
  readonly name: string
  /**
   * Connections of HTTP/1.1 for what those of HTTP/2 have no form for: a switch of protocols, and what the endpoint takes over HTTP/1.1
   * alone. Bounded as these are, each for itself.
   * Undefined where the endpoint speaks one version alone.
   */
  readonly upgrades: EndpointPool | undefined
  /** Where an exchange is to be sent: the connections of HTTP/1.1, if the endpoint has asked for that lately. */
  readonly preferred: EndpointPool
  /** Exchanges that are served or wait: what balancers go by. */
  readonly load: number
  /**
   * A connection for one exchange. At once, without a promise, where one is idle: that is the hot path.
   * Rejects with TrafficError `pool_queue_full`, `pool_queue_timeout`, `deadline_exceeded`, `shutting_down`, the
   * cancellation of the exchange, or what made opening a connection fail.
   */
  acquire(exchange: Exchange): PooledConnection | Promise<PooledConnection>
  stats(): PoolStats
  /** Keeps no connection idle from now on. Exchanges that were on their way here are served all the same. */
  retire(): void
  /** Sends no further exchange on the connections that there are; those that are under way on them finish. */
  renew(): void
  /** Takes no more exchanges, serves those that it has, and resolves when the last connection is gone. */
  drain(): Promise<void>
  /** Ends everything now: waiting exchanges fail with `shutting_down`, those on a connection as it says. */
  destroy(): void
}
