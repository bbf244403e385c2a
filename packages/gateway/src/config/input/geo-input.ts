/** Where clients are. */
export interface GeoInput {
  /** A MaxMind DB file (.mmdb), or several: what the first does not know of an address, the next may. Read again when it changes. */
  database: string | string[]
}

/** Where the client must be: all that is named must be so. */
export interface GeoMatchInput {
  /** Countries by their two letters (ISO 3166-1), or unknown. */
  country?: string[] | undefined
  /** Continents: AF, AN, AS, EU, NA, OC or SA, or unknown. */
  continent?: string[] | undefined
  /** Parts of countries (ISO 3166-2), as US-CA, or unknown. */
  subdivision?: string[] | undefined
  /** Autonomous systems by their numbers, or unknown. */
  asn?: (number | string)[] | undefined
}
