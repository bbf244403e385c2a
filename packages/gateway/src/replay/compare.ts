import { loggedField } from '../settings/values/request-field.ts'
import type { NotRecorded, RecordedOutcome } from './recorded-request.ts'

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

/** One thing that is different. */
export interface Change {
  readonly what: 'route' | 'answer' | 'upstream' | 'target' | 'version'
  readonly from: string
  readonly to: string
}

export type Comparison =
  | { readonly kind: 'same' }
  | { readonly kind: 'changed'; readonly route: string; readonly changes: readonly Change[] }
  | Unsure

const NOBODY: ReadonlySet<string> = new Set()
/** For the version of an API, where there is none. */
const NONE = '(none)'
const SAME: Comparison = { kind: 'same' }

/** What the log says became of a request, as far as it says so. */
export function recordedVerdict({ route, status, error, endpoint, version }: RecordedOutcome): Verdict {
  const endpoints = endpoint === '' ? new Set<string>() : new Set([endpoint])
  const answer = recordedAnswer(status, error, endpoint)
  return { kind: 'known', route, answer, upstreams: [], endpoints, target: undefined, version }
}

function recordedAnswer(status: number | undefined, error: string | undefined, endpoint: string): Answer {
  if (error === 'route_not_found') return { by: 'refusal', status: 404 }
  if (error === 'method_not_allowed') return { by: 'refusal', status: 405 }
  if (error === 'request_body_too_large') return { by: 'refusal', status: 413 }
  if (endpoint !== '') return { by: 'upstream' }
  if (error !== undefined || status === undefined) return { by: 'circumstances' }
  return { by: status >= 300 && status < 400 ? 'redirect' : 'fixed answer', status }
}

/**
 * What is different between two verdicts on a request.
 * @param before that of the log, or of another configuration
 */
export function compare(before: Verdict | Unsure, after: Verdict | Unsure): Comparison {
  if (before.kind === 'unsure' && after.kind === 'unsure' && before.question === after.question) return SAME
  if (after.kind === 'unsure') return after
  if (before.kind === 'unsure') return before
  const changes = [
    ...difference('route', before.route, after.route),
    ...answers(before, after),
    ...upstreams(before, after),
    ...difference('target', before.target, after.target),
    ...difference('version', before.version, after.version),
  ]
  return changes.length === 0 ? SAME : { kind: 'changed', route: before.route, changes }
}

function difference(what: Change['what'], from: string | undefined, to: string | undefined): Change[] {
  return from === undefined || to === undefined || from === to
    ? []
    : [{ what, from: from || NONE, to: to || NONE }]
}

function answers(before: Verdict, after: Verdict): Change[] {
  if (before.answer.by === 'circumstances' || after.answer.by === 'circumstances') return []
  // Which upstream it is, is another question.
  if (before.answer.by === 'upstream' && after.answer.by === 'upstream') return []
  return difference('answer', formatAnswer(before), formatAnswer(after))
}

function formatAnswer({ answer, upstreams: names, endpoints = NOBODY }: Verdict): string {
  if ('status' in answer) return `${answer.by} ${answer.status}`
  return `upstream ${listed(names.length > 0 ? names : [...endpoints])}`
}

function upstreams(before: Verdict, after: Verdict): Change[] {
  if (before.answer.by !== 'upstream' || after.answer.by !== 'upstream') return []
  // Two configurations are compared by names, in which equal addresses may mean something else.
  if (before.upstreams.length > 0)
    return difference('upstream', listed(before.upstreams), listed(after.upstreams))
  const [asked] = before.endpoints ?? []
  if (asked === undefined || after.endpoints === undefined || after.endpoints.has(asked)) return []
  return [{ what: 'upstream', from: asked, to: listed(after.upstreams) }]
}

function listed(names: readonly string[]): string {
  return [...names].sort().join(' or ')
}
