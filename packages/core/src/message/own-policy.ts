import type { Handler, Policy } from './handler.ts'
import type { HttpResponse } from './response.ts'

/**
 * A policy that somebody else has written, with a look at what it returns: whoever forgets the handler or the response is told so, by
 * the policy's name, in place of an error from wherever it was missed first.
 * @param where the policy stands, for messages: `policies[0] of createClient`
 * @throws TypeError, where the stack is composed, if it returns no handler
 */
export function ownPolicy(policy: Policy, where: string): Policy {
  const name = policy.name === '' ? where : `${where} (${policy.name})`
  return (next) => {
    const handler: unknown = policy(next)
    if (typeof handler !== 'function') throw noHandler(name, handler)
    return async function ownPolicy(exchange) {
      const response: unknown = await (handler as Handler)(exchange)
      if (!isHttpResponse(response)) throw new TypeError(`${name} has returned ${noResponse(response)}`)
      return response
    }
  }
}

/** By its form: also one of another copy of the class. */
export function isHttpResponse(value: unknown): value is HttpResponse {
  if (typeof value !== 'object' || value === null || value instanceof Response) return false
  const { headers, body } = value as Partial<Record<keyof HttpResponse, unknown>>
  return typeof headers === 'object' && typeof body === 'object'
}

function noHandler(name: string, given: unknown): TypeError {
  // An async function has begun already, with a handler for its exchange: that it fails is no news.
  if (given instanceof Promise) given.catch(() => undefined)
  const what = given instanceof Promise ? 'a promise' : kindOf(given)
  return new TypeError(
    `${name} has returned ${what}; allowed: a handler, so that the policy is (next) => async (exchange) => …`,
  )
}

function noResponse(given: unknown): string {
  const hint = given === undefined ? '; is there a return in front of next(exchange)?' : ''
  return `${kindOf(given)}; allowed: an HttpResponse, as next(exchange) brings it${hint}`
}

function kindOf(given: unknown): string {
  if (given === undefined || given === null) return String(given)
  if (given instanceof Response) return 'a Response'
  return typeof given === 'object' ? 'an object' : `a ${typeof given}`
}
