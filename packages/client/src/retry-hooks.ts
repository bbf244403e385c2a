import {
  type Exchange,
  type FailedTry,
  isIdempotent,
  own,
  type RetryOptions,
  TrafficError,
} from '@headgate/core'
import { invalidRequest } from './invalid-request.ts'
import type { FailedAttempt, RetryChanges } from './retry-facts.ts'
import { appendField, fieldsOf } from './request-headers.ts'
import { originOf, requestTarget, targetUrl } from './request-target.ts'
import { receivedHeaders } from './response/received-headers.ts'
import type { Settings } from './settings.ts'

/** Whether retries wait for functions of the caller's, which need not listen when the call is given up. */
export function hasHooks({ retry }: Settings): boolean {
  return retry.shouldRetry !== undefined || retry.beforeRetry !== undefined
}

/** What a client's settings say of retries, for the engine. */
export function retryHooks({ retry, auth }: Settings): Pick<RetryOptions, 'judge' | 'prepare'> {
  const { shouldRetry, beforeRetry } = retry
  return {
    judge:
      shouldRetry &&
      (async (failed) => (await called('retry.shouldRetry', shouldRetry, failed)) ?? undefined),
    prepare:
      beforeRetry &&
      (async (failed) => {
        const changes: unknown = await called('retry.beforeRetry', beforeRetry, failed)
        if (changes !== undefined)
          change(failed.exchange, changes, auth !== undefined && auth.field === undefined)
      }),
  }
}

/** What a hook says. @throws TrafficError that names the hook, if it throws; errors of the client itself go on as they are */
async function called<Said>(
  name: string,
  hook: (failed: FailedAttempt) => Said | Promise<Said>,
  failed: FailedTry,
): Promise<Said> {
  try {
    return await hook(factsOf(failed))
  } catch (cause) {
    if (cause instanceof TrafficError) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TrafficError('internal', `the function ${name} threw ${reason}`, { cause })
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
  // What it inherits is not what the function has returned.
  const { headers, url }: RetryChanges = own(changes)
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
