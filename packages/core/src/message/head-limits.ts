/** How much of a head is read before it is refused. */
export interface HeadLimits {
  /** Bytes of the whole head, start line included. */
  readonly head: number
  /** Field lines. */
  readonly fields: number
  /** Bytes of the request target. */
  readonly target: number
}

export const DEFAULT_HEAD_LIMITS: HeadLimits = { head: 16 * 1024, fields: 100, target: 8 * 1024 }
