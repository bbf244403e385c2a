import type { Duration, Zero } from './quantities.ts'
/** How an upstream balances, as it is written; the comments are the descriptions of the schema, as in input.ts. */
export interface BalancingInput {
  /**
   * How an endpoint is picked: in turns by weight (round-robin), the one with the fewest exchanges (least-connections), by
   * lot (random), of two random ones the one that answers faster (peak-ewma), or the same one for the same key
   * (consistent-hash). Default: round-robin.
   */
  balance?: 'round-robin' | 'least-connections' | 'random' | 'peak-ewma' | 'consistent-hash' | undefined
  /** What decides the endpoint where balance is consistent-hash. */
  hash?: HashInput | undefined
  /** Hold each client to the endpoint that answered it first, by a cookie that the gateway sets. */
  sticky?: StickyInput | undefined
  /** How long an endpoint that comes back takes to get its full share; 0: none. Default: 0. */
  slowStart?: Duration | Zero | undefined
  /**
   * With fewer usable endpoints than this percentage, all that are not marked down are used, lest the few be overrun; 0:
   * never. Where checks say that all are down, none is used. Default: 30.
   */
  panicThreshold?: number | undefined
  /** Leave endpoints alone for a while that fail in traffic; false: never. */
  outliers?: false | 'off' | OutliersInput | undefined
  /** Ask the endpoints again and again whether they are well; false: not. Default: false. */
  health?: false | 'off' | HealthInput | undefined
}

export interface HashInput {
  /** The part of the request: client-ip, path, header:NAME or cookie:NAME. A request without it goes to a random endpoint. Default: client-ip. */
  key?: string | undefined
  /** Percentage of the average load at which an endpoint passes its keys on to their next best. Left out, there is no bound. */
  maxLoad?: number | undefined
}

export interface StickyInput {
  /** The name of the cookie. Default: headgate-endpoint. */
  cookie?: string | undefined
  /** How long the client keeps it. Left out: until it ends its session. */
  maxAge?: Duration | undefined
  /** Keys the ids of endpoints in the cookie. Left out: who guesses the address of an endpoint can confirm it. */
  secret?: string | undefined
}

export interface OutliersInput {
  /** Failures in a row after which an endpoint is left alone; 0: these do not matter. Default: 5. */
  consecutiveFailures?: number | undefined
  /** Statuses that count as failures, beside connections that fail or break and timeouts; [502, 503, 504] unless written. */
  statuses?: number[] | undefined
  /** Leave an endpoint alone whose rate of successes is far below that of the others; false: rates do not matter. Default: false. */
  successRate?: false | 'off' | SuccessRateInput | undefined
  /** How often the rates of successes are compared. Default: 10s. */
  interval?: Duration | undefined
  /** How long an endpoint is left alone; the second time twice as long, the third three times, and so on. Default: 30s. */
  ejectionTime?: Duration | undefined
  /** The longest time that an endpoint is left alone. Default: 5m. */
  maxEjectionTime?: Duration | undefined
  /** At most this percentage of the endpoints, rounded down, is left alone at a time. Default: 50. */
  maxEjectionPercent?: number | undefined
}

export interface SuccessRateInput {
  /** Exchanges that an endpoint must have had since the last comparison to be judged. Default: 100. */
  requests?: number | undefined
  /** How many such endpoints there must be. Default: 5. */
  endpoints?: number | undefined
}

export interface HealthInput {
  /** What is asked for: a good answer (http), or that it accepts a connection (tcp). Default: http. */
  type?: 'http' | 'tcp' | undefined
  /** The path that is asked for, with its query. Default: /. */
  path?: string | undefined
  /** The method of the request. Default: GET. */
  method?: string | undefined
  /** What Host says. Left out: the endpoint's own name. */
  host?: string | undefined
  /** Further fields of the request. */
  headers?: Record<string, string> | undefined
  /** Good answers: statuses, or ranges such as 200-299. */
  statuses?: (number | string)[] | undefined
  /** From check to check, at most; up to a tenth less, at random. Default: 5s. */
  interval?: Duration | undefined
  /** Longest wait for the answer, connection included. Default: 2s. */
  timeout?: Duration | undefined
  /** Good answers in a row until an endpoint is used again; where none is left, one is enough. Default: 2. */
  healthyThreshold?: number | undefined
  /** Bad answers in a row until an endpoint is not used any more; of the first check, one. Default: 3. */
  unhealthyThreshold?: number | undefined
}
