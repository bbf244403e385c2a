import { type CacheOutcome, type Exchange, fact } from '@headgate/core'

/** What is known of a request that only warms the cache. */
export interface Warming {
  /** What the cache did; undefined until it has, and where there is none. */
  outcome?: CacheOutcome
}

/** Stated of requests by which the gateway itself warms its cache: they are told apart from those of clients. */
export const warming = fact<Warming>('warms the cache')

export function isWarming(exchange: Exchange): boolean {
  return warming.of(exchange) !== undefined
}
