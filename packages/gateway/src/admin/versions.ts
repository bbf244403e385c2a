import { type AdminAnswer, type AdminOperation, json, operation, problem } from '../admin-api/operation.ts'
import { ANYTHING, type Described, elsewhere, list, members, TEXT, WHOLE } from '../admin-api/schema.ts'
import { configJsonSchema } from '../config/json-schema/json-schema.ts'
import { redact } from '../settings/redact.ts'
import { differencesOf } from '../versions/diff.ts'
import type { Reloader } from '../versions/reloader.ts'
import type { Version } from '../versions/version.ts'
import { writtenVersion } from '../versions/written-version.ts'
import {
  answerChange,
  CHANGE_ANSWERS,
  DRY_RUN,
  factsOf,
  orderOf,
  OUTCOME,
  VERSION,
  VERSION_FACTS,
} from './config.ts'

const VERSIONS = members({ current: WHOLE, versions: list(VERSION) })
const DIFFERENCES = members({
  from: WHOLE,
  to: WHOLE,
  differences: list(members({ path: TEXT, 'before?': ANYTHING, 'after?': ANYTHING })),
})

export type VersionsAnswer = Described<typeof VERSIONS>
export type DifferencesAnswer = Described<typeof DIFFERENCES>

/** The configurations that were applied. */
export function versionOperations(
  reloader: Pick<Reloader, 'version' | 'versions' | 'rollback'>,
): AdminOperation[] {
  const find = (id: string | null): Version | undefined =>
    reloader.versions.find((version) => String(version.id) === id)
  return [
    operation({
      method: 'GET',
      path: '/versions',
      about: 'the configurations that were applied, the last one first',
      id: 'listVersions',
      result: VERSIONS,
      answers: { 200: 'the versions' },
      handle: () =>
        json({ current: reloader.version.id, versions: [...reloader.versions].reverse().map(factsOf) }),
    }),
    operation({
      method: 'GET',
      path: '/versions/{id}',
      about: 'one of them, as it was written, secrets redacted',
      id: 'getVersion',
      result: members({ ...VERSION_FACTS, configuration: elsewhere() }),
      answers: { 200: 'the version', 404: 'there is none' },
      handle({ params }) {
        const version = find(params['id'] ?? '')
        if (version === undefined) return missing(params['id'])
        return json({ ...factsOf(version), configuration: shown(version) })
      },
    }),
    operation({
      method: 'GET',
      path: '/diff',
      about: 'where two versions differ: ?from=1&to=2; left out, "to" is the one in force',
      id: 'compareVersions',
      result: DIFFERENCES,
      query: { from: 'the number of a version', to: 'the number of a version' },
      answers: { 200: 'each difference', 404: 'there is no such version' },
      handle({ query }) {
        const from = find(query.get('from'))
        const to = query.has('to') ? find(query.get('to')) : reloader.version
        if (from === undefined) return missing(query.get('from'))
        if (to === undefined) return missing(query.get('to'))
        const differences = differencesOf(writtenVersion(from), writtenVersion(to))
        return json({ from: from.id, to: to.id, differences })
      },
    }),
    operation({
      method: 'POST',
      path: '/versions/{id}/rollback',
      about: 'put one of them in force again; a dry run first: ?dryRun',
      id: 'rollBack',
      result: OUTCOME,
      query: DRY_RUN,
      conditional: 'configuration',
      answers: { ...CHANGE_ANSWERS, 404: 'there is no such version' },
      async handle(request) {
        const id = Number(request.params['id'])
        return answerChange(await reloader.rollback(id, { origin: 'rollback', ...orderOf(request) }))
      },
    }),
  ]
}

function shown({ input }: Version): object {
  return redact(input, configJsonSchema()) as object
}

function missing(id: string | null | undefined): AdminAnswer<never> {
  const detail = `there is no version ${JSON.stringify(id ?? null)}: GET /versions lists them`
  return problem(404, 'Not found', detail)
}
