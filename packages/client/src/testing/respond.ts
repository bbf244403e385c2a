import { EMPTY_BODY, type Exchange, type Handler, HeaderList, HttpResponse } from '@headgate/core'
import { bodyStream } from '../response/body-stream.ts'
import { TRAFFIC_FAILURES } from '../response/failures.ts'
import { requestContent } from '../request-body.ts'

/**
 * A transport of a function from the platform's `Request` to its `Response`: `createClient({ transport: respond((request) =>
 * Response.json({ url: request.url })) })`. What it throws is what the call fails with. A response without a status, as
 * `Response.error()`, is refused with a TypeError.
 */
export function respond(answer: (request: Request) => Response | Promise<Response>): Handler {
  return async (exchange) => {
    const response = await answer(requestOf(exchange))
    if (!(response instanceof Response))
      throw new TypeError(`the function of respond has made no Response, but ${typeof response}`)
    const { status, headers, body } = response
    if (status < 200) throw new TypeError('the function of respond has made a network error, not a response')
    const content = body === null ? EMPTY_BODY : requestContent(body).body
    return new HttpResponse(status, HeaderList.of(headers), content)
  }
}

function requestOf({ request }: Exchange): Request {
  const { method, scheme, authority, path, query, headers, body } = request
  const init: RequestInit = { method, headers: [...headers].map(({ name, value }) => [name, value]) }
  const hasContent = method !== 'GET' && method !== 'HEAD' && body.length !== 0
  return new Request(`${scheme}://${authority.text}${path}${query}`, {
    ...init,
    ...(hasContent && { body: bodyStream(body, TRAFFIC_FAILURES), duplex: 'half' }),
  })
}
