import type { FieldValue } from '@headgate/client'
import { isSecretField, own } from '@headgate/core'
import type { EcsPort } from '../port/port.ts'
import { PRIORITIES, Priority } from './components/priority.ts'
import { RequestTimeout } from './components/request-timeout.ts'
import { RetryPolicy } from './components/retry-policy.ts'
import type { HttpRequestInput } from './components/http-request.ts'
import type { Pending } from './pending.ts'
import { HttpConfig } from './resources/http-config.ts'
import { HttpRequests } from './resources/http-requests.ts'
import { HttpTime } from './resources/http-time.ts'
import type { Missing, SavedRequest, SavedRequests } from './saved-request.ts'

/** Options of `saveRequests`. */
export interface SaveOptions {
  /** Whether header fields that hold secrets, as Authorization and Cookie, are written down too. Default false. */
  readonly secrets?: boolean | undefined
}

/**
 * All requests that have not ended, in their order, for `restoreRequests` in another process. They go on here all the same.
 * What cannot be written down, as streams and schemas, is named in `missing`.
 */
export function saveRequests(port: EcsPort, options: SaveOptions = {}): SavedRequests {
  const { secrets = false } = own(options)
  return {
    version: 1,
    requests: [...port.resource(HttpRequests)].map((pending) => saved(port, pending, secrets)),
  }
}

function saved(port: EcsPort, pending: Pending, secrets: boolean): SavedRequest {
  const { entity, request, phase } = pending
  const { headers, query, body, json, client, stream, schema, cache, throwOnStatus, call } = request.input
  const missing: Missing[] = []
  const all = pairs(headers)
  const kept = all.filter(([name]) => secrets || !isSecretField(name.toLowerCase()))
  const secretFields = all.filter((field) => !kept.includes(field)).map(([name]) => name)
  const retry = port.get(entity, RetryPolicy)
  const content = savedBody(body)
  if (body !== undefined && body !== null && content === undefined) missing.push('body')
  if (schema !== undefined) missing.push('schema')
  if (call !== undefined) missing.push('call')
  if (secretFields.length > 0) missing.push('secrets')
  if (holdsFunction(retry)) missing.push('retry')
  const priority = port.get(entity, Priority)
  return {
    entity,
    url: request.url,
    method: request.method,
    ...(kept.length > 0 && { headers: kept }),
    ...(query !== undefined && { query: savedQuery(query) }),
    ...(content !== undefined && { body: content }),
    ...(json !== undefined && { json }),
    ...(client !== undefined && { client }),
    ...(stream === true && { stream }),
    ...(cache !== undefined && { cache }),
    ...(throwOnStatus !== undefined && { throwOnStatus }),
    ...(priority !== undefined && PRIORITIES.includes(priority) && { priority }),
    ...(retry !== undefined && !holdsFunction(retry) && { retry }),
    ...timeoutOf(port, pending),
    sent: phase === 'in-flight',
    missing,
    ...(secretFields.length > 0 && { secretFields }),
  }
}

/** What is left of it, where it has been submitted. */
function timeoutOf(port: EcsPort, { entity, phase, deadline }: Pending): Pick<SavedRequest, 'timeout'> {
  if (phase !== 'fresh')
    return deadline === Infinity ? {} : { timeout: Math.max(0, deadline - port.resource(HttpTime).now) }
  const timeout = port.get(entity, RequestTimeout)?.after ?? port.resource(HttpConfig).timeout
  return timeout === undefined || timeout === Infinity ? {} : { timeout }
}

function pairs(headers: HttpRequestInput['headers']): [name: string, value: string][] {
  if (headers === undefined) return []
  const entries = Symbol.iterator in headers ? [...headers] : Object.entries(headers)
  return entries.flatMap(([name, value]) => {
    const values = Array.isArray(value) ? (value as readonly FieldValue[]) : [value as FieldValue]
    return values
      .filter((each) => each !== undefined && each !== null)
      .map((each): [string, string] => [name, String(each)])
  })
}

function savedQuery(query: NonNullable<HttpRequestInput['query']>): [name: string, value: string][] {
  if (typeof query === 'string') return [...new URLSearchParams(query)]
  return pairs(query as HttpRequestInput['headers'])
}

function savedBody(body: HttpRequestInput['body']): SavedRequest['body'] | undefined {
  if (typeof body === 'string') return { text: body }
  if (body instanceof ArrayBuffer) return { base64: Buffer.from(body).toString('base64') }
  if (ArrayBuffer.isView(body))
    return { base64: Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('base64') }
  return undefined
}

function holdsFunction(retry: RetryPolicy | undefined): boolean {
  return typeof retry === 'object' && Object.values(retry).some((value) => typeof value === 'function')
}
