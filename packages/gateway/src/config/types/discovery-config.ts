/** How endpoints are found while the gateway runs. */
export interface DiscoveryConfig {
  readonly dns: DnsDiscoveryConfig
}

/** Times in milliseconds. */
export interface DnsDiscoveryConfig {
  /** `10.0.0.2` or `[::1]:5353`; absent: those of the system. */
  readonly resolvers?: readonly string[] | undefined
  readonly minInterval: number
  readonly maxInterval: number
  readonly timeout: number
}

/** What of an endpoint says that DNS finds it. One of these, or a URL. */
export interface DiscoveredConfig {
  /** `host` or `host:port`. */
  readonly dns?: string | undefined
  /** `_service._protocol.domain`. */
  readonly srv?: string | undefined
  /** Absent: http. */
  readonly scheme?: 'http' | 'https' | undefined
}
