import { httpRequestParts, httpResponse, webResponse } from '@headgate/client/web'
import { contentChanged, type Exchange, type HttpResponse, type Policy, TrafficError } from '@headgate/core'
import type { CodeReference } from '../../code/code-reference.ts'
import type { HandlerSurroundings } from '../handlers/answer-by-code.ts'
import { CodeRunner } from '../handlers/run-code.ts'
import type { ChangeRequest, ChangeResponse } from './by-code.ts'

/** Requests as code has changed them. An HttpError that it throws is the answer. */
export function changedRequests(reference: CodeReference, surroundings: HandlerSurroundings): Policy {
  const runner = new CodeRunner('transformation', reference, surroundings)
  const change = runner.given as ChangeRequest // checked when it was loaded
  return (next) => async (exchange) => {
    const answer = await runner.run<HttpResponse | undefined>(
      exchange,
      async (request, context) => {
        const changed = await change(request, context)
        if (changed !== undefined && changed !== request) putRequest(exchange, changed)
        return undefined
      },
      (problem) => problem,
    )
    return answer ?? next(exchange)
  }
}

/** Its fields are those of the platform, which has neither Host nor those of the connection. */
function putRequest({ request }: Exchange, changed: Request): void {
  const { method, path, query, headers, body } = httpRequestParts(changed)
  const host = request.headers.getAll('host')
  request.method = method
  request.path = path
  request.query = query
  request.headers = headers
  for (const value of host) request.headers.set('host', value)
  request.body = body
  // The length is that of what is sent.
  if (body.length === undefined) contentChanged(request.headers)
}

const NOT_SENT = new TrafficError('cancelled', 'another answer stands in its place')

/** Responses as code has changed them. */
export function changedResponses(reference: CodeReference, surroundings: HandlerSurroundings): Policy {
  const runner = new CodeRunner('transformation', reference, surroundings)
  const change = runner.given as ChangeResponse // checked when it was loaded
  return (next) => async (exchange) => {
    const response = await next(exchange)
    if (response.tunnel !== undefined) return response
    return runner.run<HttpResponse>(
      exchange,
      async (_request, context) => {
        const given = webResponse(response, exchange.request.method)
        const changed = await change(given, context)
        if (changed === undefined || changed === given) return response
        return httpResponse(changed, runner.name)
      },
      (problem) => {
        response.body.cancel(NOT_SENT)
        return problem
      },
    )
  }
}
