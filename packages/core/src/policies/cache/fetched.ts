import type { Flight } from '../dedupe/flight.ts'
import type { NotStored } from './storable.ts'
import type { StoredHead } from './store.ts'

/** Refusals that follow from one request: they say nothing of the next. */
const OF_THE_REQUEST: ReadonlySet<NotStored | 'store'> = new Set<NotStored | 'store'>([
  'request-no-store',
  'range',
  'one-request',
])

/** On which terms a response answers others: what it depends on, and how long it is fresh. */
export type Terms = Pick<StoredHead, 'selecting' | 'variant' | 'lifetime' | 'initialAge'>

/** What was decided on a response that came. */
export interface Taken {
  /** Undefined where it may not be stored. */
  readonly terms: Terms | undefined
  /** How it is stored; undefined where it is not, as the store has no room, or better use for it. */
  readonly head: StoredHead | undefined
  readonly reason: NotStored | 'store' | undefined
  /** Fields that are for who asked, and for nobody who waited, in lower case. */
  readonly omitted: readonly string[]
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
export function isForAll({ terms, reason, failed }: Fetched): boolean | undefined {
  if (terms !== undefined) return true
  return failed || reason === undefined || OF_THE_REQUEST.has(reason) ? undefined : false
}

/** A request that is under way for all who wait for it. */
export interface RunningFetch {
  readonly flight: Flight
  /** Set before anybody who waits is answered. */
  readonly fetched: Fetched | undefined
}
