import type { ConfigProblem } from '../settings/problems/problem.ts'
import { type ChangeOutcome, refusalOf, short } from '../versions/outcome.ts'
import type { VersionFacts } from '../versions/version.ts'
import { type AdminAnswer, type AdminRequest, json, problem } from './endpoint.ts'
import { ANY_OBJECT, members, oneOf, type Schema, TEXT, TIME, WHOLE } from './schemas.ts'

/** What a version of the configuration is told by. */
export const VERSION_FACTS: Readonly<Record<string, Schema>> = {
  id: WHOLE,
  hash: TEXT,
  time: TIME,
  origin: oneOf('start', 'file', 'signal', 'admin', 'rollback'),
  'author?': TEXT,
  summary: TEXT,
}
export const VERSION: Schema = members(VERSION_FACTS)
/** What came of a change of the configuration. */
export const OUTCOME: Schema = members({
  outcome: oneOf('applied', 'unchanged', 'possible'),
  'version?': VERSION,
  'summary?': TEXT,
  'changes?': ANY_OBJECT,
})

/** The ETag of a configuration (RFC 9110 8.8.3). */
export function etagOf({ hash }: VersionFacts): string {
  return `"${hash}"`
}

/** The hash that If-Match asks for; undefined if any will do. */
export function ifHash({ headers }: AdminRequest): string | undefined {
  const match = headers['if-match']
  if (typeof match !== 'string' || match.trim() === '*') return undefined
  return match.trim().replaceAll(/^(?:W\/)?"|"$/g, '')
}

/** Whether `?dryRun` is there, and not `false`. */
export function isDryRun({ query }: AdminRequest): boolean {
  const value = query.get('dryRun')
  return value !== null && value !== 'false'
}

export const DRY_RUN = { dryRun: 'say what would change, and change nothing' }

/** What every change may answer. */
export const CHANGE_ANSWERS = {
  200: 'what was, or would be, kept, changed, added and removed',
  409: 'it could not be put in force, and nothing has changed',
  412: 'another configuration is in force than If-Match says',
  422: 'there are mistakes in it, which are named; nothing has changed',
}

/** The reloader keeps the record of it. */
export function answerChange(outcome: ChangeOutcome): AdminAnswer {
  return { ...answerOutcome(outcome), isRecorded: true }
}

function answerOutcome(outcome: ChangeOutcome): AdminAnswer {
  switch (outcome.kind) {
    case 'applied': {
      const { version, changes, summary } = outcome
      return json(
        { outcome: 'applied', version: factsOf(version), summary, changes },
        { etag: etagOf(version) },
      )
    }
    case 'unchanged':
      return json(
        { outcome: 'unchanged', version: factsOf(outcome.version) },
        { etag: etagOf(outcome.version) },
      )
    case 'possible':
      return json({ outcome: 'possible', summary: outcome.summary, changes: outcome.changes })
    case 'invalid': {
      const mistakes = outcome.problems.slice(0, MOST_MISTAKES).map(mistakeOf)
      const all = outcome.problems.length
      const more = all > mistakes.length ? { moreMistakes: all - mistakes.length } : {}
      const detail = `nothing has changed: ${refusalOf(outcome)}`
      return problem(422, 'Invalid configuration', detail, {}, { mistakes, ...more })
    }
    case 'failed':
      return problem(
        409,
        'Not applied',
        `nothing has changed: ${outcome.failure.message}`,
        {},
        { failure: outcome.failure },
      )
    case 'conflict':
      return problem(
        412,
        'Precondition failed',
        `the configuration in force is version ${outcome.version.id}, with ETag ${etagOf(outcome.version)}`,
        { etag: etagOf(outcome.version) },
      )
    case 'unknown-version':
      return problem(404, 'Not found', 'there is no such version: GET /versions lists them')
  }
}

/** What nobody reads to its end is not sent: a configuration may be wrong in a million places. */
const MOST_MISTAKES = 100

function mistakeOf({ message, file, line, column, path, hint }: ConfigProblem): object {
  const known = { message: short(message), line, column, path: short(path) }
  return { ...known, ...(file !== undefined && { file }), ...(hint !== undefined && { hint: short(hint) }) }
}

/** Without what is configured. */
export function factsOf({ id, hash, time, origin, author, summary }: VersionFacts): VersionFacts {
  return { id, hash, time, origin, ...(author !== undefined && { author }), summary }
}
