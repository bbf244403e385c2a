import { type Exchange, type FailedTry, isIdempotent, type RetryOptions } from '@headgate/core'
import { invalidRequest } from './invalid-request.ts'
import type { FailedAttempt, RetryChanges } from './retry-facts.ts'
import { appendField, fieldsOf } from './request-headers.ts'
import { originOf, requestTarget, targetUrl } from './request-target.ts'
import { receivedHeaders } from './response/received-headers.ts'
import type { Settings } from './settings.ts'

/** What a client's settings say of retries, for the engine. */
export function retryHooks({ retry, auth }: Settings): Pick<RetryOptions, 'judge' | 'prepare'> {
  const { shouldRetry, beforeRetry } = retry
  return {
    judge: shouldRetry && (async (failed) => (await shouldRetry(factsOf(failed))) ?? undefined),
    prepare:
      beforeRetry &&
      (async (failed) => {
        const changes: unknown = await beforeRetry(factsOf(failed))
        if (changes !== undefined)
          change(failed.exchange, changes, auth !== undefined && auth.field === undefined)
      }),
  }
}

function factsOf({ exchange, error, response, replayable }: FailedTry): FailedAttempt {
  const { request } = exchange
  return {
    method: request.method,
    url: targetUrl(request),
    attempt: exchange.attempts,
    error,
    status: response?.status,
    headers: response && receivedHeaders(response.headers, undefined),
    willRetry: replayable,
    idempotent: isIdempotent(request.method),
    elapsed: exchange.clock.now() - exchange.startedAt,
    remaining: exchange.remaining(),
  }
}

/** @throws TrafficError `invalid_request` */
function change({ request }: Exchange, changes: unknown, querySecret: boolean): void {
  if (typeof changes !== 'object' || changes === null)
    throw invalidRequest(
      `retry.beforeRetry has returned ${typeof changes}; allowed: { headers, url } or undefined`,
    )
  const unknown = Object.keys(changes).find((name) => name !== 'headers' && name !== 'url')
  if (unknown !== undefined)
    throw invalidRequest(
      `retry.beforeRetry has returned ${JSON.stringify(unknown)}; allowed: headers and url`,
    )
  const { headers, url } = changes as RetryChanges
  if (headers !== undefined) {
    const fields = fieldsOf(headers)
    const changed = request.headers.clone()
    for (const [name] of fields) changed.delete(name)
    for (const [name, value] of fields) if (value !== undefined) appendField(changed, name, value)
    request.headers = changed
  }
  if (url === undefined) return
  const before = targetUrl(request)
  const target = requestTarget(URL.parse(String(url), before)?.href ?? String(url), undefined)
  // Credentials, cookies and fields were chosen for the origin.
  if (originOf(target) !== originOf(request))
    throw invalidRequest(
      `retry.beforeRetry: ${originOf(target)} is another origin than ${originOf(request)}: make a call of its own`,
    )
  if (querySecret)
    throw invalidRequest('retry.beforeRetry: the URL cannot be changed where credentials are in its query')
  request.path = target.path
  request.query = target.query
}
