import { type Handler, isHttpResponse } from '@headgate/core'
import { httpResponse, isResponse } from './web/http-response.ts'
import { platformRequest, webRequest } from './web/web-request.ts'

/** From the platform's `Request` to its `Response`, as servers and frameworks of the web platform have it. */
export type Answer = (request: Request) => Response | Promise<Response>

/**
 * What answers in place of the network: a handler of the engine, as a gateway's, which is a function; or an object with the method `fetch`,
 * as `export default { fetch }`, a Hono app or another client is.
 */
export type Transport = Handler | { readonly fetch: Answer }

/** The handler that a transport is. */
export function transportHandler(transport: Transport): Handler {
  if (typeof transport !== 'function')
    return answered((request) => transport.fetch(request), 'transport.fetch')
  return async (exchange) => {
    const response: unknown = await transport(exchange)
    if (isResponse(response)) throw new TypeError(NO_HANDLER)
    if (!isHttpResponse(response))
      throw new TypeError(`transport has returned no HttpResponse, but ${typeof response}`)
    return response
  }
}

const NO_HANDLER =
  'transport has returned a Response, but a function is a handler of the engine, which gets an Exchange and returns an HttpResponse: for a function from Request to Response, write transport: { fetch: (request) => … }'

/** @param name of the function, for messages */
export function answered(answer: Answer, name: string): Handler {
  return async (exchange) => httpResponse(await answer(platformRequest(webRequest(exchange))), name)
}
