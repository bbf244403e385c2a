import type { Policy } from '@headgate/core'
import type { CodeReference } from '../../code/code-reference.ts'
import type { HandlerSurroundings } from '../handlers/answer-by-code.ts'
import type { HandlerContext } from '../handlers/handler-context.ts'

/** Changes a request on its way: gives another one, or nothing where it stays as it is. Its host is not looked at: where it goes, the route says. */
export type ChangeRequest = (
  request: Request,
  context: HandlerContext,
) => Request | undefined | void | Promise<Request | undefined | void>

/** Changes a response on its way: gives another one, or nothing where it stays as it is. */
export type ChangeResponse = (
  response: Response,
  context: HandlerContext,
) => Response | undefined | void | Promise<Response | undefined | void>

/** Changes by code. What runs it is loaded with the first request: most gateways have none. */
export function byCode(
  what: 'request' | 'response',
  reference: CodeReference,
  surroundings: HandlerSurroundings,
): Policy {
  return (next) => {
    let run: ReturnType<Policy> | undefined
    const load = async (): Promise<ReturnType<Policy>> => {
      const { changedRequests, changedResponses } = await import('./run-by-code.ts')
      const policy = what === 'request' ? changedRequests : changedResponses
      run ??= policy(reference, surroundings)(next)
      return run
    }
    return (exchange) => run?.(exchange) ?? load().then((handler) => handler(exchange))
  }
}
