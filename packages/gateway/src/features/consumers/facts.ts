import type { Identity } from '../identity.ts'
import { requestRate } from '../rate-limit/kinds.ts'
import type { LimitedGateway } from '../rate-limit/setting.ts'
import type { ConsumedGateway } from './setting.ts'

/** What belongs to whoever asks, for explanations. */
export interface ConsumerFacts {
  readonly name: string
  /** Each with its rate, as somebody would write it. */
  readonly limits: readonly { readonly name: string; readonly rate: string }[]
  /** Undefined for all. */
  readonly routes: readonly string[] | undefined
}

export function consumerFacts(
  { consumers = {}, rateLimits }: ConsumedGateway & LimitedGateway,
  { consumer: name }: Identity,
): ConsumerFacts | undefined {
  const consumer = name === undefined ? undefined : consumers[name]
  if (name === undefined || consumer === undefined) return undefined
  const limits = (consumer.rateLimit ?? []).map((each) => {
    const rate = rateLimits[each]?.rate
    return { name: each, rate: rate === undefined ? '' : String(requestRate.write?.(rate)) }
  })
  return { name, limits, routes: consumer.routes }
}
