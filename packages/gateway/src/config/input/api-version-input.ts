export interface LifecycleInput {
  /** The day or time from which on it should not be used any more: tells clients in Deprecation (RFC 9745). */
  deprecated?: string | undefined
  /** The day or time at which it ends: tells clients in Sunset (RFC 8594). */
  sunset?: string | undefined
  /** What happens from then on: serve goes on as before, gone answers 410. Default: serve. */
  afterSunset?: 'serve' | 'gone' | undefined
  /** A page on that, as a URL: tells clients in Link, with rel deprecation and sunset. */
  docs?: string | undefined
  /** What to use instead, as a URL or path, or of a version as the name of another: tells clients in Link. */
  successor?: string | number | undefined
}

export interface ApiVersionsInput {
  /** The parameter of match.path that holds the version: with /:version/items, it is version. */
  path?: string | undefined
  /** The parameter of the query that holds the version. */
  query?: string | undefined
  /** The header field that holds the version. */
  header?: string | undefined
  /**
   * The media type whose variants are the versions: application/vnd.shop, asked for in Accept as
   * application/vnd.shop.v2+json or application/vnd.shop+json;version=2.
   */
  mediaType?: string | undefined
  /** The version of a request that names none. Left out: such a request is refused. */
  default?: string | number | undefined
  /** Take the version out of the path that the upstream sees. Default: false. */
  stripPath?: boolean | undefined
  /** The versions that there are, by their names: 2, or "2.1" and "2026-01-31" in quotes. A "v" in front makes no difference. */
  versions: Record<string, ApiVersionInput>
}

export interface ApiVersionInput extends LifecycleInput {
  /** Where requests for this version go: the name of an upstream, or the URL of a single endpoint. Left out: where the route leads. */
  upstream?: string | undefined
}
