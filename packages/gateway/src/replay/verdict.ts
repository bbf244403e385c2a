import { loggedField } from '../settings/values/request-field.ts'
import type { NotRecorded } from './recorded-headers.ts'

/** What becomes of a request. */
export interface Verdict {
  readonly kind: 'known'
  /** Empty where the log does not tell. */
  readonly route: string
  readonly answer: Answer
  /** Empty if none is asked; several where they share the traffic. */
  readonly upstreams: readonly string[]
  /** Names of what may be asked, as logs have them; undefined where only DNS knows. */
  readonly endpoints: ReadonlySet<string> | undefined
  /** What the upstream is asked for, or where a redirect leads; undefined where it is not known. */
  readonly target: string | undefined
  /** Of the API; empty without. */
  readonly version: string
}

/** Who answers, with the status where it is the gateway. */
export type Answer =
  | { readonly by: 'upstream' }
  | { readonly by: 'redirect' | 'fixed answer' | 'refusal'; readonly status: number }
  /** A policy that looks at more than one request, or an upstream that did not answer: nothing is said about it. */
  | { readonly by: 'circumstances' }

/** It depends on what the log does not tell. */
export interface Unsure {
  readonly kind: 'unsure'
  /** Routes that might take it, as far as that is the question. */
  readonly possible: readonly string[]
  /** The same text for the same question: of two configurations that ask it in the same way, the answer is the same. */
  readonly question: string
  readonly reason: string
  /** The field that would have to be recorded; undefined if none would help. */
  readonly field: string | undefined
}

/** The reason in words. */
export function reasonOf(route: string, { what, field }: NotRecorded): string {
  const reason = `route ${route} looks at ${what}, which the log does not record`
  if (field === undefined) return reason
  return loggedField.parse(field).ok
    ? `${reason}; add accessLog.headers: [${field}], and ask again with later lines`
    : `${reason}, as it may hold a secret`
}
