import type { Exchange } from '../../message/exchange.ts'
import type { HttpResponse } from '../../message/response.ts'

/**
 * The request fields that tell requests apart: who asks, which variant is wanted, which part, and under which condition. In
 * lower case.
 */
export const KEY_FIELDS: readonly string[] = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'x-api-key',
  'accept',
  'accept-encoding',
  'accept-language',
  'range',
  'if-range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'cache-control',
]

/** What no field value can hold, to tell a field that is missing from one that is empty. */
const MISSING = '\0'

/**
 * The same for two requests when, and only when, one response may answer both; undefined for a request that must go by
 * itself: one that changes something, brings content, or wants another protocol.
 * @param fields those that tell requests apart, in lower case
 */
export function dedupeKey({ request }: Exchange, fields: readonly string[]): string | undefined {
  const { method, body, headers } = request
  if (method !== 'GET' && method !== 'HEAD') return undefined
  if (body.whole === undefined || body.length !== 0 || request.upgrade !== undefined) return undefined
  let key = `${method} ${request.scheme}://${request.authority.text}${request.path}${request.query}`
  // No value holds a line feed.
  for (const name of fields) key += `\n${headers.get(name) ?? MISSING}`
  return key
}

/**
 * Whether a response may go to several who asked the same: not if it was made for one of them (Set-Cookie, private, no-store),
 * nor if it depends on a field that did not tell the requests apart (RFC 9110 12.5.5).
 */
export function isShareable(response: HttpResponse, fields: readonly string[]): boolean {
  const { headers } = response
  if (response.tunnel !== undefined || headers.has('set-cookie')) return false
  const control = headers.get('cache-control')?.toLowerCase()
  if (control !== undefined && /(?:^|[\s,])(?:private|no-store)(?:$|[\s,=])/.test(control)) return false
  const vary = headers.get('vary')
  return vary === undefined || vary.split(',').every((name) => fields.includes(name.trim().toLowerCase()))
}
