import type { Credentials } from '@headgate/core'
import type { ClientOptions, HeadersInput, PolicyOptions } from './options.ts'

/**
 * One set of options on top of another. Header fields and the parts of timeouts and retries are merged, policies are added at the
 * end, and everything else is replaced.
 */
export function extended(base: ClientOptions, more: ClientOptions): ClientOptions {
  return {
    ...base,
    ...more,
    auth: mergedAuth(base, more),
    headers: mergedFields(base.headers, more.headers),
    policies: [...(base.policies ?? []), ...(more.policies ?? [])],
    timeout: mergedParts(timeoutParts(base.timeout), timeoutParts(more.timeout)),
    retry: mergedParts(base.retry, more.retry),
  }
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

/** A field that is set to undefined is gone. */
function mergedFields(base: HeadersInput | undefined, more: HeadersInput | undefined): HeadersInput {
  const fields = pairs(base)
  const replaced = new Set(pairs(more).map(([name]) => name.toLowerCase()))
  const added = pairs(more).filter((field): field is [string, string] => field[1] !== undefined)
  return [...fields.filter(([name]) => !replaced.has(name.toLowerCase())), ...added].filter(
    (field): field is [string, string] => field[1] !== undefined,
  )
}

function pairs(input: HeadersInput | undefined): [string, string | undefined][] {
  if (input === undefined) return []
  const fields = Symbol.iterator in input ? [...input] : Object.entries(input)
  return fields.map(([name, value]) => [name, value])
}
