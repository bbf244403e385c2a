/** When something of an API goes, and what comes after it. Times in milliseconds since 1970-01-01 UTC. */
export interface LifecycleConfig {
  readonly deprecated?: number | undefined
  readonly sunset?: number | undefined
  readonly afterSunset: 'serve' | 'gone'
  /** Template. */
  readonly docs?: string | undefined
  /** A template of where it is; of a version also the name of another one. */
  readonly successor?: string | undefined
}

/** How a route tells the versions of an API apart. At least one of the first four is there. */
export interface ApiVersionsConfig {
  /** The parameter of the route's path that holds the version. */
  readonly path?: string | undefined
  readonly query?: string | undefined
  /** Lower case. */
  readonly header?: string | undefined
  /** Lower case; without version and suffix. */
  readonly mediaType?: string | undefined
  /** One of the names; absent: a request must say which it means. */
  readonly default?: string | undefined
  readonly stripPath: boolean
  /** By name; at least one. */
  readonly versions: Readonly<Record<string, ApiVersionConfig>>
}

export interface ApiVersionConfig extends LifecycleConfig {
  /** A key of what `resolveUpstreams` returns; absent: where the route leads. */
  readonly upstream?: string | undefined
}
