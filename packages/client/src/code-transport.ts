import {
  EMPTY_BODY,
  type Exchange,
  type Handler,
  HeaderList,
  HttpResponse,
  isHttpResponse,
  type TrafficError,
} from '@headgate/core'
import { requestContent } from './request-body.ts'
import { bodyStream } from './response/body-stream.ts'
import { TRAFFIC_FAILURES } from './response/failures.ts'

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
  return async (exchange) => {
    const response: unknown = await answer(requestOf(exchange))
    if (!isResponse(response)) throw new TypeError(`${name} has made no Response, but ${typeof response}`)
    const { status, statusText, headers, body } = response
    if (status < 200) throw new TypeError(`${name} has made a network error, not a response`)
    const message = new HttpResponse(
      status,
      HeaderList.of(headers),
      body === null ? EMPTY_BODY : requestContent(body).body,
    )
    if (statusText !== '') message.reason = statusText
    return message
  }
}

/** Also one of another copy of the class, as npm's undici has. */
function isResponse(value: unknown): value is Response {
  return value instanceof Response || Object.prototype.toString.call(value) === '[object Response]'
}

/** Its signal fires when the call is given up. Redirects are the client's to follow. */
function requestOf(exchange: Exchange): Request {
  const { method, scheme, authority, path, query, headers, body } = exchange.request
  const control = new AbortController()
  exchange.occupy({ cancelled: (error: TrafficError) => control.abort(error) })
  const hasContent = method !== 'GET' && method !== 'HEAD' && body.length !== 0
  return new Request(`${scheme}://${authority.text}${path}${query}`, {
    method,
    headers: [...headers].map(({ name, value }) => [name, value]),
    redirect: 'manual',
    signal: control.signal,
    ...(hasContent && { body: bodyStream(body, TRAFFIC_FAILURES), duplex: 'half' }),
  })
}
