import { own, type Credentials } from '@headgate/core'
import { isForEveryone } from './default-headers.ts'
import type { HeadersInput } from './headers-input.ts'
import type { ClientOptions, PolicyOptions } from './options.ts'
import { mergedQuery } from './query.ts'
import { fieldsOf } from './request-headers.ts'

/**
 * One set of options on top of another. Header fields, query parameters and the parts of timeouts and retries are merged, policies are added at the
 * end, and everything else is replaced.
 */
export function extended(base: ClientOptions, more: ClientOptions): ClientOptions {
  return own({
    ...base,
    ...more,
    auth: mergedAuth(base, more),
    headers: mergedFields(movesTo(base, more) ? portable(base.headers) : base.headers, more.headers),
    query: mergedQuery(movesTo(base, more) ? undefined : base.query, more.query),
    policies: [...(base.policies ?? []), ...(more.policies ?? [])],
    timeout: mergedParts(timeoutParts(base.timeout), timeoutParts(more.timeout)),
    retry: mergedParts(base.retry, more.retry),
  })
}

/** Credentials go where they were meant to go when they were given: not to another baseUrl that comes later. */
function mergedAuth(base: ClientOptions, more: ClientOptions): ClientOptions['auth'] {
  const { auth, baseUrl } = base
  if (more.auth !== undefined || !auth) return more.auth ?? auth
  if (more.baseUrl === undefined || baseUrl === undefined || auth.origins !== undefined) return auth
  return boundTo(new URL(baseUrl).origin, auth)
}

function boundTo(origin: string, credentials: Credentials): Credentials {
  const { scheme, field } = credentials
  return {
    scheme,
    field,
    origins: [origin],
    proof: (exchange, fetchToken) => credentials.proof(exchange, fetchToken),
    renewed: (...refusal) => credentials.renewed?.(...refusal),
    accepted: (...acceptance) => credentials.accepted?.(...acceptance),
  }
}

function timeoutParts(timeout: PolicyOptions['timeout']): Exclude<PolicyOptions['timeout'], number> {
  return typeof timeout === 'number' ? { deadline: timeout } : timeout
}

function mergedParts<Option>(base: Option, more: Option): Option {
  if (more === undefined) return base
  if (typeof base !== 'object' || typeof more !== 'object') return more
  return { ...base, ...more }
}

/** Whether `more` leads to another origin than `base` did. */
function movesTo(base: ClientOptions, more: ClientOptions): boolean {
  if (base.baseUrl === undefined || more.baseUrl === undefined) return false
  return URL.parse(String(base.baseUrl))?.origin !== URL.parse(String(more.baseUrl))?.origin
}

/** What was meant for one origin is not sent to another that comes later: it has to be said again. */
function portable(headers: HeadersInput | undefined): HeadersInput {
  const fields = headers === undefined ? [] : fieldsOf(headers)
  return fields.filter(([name]) => isForEveryone(name))
}

/** A field that is set to undefined is gone, and stays so. */
function mergedFields(base: HeadersInput | undefined, more: HeadersInput | undefined): HeadersInput {
  const [fields, added] = [base, more].map((each) => (each === undefined ? [] : fieldsOf(each)))
  const replaced = new Set(added?.map(([name]) => name))
  return [...(fields ?? []).filter(([name]) => !replaced.has(name)), ...(added ?? [])]
}
