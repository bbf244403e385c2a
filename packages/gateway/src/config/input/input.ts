import type { Duration, Zero } from './quantities.ts'
import type { LoadSheddingInput } from './resilience-input.ts'
import type { PathsInput } from './path-input.ts'
import type { RateLimitInput } from './rate-limit-input.ts'
import type { RouteInput, SharedSettingsInput } from './route-input.ts'
import type { DiscoveryInput } from './discovery-input.ts'
import type { GeoInput } from './geo-input.ts'
import type { LimitsInput, MinimumByteRateInput, TimeoutsInput } from './limits-input.ts'

import type { ZoneInput } from './failover-input.ts'
import type { UpstreamInput } from './upstream-input.ts'
import type { AdminTokenInput, ReloadInput, VersionsInput } from './change-input.ts'

export type * from './route-input.ts'
export type * from './upstream-input.ts'

/**
 * What is written in a configuration file; in TypeScript through `defineConfig`. Durations (`250ms`, `30s`,
 * `5m`, `1h`), sizes (`64KiB`, `10MB`) and rates (`240B/s`) are texts with their unit, so nobody has to guess.
 * The comments are the descriptions of the schema, word for word; a test keeps them so.
 */
export interface GatewayConfigInput {
  // Left to whoever writes it.
  [own: `x-${string}`]: unknown
  /** The JSON Schema that an editor should use; the gateway ignores it. */
  $schema?: string | undefined
  /** Worker threads. Left out: one per core. */
  workers?: number | undefined
  /** Where clients connect. */
  listeners?: ListenerInput[] | undefined
  /** Health, metrics and configuration for operators; false: none. */
  admin?: false | 'off' | AdminInput | undefined
  /** When a changed configuration is put in force. */
  reload?: ReloadInput | undefined
  /** The configurations that were applied, to go back to. */
  versions?: VersionsInput | undefined
  /** IP addresses and CIDR ranges of proxies in front, whose forwarding fields are believed. */
  trustedProxies?: string[] | undefined
  /** What paths may hold that not every server reads alike. */
  paths?: PathsInput | undefined
  /** What a message may measure. */
  limits?: LimitsInput | undefined
  /** How long anything may take. */
  timeouts?: TimeoutsInput | undefined
  /** Ends exchanges with peers that trickle bytes to hold a connection; off: none. */
  minimumByteRate?: false | 'off' | MinimumByteRateInput | undefined
  /** The way to stop. */
  drain?: DrainInput | undefined
  /** What upstreams are told about the client. */
  forwarding?: ForwardingInput | undefined
  /** An id per request, for logs and upstreams; false: none. */
  requestId?: false | 'off' | RequestIdInput | undefined
  /** One JSON line per exchange; false: none. */
  accessLog?: false | 'off' | AccessLogInput | undefined
  /** Where this gateway is: endpoints of its zone come before others of the same priority. Left out: zones do not matter. */
  zone?: ZoneInput | undefined
  /** Named groups of endpoints. */
  upstreams?: Record<string, UpstreamInput> | undefined
  /** How endpoints are found while the gateway runs. */
  discovery?: DiscoveryInput | undefined
  /** Where clients are: for match.geo, the variables of templates and the keys of rate limits. */
  geo?: GeoInput | undefined
  /**
   * Refuse requests while the gateway itself has too much to do: low importance from 75 % of a limit on, normal from
   * 100 %, high from 125 %.
   */
  loadShedding?: LoadSheddingInput | undefined
  /**
   * Honour the time that a client gives a request, in X-Request-Timeout (seconds) or grpc-timeout, where it is shorter
   * than ours, and tell upstreams what is left of it. Default: true.
   */
  deadlines?: boolean | undefined
  /** Named rate limits: each counts for all routes that name it. */
  rateLimits?: Record<string, RateLimitInput> | undefined
  /**
   * Settings that every route has unless a group or the route itself sets them; its responseHeaders hold for answers
   * without a route, too.
   */
  defaults?: SharedSettingsInput | undefined
  /** Named settings that routes share: those have them that name the group in use. */
  groups?: Record<string, SharedSettingsInput> | undefined
  /** Which requests go where. */
  routes: RouteInput[]
}

export interface ListenerInput {
  /** Where to listen: host:port, :port for every address of the machine, or unix:/path. */
  address: string
  /** Serve HTTPS with this certificate; left out, the listener serves plain HTTP. */
  tls?: ListenerTlsInput | undefined
  /** Open connections per worker, as far as there are file descriptors; beyond that, new ones are answered with 503. Default: 50000. */
  maxConnections?: number | undefined
}

export interface ListenerTlsInput {
  /** PEM file with the certificate chain, the own certificate first. */
  cert: string
  /** PEM file with the private key. */
  key: string
  /** The oldest version of TLS that is accepted. Default: TLSv1.2. */
  minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
}

export interface AdminInput {
  /** Where the admin endpoints listen; keep it away from the public. Default: 127.0.0.1:9901. */
  address?: string | undefined
  /** Names by which the admin endpoints may be asked for, besides IP addresses, localhost and the name in address. */
  hosts?: string[] | undefined
  /** A bearer token, asked for by the endpoints that show or change something; needed for changes from afar. */
  token?: AdminTokenInput | undefined
}

export interface DrainInput {
  /** How long exchanges in flight may take to finish after SIGTERM. Default: 30s. */
  timeout?: Duration | Zero | undefined
}

export interface ForwardingInput {
  /** Send the Forwarded field (RFC 7239) to upstreams. Default: true. */
  forwarded?: boolean | undefined
  /** Send X-Forwarded-For, -Host, -Port and -Proto to upstreams. Default: true. */
  xForwarded?: boolean | undefined
  /**
   * The name under which the gateway adds itself to Via (RFC 9110 7.6.3); false: not at all.
   * Default: headgate.
   */
  via?: string | false | undefined
}

export interface RequestIdInput {
  /** The field that carries the id, to upstreams and back to clients. Default: x-request-id. */
  header?: string | undefined
  /**
   * Keep an id that the request brings, when it looks like one; false: always make a new one. Default: true.
   */
  accept?: boolean | undefined
}

export interface AccessLogInput {
  /** A file, or stdout. Default: stdout. */
  path?: string | undefined
  /**
   * How a line is written: as one JSON object (json), short for people (short, with colours at a terminal unless NO_COLOR is set), or
   * short where stdout is a terminal and JSON elsewhere (auto). Default: auto.
   */
  format?: 'auto' | 'json' | 'short' | undefined
  /** Fields of requests to be recorded, for headgate replay; none that may hold a secret. */
  headers?: string[] | undefined
}
