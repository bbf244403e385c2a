import type { HttpResponse } from '../../message/response.ts'
import type { Forwarded } from './cache-status.ts'
import type { ClaimEnd } from './claims.ts'

/** How often a request waits for other threads, which may all have died. */
const MOST_TIMES = 6

/** That a request has waited for what another thread had asked for. */
export interface Waited {
  /** Why it would have been sent on. */
  readonly why: Forwarded
  /** When it began, by wall time. */
  readonly since: number
  readonly times: number
  /** It does not wait again. */
  readonly apart: boolean
}

/** Looks a request up once more. @param waited where it was for another thread that it waited: that is no try of its own */
export type LookUpAgain = (waited?: Waited) => Promise<HttpResponse>

export function havingWaited(
  before: Waited | undefined,
  end: ClaimEnd,
  why: Forwarded,
  since: number,
): Waited {
  const times = (before?.times ?? 0) + 1
  return { why, since, times, apart: end === 'failed' || end === 'unkept' || times === MOST_TIMES }
}
