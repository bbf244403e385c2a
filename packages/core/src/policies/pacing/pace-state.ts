import type { Quota } from '../../fields/rate-limit.ts'

/** What is known of one server's quota. Times by `clock.now()`. */
export interface PaceState {
  /** Units in all; undefined if the server does not say. */
  readonly limit: number | undefined
  /** Units left when it last said; Infinity if it never did. */
  readonly remaining: number
  /** When there are more. */
  readonly resetAt: number
  /** Nothing goes before: what Retry-After said. */
  readonly blockedUntil: number
  /** When the last one went. */
  readonly lastAt: number
}

export const UNKNOWN: PaceState = {
  limit: undefined,
  remaining: Infinity,
  resetAt: 0,
  blockedUntil: 0,
  lastAt: Number.NEGATIVE_INFINITY,
}

/** Two answers that name the end of a window no further apart mean the same window: servers count in whole seconds. */
const SAME_WINDOW = 1_500

/**
 * When the next request may go: at once, or at that time.
 * @param inflight requests without an answer: the server may not have counted them yet
 * @param spread below this part of the limit, what is left is spread over the time until the reset
 */
export function nextStart(state: PaceState, inflight: number, spread: number, now: number): number {
  const { limit, remaining, resetAt, blockedUntil, lastAt } = state
  if (now < blockedUntil) return blockedUntil
  if (remaining === Infinity) return now
  // A new window, of which nothing was heard yet: it holds the limit, or room to ask.
  if (now >= resetAt) return inflight < (limit ?? 1) ? now : Infinity
  const left = remaining - inflight
  if (left <= 0) return resetAt
  if (limit === undefined || left >= limit * spread) return now
  return Math.max(now, Math.min(resetAt, lastAt + (resetAt - now) / left))
}

/** What is known after a response. */
export function learned(
  state: PaceState,
  quotas: readonly Quota[],
  retryAfter: number | undefined,
  now: number,
): PaceState {
  const blockedUntil =
    retryAfter === undefined ? state.blockedUntil : Math.max(state.blockedUntil, now + retryAfter)
  const tightest = tightestOf(quotas)
  if (tightest === undefined) {
    // It took a unit, without saying so.
    const remaining = state.remaining === Infinity ? Infinity : Math.max(0, state.remaining - 1)
    return { ...state, remaining, blockedUntil }
  }
  const resetAt = now + tightest.reset
  const sameWindow = now < state.resetAt && Math.abs(resetAt - state.resetAt) <= SAME_WINDOW
  // Answers overtake each other: within a window there is never more left than there was.
  const remaining = sameWindow ? Math.min(state.remaining, tightest.remaining) : tightest.remaining
  return { limit: tightest.limit, remaining, resetAt, blockedUntil, lastAt: state.lastAt }
}

/** Of several quotas the one that ends first is used up first; of several that are used up, the last to come back. */
function tightestOf(quotas: readonly Quota[]): Quota | undefined {
  let tightest: Quota | undefined
  for (const quota of quotas) {
    if (
      tightest === undefined ||
      quota.remaining < tightest.remaining ||
      (quota.remaining === tightest.remaining && quota.reset > tightest.reset)
    )
      tightest = quota
  }
  return tightest
}
