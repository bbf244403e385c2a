import { TrafficError } from '@headgate/core'
import type { Failures } from '../response/failures.ts'

/** What `fetch` rejects with (WHATWG Fetch 5.6): a TypeError, with what libraries look for to tell failures apart. */
export interface FetchError extends TypeError {
  readonly cause: TrafficError
  /** That of the system or of Node's own fetch, as `ECONNREFUSED` or `UND_ERR_CONNECT_TIMEOUT`; else the code of the cause. */
  readonly code: string
}

/** What Node's own fetch calls these; a system's code that lies beneath counts more. */
const PLATFORM_CODES: Readonly<Partial<Record<TrafficError['code'], string>>> = {
  connect_timeout: 'UND_ERR_CONNECT_TIMEOUT',
  connect_failed: 'ECONNREFUSED',
  dns_failed: 'ENOTFOUND',
  upstream_timeout: 'UND_ERR_HEADERS_TIMEOUT',
  upstream_too_slow: 'UND_ERR_BODY_TIMEOUT',
  upstream_closed: 'UND_ERR_SOCKET',
  response_head_too_large: 'UND_ERR_HEADERS_OVERFLOW',
  deadline_exceeded: 'ETIMEDOUT',
}

/** What stands for a failure before the response's head: the signal's reason if it fired, as the standard has it. */
export function fetchFailure(thrown: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) return signal.reason
  if (!(thrown instanceof TrafficError)) return thrown
  if (thrown.code === 'invalid_request')
    return Object.assign(new TypeError(thrown.message, { cause: thrown }))
  return failed('fetch failed', thrown)
}

/** What those who read a response of `fetch` are told. */
export function fetchFailures(signal: AbortSignal | undefined): Failures {
  if (signal === undefined) return WITHOUT_SIGNAL
  return { ...WITHOUT_SIGNAL, signal, body: (error) => (signal.aborted ? signal.reason : terminated(error)) }
}

const parsed = (text: string): unknown => JSON.parse(text)
const terminated = (error: TrafficError): FetchError => failed('terminated', error)
const WITHOUT_SIGNAL: Failures = { body: terminated, json: parsed, signal: undefined, asPlatform: true }

function failed(message: string, cause: TrafficError): FetchError {
  const error = new TypeError(message, { cause }) as FetchError
  const code = systemCode(cause) ?? PLATFORM_CODES[cause.code] ?? cause.code
  return Object.defineProperty(error, 'code', { value: code, enumerable: true })
}

/** The code of a failed system call, wherever it lies beneath. */
function systemCode(error: Error): string | undefined {
  let cause: unknown = error.cause
  for (let depth = 0; depth < 5 && cause instanceof Error; depth++) {
    const { code } = cause as NodeJS.ErrnoException
    if (typeof code === 'string' && !(cause instanceof TrafficError)) return code
    cause = cause.cause
  }
  return undefined
}
