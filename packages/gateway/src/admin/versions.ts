import { configJsonSchema } from '../config/json-schema/json-schema.ts'
import { redact } from '../settings/redact.ts'
import { differencesOf } from '../versions/diff.ts'
import type { Version } from '../versions/version.ts'
import type { Reloader } from '../versions/reloader.ts'
import { writtenVersion } from '../versions/written-version.ts'
import { type AdminAnswer, type AdminOperation, json, problem } from './endpoint.ts'
import {
  OUTCOME,
  VERSION,
  VERSION_FACTS,
  answerChange,
  CHANGE_ANSWERS,
  DRY_RUN,
  factsOf,
  ifHash,
  isDryRun,
} from './outcome.ts'
import { ANY_OBJECT, list, members, TEXT, WHOLE } from './schemas.ts'

const DIFFERENCES = members({
  from: WHOLE,
  to: WHOLE,
  differences: list(members({ path: TEXT, 'before?': {}, 'after?': {} })),
})

/** The configurations that were applied. */
export function versionOperations(
  reloader: Pick<Reloader, 'version' | 'versions' | 'rollback'>,
): AdminOperation[] {
  const find = (id: string | null): Version | undefined =>
    reloader.versions.find((version) => String(version.id) === id)
  return [
    {
      method: 'GET',
      path: '/versions',
      about: 'the configurations that were applied, the last one first',
      description: {
        id: 'listVersions',
        result: members({ current: WHOLE, versions: list(VERSION) }),
        answers: { 200: 'the versions' },
      },
      handle: () =>
        json({ current: reloader.version.id, versions: [...reloader.versions].reverse().map(factsOf) }),
    },
    {
      method: 'GET',
      path: '/versions/{id}',
      about: 'one of them, as it was written, secrets redacted',
      description: {
        id: 'getVersion',
        result: members({ ...VERSION_FACTS, configuration: ANY_OBJECT }),
        answers: { 200: 'the version', 404: 'there is none' },
      },
      handle({ params }) {
        const version = find(params['id'] ?? '')
        return version === undefined
          ? missing(params['id'])
          : json({ ...factsOf(version), configuration: shown(version) })
      },
    },
    {
      method: 'GET',
      path: '/diff',
      about: 'where two versions differ: ?from=1&to=2; left out, "to" is the one in force',
      description: {
        id: 'compareVersions',
        result: DIFFERENCES,
        query: { from: 'the number of a version', to: 'the number of a version' },
        answers: { 200: 'each difference', 404: 'there is no such version' },
      },
      handle({ query }) {
        const [from, to] = [
          find(query.get('from')),
          query.has('to') ? find(query.get('to')) : reloader.version,
        ]
        if (from === undefined) return missing(query.get('from'))
        if (to === undefined) return missing(query.get('to'))
        return json({
          from: from.id,
          to: to.id,
          differences: differencesOf(writtenVersion(from), writtenVersion(to)),
        })
      },
    },
    {
      method: 'POST',
      path: '/versions/{id}/rollback',
      about: 'put one of them in force again; a dry run first: ?dryRun',
      description: {
        id: 'rollBack',
        result: OUTCOME,
        query: DRY_RUN,
        conditional: 'configuration',
        answers: { ...CHANGE_ANSWERS, 404: 'there is no such version' },
      },
      async handle(request) {
        const order = { author: request.author, ifHash: ifHash(request), dryRun: isDryRun(request) }
        const id = Number(request.params['id'])
        return answerChange(await reloader.rollback(id, { origin: 'rollback', ...order }))
      },
    },
  ]
}

function shown({ input }: Version): unknown {
  return redact(input, configJsonSchema())
}

function missing(id: string | null | undefined): AdminAnswer {
  return problem(
    404,
    'Not found',
    `there is no version ${JSON.stringify(id ?? null)}: GET /versions lists them`,
  )
}
