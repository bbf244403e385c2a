import {
  type AdminAnswer,
  type AdminOperation,
  type AdminRequest,
  ifHash,
  json,
  operation,
  problem,
} from '../admin-api/operation.ts'
import { type Described, elsewhere, members, oneOf, TEXT, TIME, WHOLE } from '../admin-api/schema.ts'
import type { ConfigProblem } from '../settings/problems/problem.ts'
import type { Changes } from '../versions/changes.ts'
import { type ChangeOutcome, refusalOf, short } from '../versions/outcome.ts'
import type { Reloader } from '../versions/reloader.ts'
import { ORIGINS, type VersionFacts } from '../versions/version.ts'
import { writtenVersion } from '../versions/written-version.ts'

/** What a version of the configuration is told by. */
export const VERSION_FACTS = {
  id: WHOLE,
  hash: TEXT,
  time: TIME,
  origin: oneOf(...ORIGINS),
  'author?': TEXT,
  summary: TEXT,
}
export const VERSION = members(VERSION_FACTS)
/** What came of a change of the configuration. */
export const OUTCOME = members({
  outcome: oneOf('applied', 'unchanged', 'possible'),
  'version?': VERSION,
  'summary?': TEXT,
  'changes?': elsewhere<Changes>(),
})

export type OutcomeAnswer = Described<typeof OUTCOME>

/** The configuration in force: what it is, another one in its place, and what is in the file now. */
export function configOperations(reloader: Pick<Reloader, 'version' | 'apply' | 'reload'>): AdminOperation[] {
  return [configuration(reloader), replaceConfiguration(reloader), reload(reloader)]
}

/** `GET /config`: what was put in force last, as one would write it, every default filled in. */
export function configuration(reloader: Pick<Reloader, 'version'>): AdminOperation {
  return operation({
    method: 'GET',
    path: '/config',
    about: 'the configuration in force as it can be sent to PUT, defaults filled in, secrets redacted',
    id: 'getConfiguration',
    result: elsewhere(),
    etag: true,
    answers: { 200: 'the configuration; its ETag is for If-Match' },
    handle: () => {
      const { shown } = writtenVersion(reloader.version)
      return json(shown as object, { etag: etagOf(reloader.version) })
    },
  })
}

function replaceConfiguration(reloader: Pick<Reloader, 'apply'>): AdminOperation {
  return operation({
    method: 'PUT',
    path: '/config',
    about: 'put a configuration in force, as JSON; a dry run first: ?dryRun',
    id: 'replaceConfiguration',
    result: OUTCOME,
    query: DRY_RUN,
    body: {
      type: 'object',
      description:
        'as "headgate schema" describes it; a secret that GET shows as [redacted] stays as it is where that is sent back',
    },
    conditional: 'configuration',
    answers: {
      ...CHANGE_ANSWERS,
      400: 'the body is missing or cannot be read as JSON',
      428: 'If-Match is missing',
    },
    async handle(request) {
      if (request.body === undefined)
        return problem(400, 'Bad request', 'the body must be the configuration, as JSON')
      const order = orderOf(request)
      // Without it, of two who change the same configuration the second undoes what the first did, and nobody notices.
      if (!request.headers.has('if-match') && !order.dryRun) {
        const detail = 'send If-Match with the ETag of GET /config, or * for any'
        return problem(428, 'Precondition required', detail)
      }
      return answerChange(await reloader.apply(request.body, { origin: 'admin', ...order }, request.locate))
    },
  })
}

function reload(reloader: Pick<Reloader, 'reload'>): AdminOperation {
  return operation({
    method: 'POST',
    path: '/reload',
    about: 'read the configuration file again and put it in force; a dry run first: ?dryRun',
    id: 'reload',
    result: OUTCOME,
    query: DRY_RUN,
    conditional: 'configuration',
    answers: CHANGE_ANSWERS,
    handle: async (request) => answerChange(await reloader.reload({ origin: 'admin', ...orderOf(request) })),
  })
}

/** The ETag of a configuration (RFC 9110 8.8.3). */
function etagOf({ hash }: VersionFacts): string {
  return `"${hash}"`
}

/** On what terms a change is wanted; a dry run where `?dryRun` is there, and not `false`. */
export function orderOf(request: AdminRequest): {
  readonly author: string
  readonly ifHash: string | undefined
  readonly dryRun: boolean
} {
  const dryRun = request.query.get('dryRun')
  return {
    author: request.author,
    ifHash: ifHash(request),
    dryRun: dryRun !== null && dryRun !== 'false',
  }
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
export function answerChange(outcome: ChangeOutcome): AdminAnswer<OutcomeAnswer> {
  return { ...answerOutcome(outcome), isRecorded: true }
}

function answerOutcome(outcome: ChangeOutcome): AdminAnswer<OutcomeAnswer> {
  switch (outcome.kind) {
    case 'applied': {
      const { version, changes, summary } = outcome
      const etag = etagOf(version)
      return json({ outcome: 'applied', version: factsOf(version), summary, changes }, { etag })
    }
    case 'unchanged': {
      const { version } = outcome
      return json({ outcome: 'unchanged', version: factsOf(version) }, { etag: etagOf(version) })
    }
    case 'possible':
      return json({ outcome: 'possible', summary: outcome.summary, changes: outcome.changes })
    case 'invalid': {
      const mistakes = outcome.problems.slice(0, MOST_MISTAKES).map(mistakeOf)
      const all = outcome.problems.length
      const more = all > mistakes.length ? { moreMistakes: all - mistakes.length } : {}
      const detail = `nothing has changed: ${refusalOf(outcome)}`
      return problem(422, 'Invalid configuration', detail, {}, { mistakes, ...more })
    }
    case 'failed': {
      const { failure } = outcome
      return problem(409, 'Not applied', `nothing has changed: ${failure.message}`, {}, { failure })
    }
    case 'conflict': {
      const { version } = outcome
      const etag = etagOf(version)
      const detail = `the configuration in force is version ${version.id}, with ETag ${etag}`
      return problem(412, 'Precondition failed', detail, { etag })
    }
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
