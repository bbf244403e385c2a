import { serializeItem } from '../../fields/structured-writer.ts'

/** Why a request was sent on (RFC 9211 2.2). */
export type Forwarded =
  | 'bypass'
  | 'method'
  | 'uri-miss'
  | 'vary-miss'
  | 'miss'
  | 'request'
  | 'stale'
  | 'partial'

/** What the cache has done about one request. */
export interface CacheOutcome {
  /** Answered from what was stored, without waiting for the origin. */
  readonly hit: boolean
  readonly forwarded?: Forwarded | undefined
  /** The status of the origin's response where it is another than that of the answer. */
  readonly forwardedStatus?: number | undefined
  /** Milliseconds for which it is still fresh; below 0, for which it has been stale. */
  readonly freshFor?: number | undefined
  /** Milliseconds since the origin made or confirmed it, of a hit. */
  readonly age?: number | undefined
  /** Whether the origin's response was stored; undefined where nothing came that could be. */
  readonly stored?: boolean | undefined
  /** It waited for a request that was under way already. */
  readonly collapsed?: boolean | undefined
  /** More, for people: why it was not stored, by what right it was stale. A token. */
  readonly detail?: string | undefined
  /** Which of several stores a hit came from, where that is not the first of them. A token. */
  readonly from?: string | undefined
}

/** What a cache calls itself in Cache-Status: a token if it is one, else a string. @throws TypeError if it can be neither */
export function cacheName(name: string): string {
  const type = /^[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*$/.test(name) ? 'token' : 'string'
  return serializeItem({ bare: { type, value: name }, parameters: new Map() })
}

/** A member of Cache-Status (RFC 9211 2). `name` as `cacheName` makes it. */
export function cacheStatus(name: string, outcome: CacheOutcome): string {
  let text = name
  if (outcome.hit) text += '; hit'
  if (outcome.forwarded !== undefined) text += `; fwd=${outcome.forwarded}`
  if (outcome.forwardedStatus !== undefined) text += `; fwd-status=${outcome.forwardedStatus}`
  if (outcome.freshFor !== undefined) text += `; ttl=${Math.floor(outcome.freshFor / 1000)}`
  if (outcome.stored === true) text += '; stored'
  if (outcome.collapsed === true) text += '; collapsed'
  const detail = outcome.detail ?? outcome.from
  if (detail !== undefined) text += `; detail=${detail}`
  return text
}
