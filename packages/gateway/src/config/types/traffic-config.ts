/** What a route does to a request on its way; all texts marked as templates are read by `Template`. */
export interface RewriteConfig {
  /** A path; requests below it lose it. */
  readonly stripPrefix?: string | undefined
  /** Whether links and cookies of the upstream get back what was cut off. */
  readonly restorePrefix: boolean
  /** Template. */
  readonly path?: string | undefined
  /** `host` or `host:port`. */
  readonly host?: string | undefined
  readonly query?: QueryChangesConfig | undefined
}

/** Values are templates. */
export interface QueryChangesConfig {
  readonly set: Readonly<Record<string, string>>
  readonly add: Readonly<Record<string, string>>
  readonly remove: readonly string[]
}

/** Names in lower case; values are templates. */
export interface HeaderChangesConfig {
  readonly set: Readonly<Record<string, string>>
  readonly add: Readonly<Record<string, string>>
  readonly remove: readonly string[]
}

export interface RedirectConfig {
  readonly status: number
  /** Template. */
  readonly location: string
}

export interface RespondConfig {
  readonly status: number
  /** Names in lower case; values are templates. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
}

export interface SplitConfig {
  /** At least one. */
  readonly upstreams: readonly SplitUpstreamConfig[]
  /** Absent: each request for itself. */
  readonly sticky?: StickyConfig | undefined
}

export interface SplitUpstreamConfig {
  /** A key of what `resolveUpstreams` returns. */
  readonly upstream: string
  /** Share of the requests; 0: none. */
  readonly weight: number
}

export type StickyConfig = 'client' | { readonly header: string } | { readonly cookie: string }

export interface MirrorConfig {
  /** A key of what `resolveUpstreams` returns. */
  readonly upstream: string
  /** Of the requests, 0 to 100. */
  readonly percent: number
  /** Copies under way per worker. */
  readonly concurrency: number
  /** Octets. */
  readonly body: number
}
