import { type CacheDirectives, parseCacheControl, parseTargetedControl } from '../../fields/cache-control.ts'
import type { HeaderList } from '../../message/headers.ts'
import type { CacheRules } from './cache-rules.ts'

/** What a response says of its caching, and whether a field that is for this cache says it. */
export interface ResponseControl {
  readonly directives: CacheDirectives
  /** Then Cache-Control and Expires mean nothing (RFC 9213 2.2). */
  readonly targeted: boolean
}

/** The first of the targeted fields that is there and well-formed, else Cache-Control. A private cache heeds none. */
export function responseControl(headers: HeaderList, { shared, targets }: CacheRules): ResponseControl {
  if (shared) {
    for (const name of targets) {
      const value = headers.get(name)
      const directives = value === undefined ? undefined : parseTargetedControl(value)
      if (directives !== undefined) return { directives, targeted: true }
    }
  }
  return { directives: parseCacheControl(headers.get('cache-control')), targeted: false }
}
