/** Where addresses are is read from there. */
export interface GeoConfig {
  /** Paths of MaxMind DB files, at least one; what the first does not know, the next may. */
  readonly database: readonly string[]
}

/** Where the client must be: all that is there must be so, by one of the values. */
export interface GeoMatchConfig {
  /** ISO 3166-1 alpha-2, upper case, or `unknown`; so for all. */
  readonly country?: readonly string[] | undefined
  /** Two letters. */
  readonly continent?: readonly string[] | undefined
  /** ISO 3166-2, as `US-CA`. */
  readonly subdivision?: readonly string[] | undefined
  /** Without `AS`. */
  readonly asn?: readonly string[] | undefined
}
