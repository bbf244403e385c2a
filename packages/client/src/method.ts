import { isToken } from '@headgate/core'

/** Those of nearly all requests, as they are sent. */
const USUAL: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])

/**
 * The method as it is sent. Names are case-sensitive, but for the ones that fetch knows in any case (WHATWG Fetch 2.2.1).
 * @param refused makes the error of a method that cannot be sent
 */
export function methodOf(method: string, refused: (reason: string) => Error): string {
  if (USUAL.has(method)) return method
  if (/^(?:get|head|post|put|delete|options)$/i.test(method)) return method.toUpperCase()
  if (!isToken(method)) throw refused(`${JSON.stringify(method)} is not an HTTP method`)
  if (/^(?:connect|trace|track)$/i.test(method))
    throw refused(`the method ${method} cannot be sent by a client`)
  return method
}
