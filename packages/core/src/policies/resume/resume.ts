import { own } from '../../message/own-options.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { Policy } from '../../message/handler.ts'
import type { BackoffOptions } from '../retry/backoff.ts'
import { resumableTag } from './continuation.ts'
import { ResumedBody } from './resumed-body.ts'
import type { RetryBudget } from '../retry/retry-budget.ts'

/** Options of `resume`. */
export interface ResumeOptions {
  /** How many times a response is resumed at most. Default 3. */
  readonly resumptions?: number | undefined
  readonly backoff: BackoffOptions
  /** Shared with `retry`. */
  readonly budget: RetryBudget
  /** Called before each further request. */
  readonly onResume?: ((exchange: Exchange, received: number) => void) | undefined
}

/**
 * Asks for the rest of a response whose body broke off (RFC 9110 14.2), so that whoever reads it does not notice. Only for GET,
 * and only where a strong ETag proves that the rest belongs to what came before: with If-Match, a server whose content has
 * changed answers 412, and the body breaks as it would have. It stands outside of `retry`, and inside of what decodes or counts
 * the content.
 */
export function resume(given: ResumeOptions): Policy {
  const options = own(given)
  const { resumptions = 3, budget, backoff, onResume } = options
  if (!(resumptions >= 1)) throw new TypeError(`resumptions is ${resumptions}: use a number from 1`)
  return (next) =>
    async function resume(exchange) {
      if (!mayResume(exchange)) return next(exchange)
      // As it was before the policies further in changed it.
      const request = exchange.request.clone()
      const response = await next(exchange)
      const etag = resumableTag(response)
      if (etag === undefined) return response
      const rules = { resumptions, budget, backoff, onResume, etag }
      response.body = new ResumedBody(response.body, exchange, request, next, rules)
      return response
    }
}

/** A plain GET: one that asks for a part, or on a condition, means something else the second time. */
function mayResume({ request }: Exchange): boolean {
  const { method, headers, body, upgrade } = request
  if (method !== 'GET' || body.length !== 0 || upgrade !== undefined) return false
  return !headers.has('range') && !headers.has('if-match') && !headers.has('if-range')
}
