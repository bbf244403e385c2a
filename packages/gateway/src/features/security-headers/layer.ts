import { randomBytes } from 'node:crypto'
import type { Exchange, HttpResponse, Policy } from '@headgate/core'
import { fieldsOf, isFields } from '../../settings/problems/fields.ts'
import type { Finding, Path } from '../../settings/problems/problem.ts'
import { removeLookAlikes } from '../header-changes/look-alikes.ts'
import { ALL_WAYS, type ExchangeRow, type Route } from '../layer.ts'
import { holdsNonce, securityFields, tellsFrames } from './fields.ts'
import { NONCE } from './policy-text.ts'
import type { SecurityHeadersConfig } from './setting.ts'

/** Inside of changes of response fields, which have the last word, and outside of whatever answers. */
export const securityHeadersLayer: ExchangeRow<
  { readonly route: Route<'securityHeaders', SecurityHeadersConfig | false> },
  object,
  unknown
> = {
  name: 'securityHeaders',
  once: 'exchange',
  ways: ALL_WAYS,
  about: 'tells browsers what pages may do, and nobody what upstreams run on',
  checks: securityHeadersChecks,
  build: ({ route }) => (route.securityHeaders ? securityHeaders(route.securityHeaders) : undefined),
  tells: ({ route }) => route['securityHeaders'] || undefined,
}

/** 128 bits (CSP3 7.1), which nobody can guess. */
const freshNonce = (): string => randomBytes(16).toString('base64')

/** @param makeNonce for tests */
export function securityHeaders(config: SecurityHeadersConfig, makeNonce = freshNonce): Policy {
  const fields = securityFields(config)
  const { remove, nonceHeader } = config
  const hasNonce = fields.some(({ value }) => holdsNonce(value))
  const answer = (response: HttpResponse, nonce: string | undefined): HttpResponse => {
    const { headers, status } = response
    for (const name of remove) headers.delete(name)
    for (const { name, value, isKept } of fields) {
      if (isKept && headers.has(name)) continue
      if (nonce === undefined || !holdsNonce(value)) headers.set(name, value)
      // The stored page has the nonce that it came with, and takes over the fields of what says that it still holds (RFC 9111 3.2).
      else if (status === 304) headers.delete(name)
      else headers.set(name, value.replaceAll(NONCE, `'nonce-${nonce}'`))
    }
    return response
  }
  if (!hasNonce)
    return (next) =>
      function securityHeaders(exchange) {
        return next(exchange).then((response) => answer(response, undefined))
      }
  const names = new Set([nonceHeader])
  return (next) =>
    function securityHeaders(exchange: Exchange) {
      const nonce = makeNonce()
      // A client that could choose it could have scripts of its own run.
      removeLookAlikes(exchange.request.headers, names)
      exchange.request.headers.set(nonceHeader, nonce)
      return next(exchange).then((response) => answer(response, nonce))
    }
}

const POLICIES = ['contentSecurityPolicy', 'contentSecurityPolicyReportOnly']

/** What is said twice, and a nonce that would be another one than that of the page. */
function securityHeadersChecks(written: unknown, path: Path, route: object): Finding[] {
  if (!isFields(written)) return []
  const { contentSecurityPolicy, frames } = written
  const cache = fieldsOf(route)['cache']
  const nonces = POLICIES.filter((name) => holdsNonce(written[name]))
  return [
    ...(frames !== undefined &&
    frames !== false &&
    typeof contentSecurityPolicy === 'string' &&
    tellsFrames(contentSecurityPolicy)
      ? [
          {
            path: [...path, 'frames'],
            part: 'key' as const,
            problem: 'says what frame-ancestors of the policy says, too',
            hint: 'leave one of them out',
          },
        ]
      : []),
    ...(cache === undefined || cache === false || cache === 'off' ? [] : nonces).map((name) => ({
      path: [...path, name],
      problem:
        "has a nonce, while the route's cache answers with pages that hold the nonce of another response",
      hint: 'cache: false for this route, or hashes in place of the nonce',
    })),
  ]
}
