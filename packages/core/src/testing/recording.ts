import type { ErrorCode, ErrorPhase, ReplaySafety } from '../message/errors.ts'
import type { HeaderList } from '../message/headers.ts'
import { formatUrl, urlParts } from '../message/reference.ts'
import type { HttpRequest } from '../message/request.ts'
import { REDACTED, redactQuery } from '../telemetry/redact.ts'
import { isSecretName } from '../telemetry/secret-names.ts'

/** What was exchanged, as JSON can hold it, without secrets. */
export interface Recording {
  readonly version: 1
  readonly exchanges: readonly RecordedExchange[]
}

/** One exchange: its request, and the response or the failure. */
export interface RecordedExchange {
  readonly request: RecordedRequest
  readonly response?: RecordedResponse
  readonly error?: RecordedError
}

export interface RecordedRequest {
  readonly method: string
  readonly url: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: RecordedBody
}

export interface RecordedResponse {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: RecordedBody
}

export interface RecordedError {
  readonly code: ErrorCode
  readonly message: string
  readonly phase?: ErrorPhase
  readonly replaySafe: ReplaySafety
}

/** Text, or bytes that are none in base64. */
export type RecordedBody = string | { readonly base64: string }

/** A request without its secrets. */
export function recordRequest(request: HttpRequest, content: Buffer): RecordedRequest {
  const { method, headers, query } = request
  const url = formatUrl({ ...urlParts(request), query: redactQuery(query) })
  return {
    method,
    url,
    headers: recordHeaders(headers),
    body: recordBody(content, headers.get('content-type')),
  }
}

export function recordHeaders(headers: HeaderList): [name: string, value: string][] {
  return [...headers].map(({ name, value }) => [name, redactField(name, value)])
}

/** A field's value as it may be kept: of cookies the names, of URLs all but the secrets in their query. */
function redactField(name: string, value: string): string {
  if (name === 'cookie') return value.replaceAll(/=[^;]*/g, `=${REDACTED}`)
  if (name === 'set-cookie') return value.replace(/=[^;]*/, `=${REDACTED}`)
  // Names of what must be told apart, not of what must be hidden.
  if (name === 'idempotency-key' || name.startsWith('access-control-')) return value
  if (name === 'www-authenticate' || name === 'proxy-authenticate') return value
  if (isSecretName(name)) return REDACTED
  const mark = value.indexOf('?')
  return mark >= 0 && /^(?:location|content-location|referer|link)$/.test(name)
    ? value.slice(0, mark) + redactQuery(value.slice(mark))
    : value
}

/** Content as it may be kept: secrets are looked for in JSON and in forms. */
export function recordBody(content: Buffer, type: string | undefined): RecordedBody {
  const text = content.toString('utf8')
  if (!Buffer.from(text).equals(content)) return { base64: content.toString('base64') }
  if (type?.startsWith('application/x-www-form-urlencoded')) return redactQuery(`?${text}`).slice(1)
  return /[/+]json\b/.test(type ?? '') ? redactJson(text) : text
}

function redactJson(text: string): string {
  try {
    let found = false
    const redacted: unknown = JSON.parse(text, (key, value: unknown) => {
      if (!isSecretName(key) || typeof value !== 'string') return value
      found = true
      return REDACTED
    })
    // As it came, if there is nothing to hide: blanks, order and numbers are part of a test.
    return found ? JSON.stringify(redacted) : text
  } catch {
    return text
  }
}

/** The content again. */
export function bodyBytes(body: RecordedBody): Buffer {
  return typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.base64, 'base64')
}
