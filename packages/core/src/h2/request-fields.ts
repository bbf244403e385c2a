import { checkRequestLine, expectsContent } from '../message/request-line.ts'
import type { HttpRequest, Scheme } from '../message/request.ts'
import { fieldName, fieldOf } from './field.ts'
import type { Fields } from './field-list.ts'
import { addFields, beginHead, valueOf } from './message-fields.ts'

const METHOD = fieldName(':method')
const CONNECT = fieldOf(METHOD, 'CONNECT')
const WEBSOCKET = fieldOf(fieldName(':protocol'), 'websocket')
const SCHEME = fieldName(':scheme')
const AUTHORITY = fieldName(':authority')
const PATH = fieldName(':path')
const CONTENT_LENGTH = fieldName('content-length')
const CONTENT_TYPE = fieldName('content-type')
const SCHEMES = { http: fieldOf(SCHEME, 'http'), https: fieldOf(SCHEME, 'https') }
const TE_TRAILERS = fieldOf(fieldName('te'), 'trailers')

/**
 * The head of a request (RFC 9113 8.3.1), to be written at once.
 * @param scheme how the connection goes: over TLS, or not
 * @throws TrafficError `internal` if its method or target has a blank in it
 */
export function requestFields(request: HttpRequest, scheme: Scheme): Fields {
  checkRequestLine(request)
  const { method, authority, path, query, headers, body } = request
  const fields = beginHead()
  fields.push(fieldOf(METHOD, method))
  fields.push(SCHEMES[scheme])
  fields.push(fieldOf(AUTHORITY, authority.text))
  fields.push(fieldOf(PATH, query === '' ? path : path + query))
  addFields(fields, headers)
  const { length } = body
  if (length === 0 ? expectsContent(method) : length !== undefined)
    fields.push(fieldOf(CONTENT_LENGTH, String(length)))
  // Servers of gRPC ask for it, to find proxies that would lose the trailers.
  if (valueOf(fields, CONTENT_TYPE)?.startsWith('application/grpc') === true) fields.push(TE_TRAILERS)
  return fields
}

/**
 * The head of the extended CONNECT that a request for a WebSocket is (RFC 8441 5), which has no use for a key; to be written at once.
 * @throws TrafficError `internal` if its method or target has a blank in it
 */
export function connectFields(request: HttpRequest, scheme: Scheme): Fields {
  checkRequestLine(request)
  const { authority, path, query } = request
  const headers = request.headers.clone()
  headers.delete('sec-websocket-key')
  const fields = beginHead()
  const target = [SCHEMES[scheme], fieldOf(AUTHORITY, authority.text), fieldOf(PATH, path + query)]
  for (const field of [CONNECT, WEBSOCKET, ...target]) fields.push(field)
  addFields(fields, headers)
  return fields
}
