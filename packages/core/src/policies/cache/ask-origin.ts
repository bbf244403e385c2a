import type { Exchange } from '../../message/exchange.ts'
import type { HttpResponse } from '../../message/response.ts'
import type { CacheContext } from './cache-context.ts'
import type { ResponseTimes } from './freshness.ts'

/** When a response was asked for and came, by the clock and by the store. */
export interface FetchTimes extends ResponseTimes {
  /** The store's moment before it was asked for. */
  readonly since: number
}

/** What the origin has answered, and when. */
export interface OriginAnswer {
  readonly response: HttpResponse
  readonly times: FetchTimes
}

/** Has the origin asked. */
export async function askOrigin(context: CacheContext, exchange: Exchange): Promise<OriginAnswer> {
  const asked = beforeAsking(context, exchange)
  const response = await context.next(exchange)
  return { response, times: whenAnswered(asked, exchange) }
}

/** For who waits for the answer itself: a promise of its own for both would cost each miss a turn. */
export function beforeAsking(context: CacheContext, { clock }: Exchange): Omit<FetchTimes, 'receivedAt'> {
  return { requestedAt: clock.wallTime(), since: context.moment() }
}

export function whenAnswered(
  { requestedAt, since }: Omit<FetchTimes, 'receivedAt'>,
  { clock }: Exchange,
): FetchTimes {
  return { requestedAt, since, receivedAt: clock.wallTime() }
}
