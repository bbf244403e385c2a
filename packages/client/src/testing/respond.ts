import type { Handler } from '@headgate/core'
import { type Answer, answered } from '../code-transport.ts'

/**
 * A transport of a function from the platform's `Request` to its `Response`: `createClient({ transport: respond((request) =>
 * Response.json({ url: request.url })) })`. What it throws is what the call fails with. A response without a status, as
 * `Response.error()`, is refused with a TypeError.
 */
export function respond(answer: Answer): Handler {
  if (typeof answer !== 'function')
    throw new TypeError(
      `respond was given no function, but ${typeof answer}; allowed: a function from Request to Response`,
    )
  return answered(answer, 'the function of respond')
}
