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
  const { clock } = exchange
  const asked = { requestedAt: clock.wallTime(), since: context.moment() }
  const response = await context.next(exchange)
  return { response, times: { ...asked, receivedAt: clock.wallTime() } }
}
