import type { RequestRate } from './quantities.ts'
/** A rate limit as it is written; the comments are the descriptions of the schema, as in input.ts. */
export interface RateLimitInput {
  /** Requests in a time: 100/s, 60/m, 1000/h or 5/10s. */
  rate: RequestRate
  /** Requests that may come at once after a pause. Left out: as many as the rate names. */
  burst?: number | undefined
  /**
   * How requests are counted: token-bucket refills evenly, sliding-window looks back over the time of the rate.
   * Default: token-bucket.
   */
  algorithm?: 'token-bucket' | 'sliding-window' | undefined
  /**
   * Which requests share one count: those of the same client-ip (IPv6 by /64), api-key (X-Api-Key), credential
   * (Authorization), header:NAME, country (see geo), graphql-type, graphql-operation (its name), graphql-root-fields or
   * route, or all (global); of several, those that are the same in all. A request without that field counts for its
   * client-ip. Default: client-ip.
   */
  key?: string | string[] | undefined
  /** What a request takes: graphql-fields, one for each field of its GraphQL operation. Left out: one. */
  cost?: 'graphql-fields' | undefined
  /** Requests that this limit does not concern. */
  bypass?: RateLimitBypassInput | undefined
  /** Tell clients what is left, in RateLimit and RateLimit-Policy. Default: true. */
  fields?: boolean | undefined
  /**
   * Where it counts: in each worker alone (local), or exactly in all of them together (shared). Left out: shared
   * where there are several workers.
   */
  store?: 'local' | 'shared' | undefined
  /**
   * What holds while the store cannot be asked: requests pass (open), are refused (closed), or are counted by each worker
   * and route alone (local). The stores local and shared are part of the process and cannot fail.
   */
  onStoreError?: 'open' | 'closed' | 'local' | undefined
  /** How many keys are known at a time; beyond that, one is forgotten and starts anew. Default: 10000. */
  maxKeys?: number | undefined
}

export interface RateLimitBypassInput {
  /** Clients with one of these IP addresses, or in one of these CIDR ranges. */
  addresses?: string[] | undefined
  /** Requests with one of these header fields, of exactly that value. */
  headers?: Record<string, string> | undefined
}

export interface RouteRateLimitInput extends RateLimitInput {
  /**
   * What clients, metrics and the admin endpoints know it by. Left out: limit-1, limit-2 and so on, by position.
   */
  name?: string | undefined
}
