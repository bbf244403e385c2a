/** How an upstream falls back on other endpoints, as it is written; the comments are the descriptions of the schema, as in input.ts. */
export interface FailoverInput {
  /** Where this gateway is, for this upstream, in place of the zone of the whole gateway. */
  zone?: ZoneInput | undefined
  /**
   * Percentage of its share that an endpoint can take. 140: endpoints that come first by priority and zone get all requests
   * until fewer than 72 % of them are usable; from then on what is too much for them goes to the next. Default: 140.
   */
  overprovisioning?: number | undefined
}

export type ZoneInput = string | ZoneVariableInput

export interface ZoneVariableInput {
  /** The environment variable that holds the name of the zone. */
  env: string
}
