import { type RequestCacheMode, TrafficError } from '@headgate/client'
import { isIdempotent, own } from '@headgate/core'
import type { Attached } from '../port/component.ts'
import type { Entity } from '../port/entity.ts'
import type { EcsPort } from '../port/port.ts'
import { HttpRequest, type HttpRequestInput } from './components/http-request.ts'
import { Priority } from './components/priority.ts'
import { RequestTimeout } from './components/request-timeout.ts'
import { RetryPolicy } from './components/retry-policy.ts'
import type { Missing, SavedRequest, SavedRequests } from './saved-request.ts'

/** Options of `restoreRequests`. */
export interface RestoreOptions {
  /**
   * Whether requests are sent again that were under way and are not idempotent, as POST: the origin may act on them twice. Default false:
   * they fail.
   */
  readonly repeatUnsafe?: boolean | undefined
  /** Adds what a request lacks (`missing`), and whatever else its entity is to have. */
  readonly prepare?: ((input: HttpRequestInput, saved: SavedRequest) => Restored) | undefined
}

/** A request as `prepare` returns it. */
export interface Restored {
  readonly input: HttpRequestInput
  readonly components?: readonly Attached[] | undefined
}

/**
 * Spawns an entity for each request that was saved, in their order, and returns them. None is dropped: one that must not be sent again, or still
 * lacks something, fails with `invalid_request`, which says why.
 * @throws TypeError if it is nothing that `saveRequests` has written
 */
export function restoreRequests(port: EcsPort, saved: SavedRequests, options: RestoreOptions = {}): Entity[] {
  const { repeatUnsafe = false, prepare = asItIs } = own(options)
  if (saved.version !== 1 || !Array.isArray(saved.requests))
    throw new TypeError(
      'what restoreRequests was given is nothing that saveRequests of this version has written',
    )
  return saved.requests.map((each) => {
    const { input, components = [] } = prepare(inputOf(each), each)
    const request = HttpRequest(input)
    const why = repeatUnsafe ? undefined : unsafe(each)
    const problem = why ?? lacking(each, input, components)
    if (problem !== undefined) request.value.refusal = refusal(each, problem)
    const { priority, retry, timeout } = each
    return port.spawn(
      request,
      ...(priority === undefined ? [] : [Priority(priority)]),
      ...(retry === undefined ? [] : [RetryPolicy(retry as RetryPolicy)]),
      ...(timeout === undefined ? [] : [RequestTimeout(timeout)]),
      ...components,
    )
  })
}

function inputOf(saved: SavedRequest): HttpRequestInput {
  const { url, method, headers, query, body, json, client, stream, cache, throwOnStatus } = saved
  return {
    url,
    method,
    headers,
    query:
      query === undefined
        ? undefined
        : new URLSearchParams(query.map(([name, value]): [string, string] => [name, value])),
    body: body && ('text' in body ? body.text : Buffer.from(body.base64, 'base64')),
    json,
    client,
    stream,
    cache: cache as RequestCacheMode | undefined,
    throwOnStatus,
  }
}

function unsafe({ sent, method }: SavedRequest): string | undefined {
  return sent && !isIdempotent(method)
    ? `it was under way, and ${method} is not idempotent: repeatUnsafe sends it again`
    : undefined
}

function lacking(
  { missing, secretFields = [] }: SavedRequest,
  input: HttpRequestInput,
  components: readonly Attached[],
): string | undefined {
  const names = new Set(new Map(fieldsOf(input)).keys())
  const has: Readonly<Record<Missing, boolean>> = {
    body: input.body !== undefined,
    schema: input.schema !== undefined,
    call: input.call !== undefined,
    retry: components.some(({ component }) => component === RetryPolicy),
    secrets: secretFields.every((name) => names.has(name.toLowerCase())),
  }
  const lacks = missing.filter((part) => !has[part])
  return lacks.length === 0
    ? undefined
    : `it lacks what was not saved (${lacks.join(', ')}): add it by the option prepare`
}

function fieldsOf({ headers = [] }: HttpRequestInput): [name: string, value: unknown][] {
  const entries = Symbol.iterator in headers ? [...headers] : Object.entries(headers)
  return entries.map(([name, value]) => [name.toLowerCase(), value])
}

function refusal({ method }: SavedRequest, why: string): TrafficError {
  return new TrafficError('invalid_request', `the saved ${method} is not sent: ${why}`, {
    replaySafe: 'unsent',
  })
}

function asItIs(input: HttpRequestInput): Restored {
  return { input }
}
