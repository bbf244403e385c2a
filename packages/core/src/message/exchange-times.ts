/** When a peer that should send or take a body is too slow. */
export interface PaceLimits {
  /** Milliseconds without a single byte; Infinity: none are too many. */
  readonly idle: number
  /** Bytes a second, on average, once `grace` is over; 0 turns it off. */
  readonly minimumRate: number
  /** Milliseconds at the start in which the rate does not count. */
  readonly grace: number
}

/** Times that a route gives its exchanges, in place of those of the connections that they use. In milliseconds; Infinity: no limit. */
export interface ExchangeTimes {
  /** From the request's end to the response head's. */
  readonly responseHead: number
  /** Without a single byte in a response that is a stream by its type, or in a tunnel. */
  readonly streamIdle: number
  /** How fast the peer that asked must send and take bodies. */
  readonly downstream: PaceLimits
  /** How fast the upstream must. */
  readonly upstream: PaceLimits
}
