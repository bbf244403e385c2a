import type { ConfigProblem } from '../settings/problems/problem.ts'
import type { StartFailure } from '../workers/start-failure.ts'
import type { Changes } from './changes.ts'
import type { VersionFacts, VersionOrigin } from './version.ts'

/** Who wants a change, and on what terms. */
export interface ChangeOrder {
  readonly origin: VersionOrigin
  readonly author?: string | undefined
  /** Only if this is the hash of what is in force. */
  readonly ifHash?: string | undefined
  /** Says what would change, and changes nothing. */
  readonly dryRun?: boolean
}

/** Who wants the source to be read again; a version is put in force again without that. */
export interface ReloadOrder extends ChangeOrder {
  readonly origin: Exclude<VersionOrigin, 'rollback'>
}

/** What came of it. */
export type ChangeOutcome =
  | {
      readonly kind: 'applied'
      readonly version: VersionFacts
      readonly changes: Changes
      readonly summary: string
    }
  | { readonly kind: 'unchanged'; readonly version: VersionFacts }
  | { readonly kind: 'possible'; readonly changes: Changes; readonly summary: string }
  /** Mistakes in it. */
  | { readonly kind: 'invalid'; readonly problems: readonly ConfigProblem[] }
  /** It could not be put in force, whatever went wrong on the way. */
  | { readonly kind: 'failed'; readonly failure: StartFailure }
  /** Another one is in force than the caller thinks. */
  | { readonly kind: 'conflict'; readonly version: VersionFacts }
  | { readonly kind: 'unknown-version' }

/** What the last reading of the source came to: for whoever wonders why a change of the file shows no effect. */
export interface LastReload {
  readonly successful: boolean
  /** In ISO 8601. */
  readonly time: string
  readonly origin: ReloadOrder['origin']
  readonly author?: string | undefined
  /** Why it was refused. */
  readonly reason?: string
}

/** Why a configuration was refused, in a line; undefined if it was not. */
export function refusalOf(outcome: ChangeOutcome): string | undefined {
  if (outcome.kind === 'failed') return short(outcome.failure.message)
  if (outcome.kind !== 'invalid') return undefined
  const [first] = outcome.problems
  const place = [first?.file, first?.line, first?.column].filter((part) => part !== undefined).join(':')
  const where = [place, first?.path ?? ''].filter((part) => part !== '').map((part) => `${part}: `)
  const more = outcome.problems.length > 1 ? `, and ${outcome.problems.length - 1} more` : ''
  return `${short(`${where.join('')}${first?.message ?? ''}`)}${more}`
}

/** Characters of a message that are enough to know what is meant. */
const ENOUGH = 1_000

/** Keys and values of a configuration may be as long as somebody likes. */
export function short(text: string): string {
  return text.length > ENOUGH ? `${text.slice(0, ENOUGH)}...` : text
}
