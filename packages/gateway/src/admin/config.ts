import type { Reloader } from '../versions/reloader.ts'
import { writtenVersion } from '../versions/written-version.ts'
import { type AdminOperation, json, problem } from './endpoint.ts'
import { OUTCOME, answerChange, CHANGE_ANSWERS, DRY_RUN, etagOf, ifHash, isDryRun } from './outcome.ts'
import { ANY_OBJECT } from './schemas.ts'

/** `GET /config`: what was put in force last, as one would write it, every default filled in. */
export function configuration(reloader: Pick<Reloader, 'version'>): AdminOperation {
  return {
    method: 'GET',
    path: '/config',
    about: 'the configuration in force as it can be sent to PUT, defaults filled in, secrets redacted',
    description: {
      id: 'getConfiguration',
      result: ANY_OBJECT,
      etag: true,
      answers: { 200: 'the configuration; its ETag is for If-Match' },
    },
    handle: () => json(writtenVersion(reloader.version).shown, { etag: etagOf(reloader.version) }),
  }
}

/** `PUT /config`: another one in its place. */
export function replaceConfiguration(reloader: Pick<Reloader, 'apply'>): AdminOperation {
  return {
    method: 'PUT',
    path: '/config',
    about: 'put a configuration in force, as JSON; a dry run first: ?dryRun',
    description: {
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
    },
    async handle(request) {
      if (request.body === undefined)
        return problem(400, 'Bad request', 'the body must be the configuration, as JSON')
      // Without it, of two who change the same configuration the second undoes what the first did, and nobody notices.
      if (request.headers['if-match'] === undefined && !isDryRun(request)) {
        return problem(
          428,
          'Precondition required',
          'send If-Match with the ETag of GET /config, or * for any',
        )
      }
      const order = { author: request.author, ifHash: ifHash(request), dryRun: isDryRun(request) }
      return answerChange(await reloader.apply(request.body, { origin: 'admin', ...order }, request.locate))
    },
  }
}

/** `POST /reload`: what is in the file now. */
export function reload(reloader: Pick<Reloader, 'reload'>): AdminOperation {
  return {
    method: 'POST',
    path: '/reload',
    about: 'read the configuration file again and put it in force; a dry run first: ?dryRun',
    description: {
      id: 'reload',
      result: OUTCOME,
      query: DRY_RUN,
      conditional: 'configuration',
      answers: CHANGE_ANSWERS,
    },
    async handle(request) {
      const order = { author: request.author, ifHash: ifHash(request), dryRun: isDryRun(request) }
      return answerChange(await reloader.reload({ origin: 'admin', ...order }))
    },
  }
}
