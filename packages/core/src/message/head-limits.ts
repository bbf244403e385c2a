/** How much of a head is read before it is refused. */
export interface HeadLimits {
  /** Bytes of the whole head, start line included. */
  readonly head: number
  /** Field lines. */
  readonly fields: number
  /** Bytes of the request target. */
  readonly target: number
  /**
   * The largest status of a response. Default 599: what lies beyond is no status of HTTP (RFC 9110 15), and nothing to be passed on; whoever
   * delivers responses to a program may take it for one of 5xx.
   */
  readonly status?: number | undefined
}

export const DEFAULT_HEAD_LIMITS: HeadLimits = { head: 16 * 1024, fields: 100, target: 8 * 1024 }
