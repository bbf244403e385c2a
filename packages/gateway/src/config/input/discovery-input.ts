import type { Duration } from './quantities.ts'
/** How endpoints are found while the gateway runs; the comments are the descriptions of the schema, as in input.ts. */
export interface DiscoveryInput {
  /** DNS, for endpoints with dns or srv. */
  dns?: DnsDiscoveryInput | undefined
}

export interface DnsDiscoveryInput {
  /** Name servers to ask, as 10.0.0.2 or [::1]:5353. Left out: those of the system. */
  resolvers?: string[] | undefined
  /** Shortest wait before a name is asked for again, however short its time to live is. Default: 1s. */
  minInterval?: Duration | undefined
  /** Longest wait, however long its time to live is. Default: 5m. */
  maxInterval?: Duration | undefined
  /** Longest wait for the answer of one name server. Default: 2s. */
  timeout?: Duration | undefined
}

export interface DiscoveredInput {
  /**
   * A name, with its port, whose addresses (A and AAAA) are endpoints, in place of url: they are looked up while the
   * gateway runs, again and again.
   */
  dns?: string | undefined
  /**
   * A service, such as _http._tcp.orders.internal, whose SRV records tell the endpoints with their ports, weights and
   * priorities, in place of url.
   */
  srv?: string | undefined
  /** How endpoints that DNS tells are spoken to. Left out: http. */
  scheme?: 'http' | 'https' | undefined
}
