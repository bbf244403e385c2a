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
      const directives = value === undefined ? undefined : parsed(name, value)
      if (directives !== undefined) return { directives, targeted: true }
    }
  }
  return { directives: parseCacheControl(headers.get('cache-control')), targeted: false }
}

/** Surrogate-Control (W3C Edge Architecture 1.0, 2.2) is older than targeted fields: as Cache-Control, with parameters that name a surrogate. */
function parsed(name: string, value: string): CacheDirectives | undefined {
  if (name !== 'surrogate-control') return parseTargetedControl(value)
  return parseCacheControl(value.replace(/;[^,"]*/g, ''))
}
