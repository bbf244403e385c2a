import type { Case } from './case.ts'
import type { Fields } from './raw-origin.ts'

/** A request as the origin saw it, less what each client adds of its own. */
export interface SeenRequest {
  readonly method: string
  readonly target: string
  readonly fields: Fields
  readonly content: string
}

/** What reading the content came to. */
export type Content = { readonly read: string } | { readonly threw: string }

/** What a caller got. */
export interface Got {
  readonly threw?: string
  readonly status?: number
  readonly statusText?: string
  readonly ok?: boolean
  readonly url?: string
  readonly redirected?: boolean
  readonly type?: string
  readonly fields?: Fields
  readonly cookies?: readonly string[]
  readonly hasBody?: boolean
  readonly usedBefore?: boolean
  readonly usedAfter?: boolean
  readonly content?: Content
  readonly again?: Content
  /** Whether the Request that was given counts as used. */
  readonly requestUsed?: boolean
}

export interface Outcome {
  readonly seen: readonly SeenRequest[]
  readonly got: Got
}

/** One case, and what both made of it. */
export interface Comparison {
  readonly given: Case
  readonly platform: Outcome
  readonly client: Outcome
}

/** One thing that the two did not do alike. */
export interface Difference {
  /** As `got.status` or `seen.0.fields`. */
  readonly place: string
  readonly platform: unknown
  readonly client: unknown
}

/** What kind of failure it is, as far as a program can tell without reading messages made for people. */
export function kindOf(thrown: unknown, reason: unknown): string {
  if (thrown === reason && reason !== undefined) return 'the reason'
  if (thrown instanceof DOMException) return thrown.name
  if (!(thrown instanceof Error)) return typeof thrown
  const known = thrown.message === 'fetch failed' || thrown.message === 'terminated'
  return known ? `${thrown.name}: ${thrown.message}` : thrown.name
}
