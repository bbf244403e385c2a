import { HttpRequest, type HeaderList, isToken } from '@headgate/core'
import { invalidRequest } from './invalid-request.ts'
import type { CallOptions } from './options.ts'
import { jsonContent, NO_CONTENT, type RequestContent, requestContent } from './request-body.ts'
import { mergedHeaders } from './request-headers.ts'
import { type RequestTarget, requestTarget, withQuery } from './request-target.ts'

/** What a client adds to each of its requests. */
export interface RequestDefaults {
  readonly base: RequestTarget | undefined
  readonly headers: HeaderList
}

/** A call whose content is ready to be sent: that of `fetch`, which has rules of its own for bodies. */
export interface PreparedCall extends CallOptions {
  readonly content?: RequestContent | undefined
}

/**
 * Makes the request of a call, with all of it checked.
 * @param accept stands in for a missing Accept
 * @throws TrafficError `invalid_request`
 */
export function prepare(
  url: string,
  call: PreparedCall,
  accept: string | undefined,
  defaults: RequestDefaults,
): HttpRequest {
  const method = methodOf(call.method ?? 'GET')
  const target = requestTarget(url, defaults.base)
  const { path, query } = call.query === undefined ? target : withQuery(target, call.query)
  const headers = mergedHeaders(defaults.headers, call.headers)
  const { body, contentType } = call.content ?? contentOf(call, method)
  if (contentType !== undefined && !headers.has('content-type')) headers.add('content-type', contentType)
  if (accept !== undefined && !headers.has('accept')) headers.add('accept', accept)
  const { scheme, authority } = target
  return new HttpRequest({ method, scheme, authority, path, query, headers, body, version: '1.1' })
}

function contentOf(call: CallOptions, method: string): RequestContent {
  const { body, json } = call
  const given = (body !== undefined && body !== null) || json !== undefined
  if (!given) return NO_CONTENT
  if (method === 'GET' || method === 'HEAD')
    throw invalidRequest(`a ${method} request has no body: leave body and json out, or use another method`)
  if (json !== undefined && body !== undefined && body !== null)
    throw invalidRequest('a request has either body or json, not both')
  try {
    return json === undefined ? requestContent(body ?? '') : jsonContent(json)
  } catch (cause) {
    throw invalidRequest((cause as TypeError).message, cause)
  }
}

/** Names of methods are case-sensitive, but for the ones that fetch knows in any case (WHATWG Fetch 2.2.1). */
export function methodOf(method: string): string {
  if (/^(?:get|head|post|put|delete|options)$/i.test(method)) return method.toUpperCase()
  if (!isToken(method)) throw invalidRequest(`${JSON.stringify(method)} is not an HTTP method`)
  if (/^(?:connect|trace|track)$/i.test(method))
    throw invalidRequest(`the method ${method} cannot be sent by a client`)
  return method
}
