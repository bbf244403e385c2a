/** What a parser of one written value returns. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | Refused

/** Why a written value was refused. */
export interface Refused {
  readonly ok: false
  /** Continues a sentence that starts with the value: `is not a duration`. */
  readonly problem: string
  /** What to write instead, as a sentence: `did you mean "30s"?`. */
  readonly hint?: string
}

export function parsed<T>(value: T): Parsed<T> {
  return { ok: true, value }
}

export function refused(problem: string, hint?: string): Refused {
  return hint === undefined ? { ok: false, problem } : { ok: false, problem, hint }
}

export function didYouMean(text: string): string {
  return `did you mean ${JSON.stringify(text)}?`
}

/** A text or a number as text, anything else as none: a list passes for what it holds, and objects need not be texts at all. */
export function scalarText(written: unknown): string {
  return typeof written === 'string' || typeof written === 'number' ? String(written) : ''
}
