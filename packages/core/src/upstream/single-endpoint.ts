import type { Handler } from '../message/handler.ts'
import { type ConnectionOptions, type EndpointOptions, endpointParts } from './endpoint/endpoint-open.ts'
import type { EndpointParts } from './endpoint/endpoint.ts'
import type { PoolStats } from './pool/pool-options.ts'
import { sendThrough } from './pool/send.ts'

/**
 * An endpoint with its pool, for those who have one and no choice, as a client has for each origin: an `Upstream` without what compares
 * endpoints, checks them or follows a list of them.
 */
export class SingleEndpoint {
  private readonly parts: EndpointParts

  /** @throws TypeError if its URL, address or path, or an option, is not valid */
  constructor(endpoint: EndpointOptions, options: ConnectionOptions) {
    this.parts = endpointParts(endpoint, options)
  }

  /** Sends the exchange to the endpoint. */
  readonly handler: Handler = (exchange) => {
    // Given up while a policy was at it: an idle connection would be used up for nothing.
    if (exchange.cancellation !== undefined) return Promise.reject(exchange.cancellation)
    const { name, authority, pool } = this.parts
    exchange.endpoint = name
    exchange.choices = 1
    if (!exchange.preserveHost) exchange.request.authority = authority
    // Where no retry policy counts, there is one.
    if (exchange.attempts === 0) exchange.attempts = 1
    return sendThrough(pool, exchange)
  }

  stats(): PoolStats {
    return this.parts.pool.stats()
  }

  /** Takes no more exchanges, and resolves when those it has are finished and all connections closed. */
  drain(): Promise<void> {
    return this.parts.pool.drain()
  }

  /** Closes all connections now. */
  destroy(): void {
    this.parts.pool.destroy()
  }
}
