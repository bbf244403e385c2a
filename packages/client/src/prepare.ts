import { type HeaderList, HttpRequest } from '@headgate/core'
import type { DefaultHeaders } from './default-headers.ts'
import { invalidRequest } from './invalid-request.ts'
import { methodOf } from './method.ts'
import type { CallOptions } from './options.ts'
import { mergedQuery, missingIn, type Query, type QueryArrays } from './query.ts'
import { jsonContent, NO_CONTENT, type RequestContent, requestContent } from './request-body.ts'
import { type Field, fieldsOf, mergedHeaders } from './request-headers.ts'
import { originOf, type RequestTarget, requestTarget, withQuery } from './request-target.ts'

/** What a client adds to each of its requests. */
export interface RequestDefaults {
  readonly base: RequestTarget | undefined
  readonly headers: DefaultHeaders
  readonly query: Query | undefined
  readonly queryArrays: QueryArrays | undefined
}

/** What a request is made of, beside its URL and what its client adds. */
export interface CallParts {
  readonly call: CallOptions
  readonly method: string
  /** Stands in for a missing Accept. */
  readonly accept: string | undefined
  /** Ready to be sent, in place of the call's body. */
  readonly content: RequestContent | undefined
}

/** Makes the request of a call, with all of it checked. @throws TrafficError `invalid_request` */
export function prepare(
  url: string,
  { call, accept, content, method: named }: CallParts,
  defaults: RequestDefaults,
): HttpRequest {
  const method = methodOf(named, invalidRequest)
  const target = requestTarget(url, defaults.base)
  const { path, query } = withParameters(target, call, defaults)
  const fields = call.headers === undefined ? [] : fieldsOf(call.headers)
  const headers = mergedHeaders(headersFor(target, defaults), fields)
  const { body, contentType } = content ?? contentOf(call, method)
  if (contentType !== undefined && !headers.has('content-type')) headers.add('content-type', contentType)
  addAccept(headers, accept, defaults.headers.accept, fields)
  const { scheme, authority } = target
  return new HttpRequest({
    method,
    scheme,
    authority,
    path,
    query,
    headers,
    body,
    version: '1.1',
    upgrade: undefined,
  })
}

/** What is meant for the origin of baseUrl goes to no other. */
function isOwnOrigin(target: RequestTarget, { base }: RequestDefaults): boolean {
  return base === undefined || base.authority === target.authority || originOf(base) === originOf(target)
}

function headersFor(target: RequestTarget, defaults: RequestDefaults): HeaderList {
  const { headers } = defaults
  return isOwnOrigin(target, defaults) ? headers.own : headers.elsewhere
}

/** What the URL or the call says counts more than what the client does. */
function withParameters(target: RequestTarget, call: CallOptions, defaults: RequestDefaults): RequestTarget {
  const usual = defaults.query !== undefined && isOwnOrigin(target, defaults) ? defaults.query : undefined
  if (usual === undefined && call.query === undefined) return target
  const query = usual === undefined ? call.query : mergedQuery(missingIn(target.query, usual), call.query)
  return withQuery(target, query ?? '', call.queryArrays ?? defaults.queryArrays)
}

function addAccept(
  headers: HeaderList,
  wanted: string | undefined,
  usual: string | undefined,
  fields: readonly Field[],
): void {
  if (usual === undefined || headers.has('accept')) return
  // One that was set to undefined is not wanted.
  if (!fields.some(([name]) => name === 'accept')) headers.add('accept', wanted ?? usual)
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
