import type { Exchange, HttpRequest, WholeBody } from '@headgate/core'
import { collectBody } from '../collect-body.ts'
import { jsonBody } from '../json-body.ts'
import { readJson } from './strict-json.ts'
import { type GraphqlOperation, readOperation, type RequestView, setView } from './operation.ts'
import { GraphqlRefusal, malformed } from './error-response.ts'
import { checkNoParams, paramsOfJson, paramsOfQuery, type RequestParams } from './request-params.ts'

/** What reading a request may cost at most. */
export interface ReadLimits {
  /** Bytes. */
  readonly maxSize: number
  /** Of each document. */
  readonly maxTokens: number
  /** Operations in a batch; 0: none. */
  readonly maxBatch: number
}

const NOTHING: Omit<RequestView, 'sought'> = { kind: 'none', operations: [], size: 0 }

/**
 * Reads what a request asks for, following the specification "GraphQL over HTTP", and keeps it beside the exchange. It takes
 * a promise only where the body is still arriving.
 * @throws GraphqlRefusal for what cannot be read, or might be read in another way
 */
export function readRequest(exchange: Exchange, limits: ReadLimits): RequestView | Promise<RequestView> {
  const { request } = exchange
  if (request.method === 'POST') {
    checkContentType(request)
    checkNoParams(request.query)
    const content = collectBody(request, limits.maxSize, (size) => tooLarge(limits.maxSize, size))
    if (content instanceof Promise)
      return content.then((whole) => keep(exchange, ofArrived(exchange, whole, limits)))
    return keep(exchange, ofBody(exchange, content, limits))
  }
  if (request.method === 'GET' || request.method === 'HEAD') return keep(exchange, ofUrl(request, limits))
  // Some origins look for an operation there, too, or take "post" for POST.
  if (request.body.length !== 0) throw unknownMethod(request.method)
  return keep(exchange, NOTHING)
}

export function unknownMethod(method: string): GraphqlRefusal {
  const refusal = new GraphqlRefusal('method', `GraphQL does not come by ${method}`)
  refusal.allow = ['GET', 'HEAD', 'OPTIONS', 'POST']
  return refusal
}

function keep(exchange: Exchange, found: Omit<RequestView, 'sought'>): RequestView {
  const view = { ...found, sought: found.operations[0] }
  setView(exchange, view)
  return view
}

/** Of JSON. */
const LIST = /^[ \t\r\n]*\[/

/** The client may have left, or the deadline have passed, while it arrived. */
function ofArrived(exchange: Exchange, whole: WholeBody, limits: ReadLimits): Omit<RequestView, 'sought'> {
  if (exchange.cancellation !== undefined) throw exchange.cancellation
  return ofBody(exchange, whole, limits)
}

function ofBody(exchange: Exchange, content: WholeBody, limits: ReadLimits): Omit<RequestView, 'sought'> {
  const size = content.length
  const text = textOf(content)
  if (limits.maxBatch === 0 && LIST.test(text)) throw unwantedBatch()
  const value = readJson(text, 'the body')
  jsonBody.state(exchange, { body: content, value })
  const params = paramsOfJson(value)
  if (isOne(params)) return { ...single(params, limits), size }
  if (params.length === 0) throw malformed('the list of operations is empty')
  if (params.length > limits.maxBatch) throw largeBatch(params.length, limits.maxBatch)
  const operations = params.flatMap((each) => operationOf(each, limits) ?? [])
  if (operations.length < params.length)
    throw new GraphqlRefusal('persisted', 'an operation of a batch must come with its document')
  return { kind: 'batch', operations, size }
}

function ofUrl(request: HttpRequest, limits: ReadLimits): Omit<RequestView, 'sought'> {
  const { query, body } = request
  const size = query.length
  if (size > limits.maxSize) {
    const message = `the query of the URL is longer than the limit of ${limits.maxSize} bytes`
    throw new GraphqlRefusal('size', message, { value: size, limit: limits.maxSize })
  }
  const params = paramsOfQuery(query)
  if (params === undefined) return NOTHING
  if (body.length !== 0) throw malformed(`a ${request.method} request of GraphQL must have no body`)
  const found = single(params, limits)
  const type = found.operations[0]?.type ?? 'query'
  if (type !== 'query') {
    const refusal = new GraphqlRefusal('method', `a ${type} must come by POST`)
    refusal.allow = ['POST']
    throw refusal
  }
  return { ...found, size }
}

function single(params: RequestParams, limits: ReadLimits): Pick<RequestView, 'kind' | 'operations'> {
  const operation = operationOf(params, limits)
  return operation === undefined
    ? { kind: 'persisted', operations: [] }
    : { kind: 'single', operations: [operation] }
}

function operationOf(params: RequestParams, { maxTokens }: ReadLimits): GraphqlOperation | undefined {
  const { document, operationName } = params
  return document === undefined ? undefined : readOperation(document, operationName, maxTokens)
}

function isOne(params: RequestParams | readonly RequestParams[]): params is RequestParams {
  return !Array.isArray(params)
}

export function unwantedBatch(): GraphqlRefusal {
  return new GraphqlRefusal('batch', 'several operations in one request are not allowed here')
}

export function largeBatch(value: number, limit: number): GraphqlRefusal {
  const message = `the request holds ${value} operations, and ${limit} are allowed`
  return new GraphqlRefusal('batch', message, { value, limit })
}

const JSON_TYPE = /^application\/json[ \t]*(?:;[ \t]*charset[ \t]*=[ \t]*(?:utf-8|"utf-8")[ \t]*)?;?$/i

/** Other types, as forms, hold the document in another way; and a coded body would have to be decoded as the origin does. */
function checkContentType({ headers }: HttpRequest): void {
  const coding = headers.get('content-encoding')
  if (coding !== undefined && coding.toLowerCase() !== 'identity')
    throw unsupported('the body must have no content coding', ['accept-encoding', 'identity'])
  if (JSON_TYPE.test(headers.get('content-type') ?? '')) return
  throw unsupported('the body must be application/json, in UTF-8', ['accept', 'application/json'])
}

/** The field names what would be taken (RFC 9110 15.5.16). */
function unsupported(message: string, field: readonly [string, string]): GraphqlRefusal {
  const refusal = new GraphqlRefusal('media_type', message)
  refusal.fields = [field]
  return refusal
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws GraphqlRefusal if it is not UTF-8, or begins with a byte order mark */
function textOf({ bytes }: WholeBody): string {
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch {
    throw malformed('the body is not UTF-8')
  }
  if (text.charCodeAt(0) === 0xfeff) throw malformed('the body begins with a byte order mark')
  return text
}

function tooLarge(limit: number, value: number): GraphqlRefusal {
  return new GraphqlRefusal('size', `the request is larger than the limit of ${limit} bytes`, {
    value,
    limit,
  })
}
