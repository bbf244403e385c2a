import type { Flight } from '../dedupe/flight.ts'
import type { NotStored } from './storable.ts'
import type { StoredHead } from './store.ts'

/** Refusals that follow from one request: they say nothing of the next. */
const OF_THE_REQUEST: ReadonlySet<NotStored | 'store'> = new Set<NotStored | 'store'>([
  'request-no-store',
  'range',
  'one-request',
])

/** What was decided on a response that came. */
export interface Taken {
  /** How it is stored, or would be if the store had room. Undefined where it may not be. */
  readonly head: StoredHead | undefined
  readonly reason: NotStored | 'store' | undefined
  /** Fields that are for who asked, and for nobody who waited, in lower case. */
  readonly omitted: readonly string[]
  /** Whether it goes into the store. */
  readonly stored: boolean
}

/** What came of a fetch, for all who waited for it. */
export interface Fetched extends Taken {
  /** The status that the origin answered with. */
  readonly status: number
  /** The origin confirmed what is stored: this is its head now, and the content is that of the entry. */
  readonly confirmed: StoredHead | undefined
  /** The origin failed, by its status. */
  readonly failed: boolean
  readonly receivedAt: number
}

/** Whether the like of it may be waited for; undefined where it says nothing of the next one. */
export function isForAll({ head, reason, failed }: Fetched): boolean | undefined {
  if (head !== undefined) return true
  return failed || reason === undefined || OF_THE_REQUEST.has(reason) ? undefined : false
}

/** A request that is under way for all who wait for it. */
export interface RunningFetch {
  readonly flight: Flight
  /** Set before anybody who waits is answered. */
  readonly fetched: Fetched | undefined
}
