import type { Exchange } from '../../message/exchange.ts'
import { isSafe } from '../../message/request.ts'
import type { CacheOptions } from './cache-options.ts'
import { isForOrigin } from './conditional.ts'
import { overridesMethod } from './told-target.ts'

/** Which way a request takes: one that reads, one that reads by its content, one that may change something, or past the cache. */
export type Way = 'lookup' | 'content' | 'write' | Bypass

/** Why a request goes past the cache: it is neither answered from it nor stored. */
export type Bypass =
  /** A method that changes nothing, and whose responses are not stored; or a field that names another method. */
  | 'bypass-method'
  /** It asks for another protocol. */
  | 'bypass-upgrade'
  /** A condition that only the origin can judge. */
  | 'bypass-condition'
  /** The configuration, or the call, says so. */
  | 'bypass-configured'
  /** A GET with content, or a QUERY with more than a key may hold. */
  | 'bypass-content'

/** The most bytes of a QUERY's content that is kept in a key. */
const MOST_QUERY = 64 * 1024

export function wayOf(exchange: Exchange, options: CacheOptions): Way {
  const { method, body, headers, upgrade } = exchange.request
  const reads = method === 'GET' || method === 'HEAD'
  if (!reads && method !== 'QUERY') return isSafe(method) ? 'bypass-method' : 'write'
  if (upgrade !== undefined) return 'bypass-upgrade'
  if (isForOrigin(headers)) return 'bypass-condition'
  if (overridesMethod(exchange.request)) return 'bypass-method'
  if (options.bypass?.(exchange) === true || options.requestMode?.(exchange) === 'no-store')
    return 'bypass-configured'
  if (!reads) {
    const { length } = body
    return length !== undefined && length <= (options.maxQuery ?? MOST_QUERY) ? 'content' : 'bypass-content'
  }
  // What the content of a GET says is in no key ("fat GET").
  return body.whole !== undefined && body.length === 0 ? 'lookup' : 'bypass-content'
}
