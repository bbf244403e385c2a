import type { Exchange } from './exchange.ts'
import type { HttpResponse } from './response.ts'

/** Answers an exchange, or rejects with a TrafficError. */
export type Handler = (exchange: Exchange) => Promise<HttpResponse>

/** Wraps a handler into another: the one shape of everything between a face and an upstream. */
export type Policy = (next: Handler) => Handler

/**
 * Composes policies around a handler, outermost first. Called when a configuration is loaded, never per request.
 * A place in the list may be empty, so that a stack can be written as one list with its conditions.
 */
export function stack(policies: readonly (Policy | undefined | false)[], handler: Handler): Handler {
  return policies.reduceRight<Handler>((next, policy) => (policy ? policy(next) : next), handler)
}
