import {
  type Exchange,
  type HttpResponse,
  type MetricRegistry,
  type Policy,
  TrafficError,
} from '@headgate/core'
import { metric } from '../../metrics/metric.ts'
import type { Kept } from '../../kept.ts'
import type { ExchangeRow, Route } from '../layer.ts'
import { type KnownSchemas, schemasIdentity } from './schema-documents.ts'
import { KnownDocuments } from './known-documents.ts'
import type { MessageJudge, RequestJudge } from './message-judge.ts'
import { openapiChecks, openapiRules } from './openapi/checks.ts'
import type { ResponseVerdict } from './openapi/judge-response.ts'
import type { ValidateConfig } from './setting.ts'
import { stateInvalid } from './violation.ts'

const VALIDATIONS = metric({
  kind: 'counter',
  name: 'headgate_validations_total',
  labels: ['route', 'decision'],
  help: 'Requests by what the schemas of the route said: valid, invalid (refused), or unenforced, what would be refused if the mode were not report.',
  sparse: true,
})

const RESPONSES = metric({
  kind: 'counter',
  name: 'headgate_response_validations_total',
  labels: ['route', 'decision'],
  help: 'Responses of upstreams by what the OpenAPI document of the route said, where it asks for that: valid, invalid (answered with 502), unenforced, what would be if responses were enforced, or unseen, of which nothing is said or which is too large to be looked at.',
  sparse: true,
})

/** Behind all that asks who is calling: to read a body costs more than to refuse it. */
export const validateLayer: ExchangeRow<
  {
    readonly route: Route<'validate', ValidateConfig>
    readonly config: { readonly schemas?: KnownSchemas | undefined }
  },
  { readonly metrics: MetricRegistry; readonly kept: Kept },
  unknown
> = {
  name: 'validate',
  once: 'exchange',
  about: 'refuses requests that are not as the schemas of the route say',
  judged: false,
  build({ route, config }, { metrics, kept }) {
    const { validate, name } = route
    if (validate === undefined) return undefined
    const { schemas } = config
    const identity = schemas && schemasIdentity(schemas)
    const known = kept.keep('schemas', identity ?? null, () => new KnownDocuments(schemas))
    const judge = kept.keep('validate', [validate, identity], () =>
      compiling(async () => {
        // Only routes with schemas load what compiles them.
        const { messageJudge } = await import('./request-judge.ts')
        return messageJudge(validate, known)
      }),
    )
    const isReport = validate.mode === 'report'
    const count = (decision: string) => metrics.get(VALIDATIONS, { route: name, decision })
    const [valid, invalid] = [count('valid'), count(isReport ? 'unenforced' : 'invalid')]
    const requests = validating(judge, (exchange, refusal) => {
      if (refusal === undefined) {
        valid.add(1)
        return true
      }
      invalid.add(1)
      stateInvalid(exchange, refusal)
      // What is too large was not read, and what was read of it cannot be sent any more.
      return isReport && refusal.code !== 'request_body_too_large'
    })
    const responses = validate.openapi?.responses ?? 'ignore'
    if (responses === 'ignore') return requests
    const told = (decision: string) => metrics.get(RESPONSES, { route: name, decision })
    const isEnforced = responses === 'enforce'
    const counters = { valid: told('valid'), unseen: told('unseen') }
    const wrong = told(isEnforced ? 'invalid' : 'unenforced')
    const answers = validatingResponses(judge, (exchange, verdict) => {
      if (!(verdict instanceof TrafficError)) counters[verdict].add(1)
      else {
        wrong.add(1)
        stateInvalid(exchange, verdict)
      }
      return !isEnforced
    })
    return (next) => requests(answers(next))
  },
  checks: openapiChecks,
  rules: openapiRules,
  tells: ({ route }) => route['validate'],
}

/** Compiling begins at once; what comes before it is done waits for it. */
function compiling(compile: () => Promise<MessageJudge>): Compiling {
  let done: MessageJudge | undefined
  const ready = compile()
  ready.then(
    (judge) => (done = judge),
    () => {}, // whoever asks for it learns why
  )
  return {
    request: (exchange) =>
      done === undefined ? ready.then((judge) => judge.request(exchange)) : done.request(exchange),
    // By then it is done: the request was judged before.
    response: (exchange, response, late) => done?.response?.(exchange, response, late) ?? 'unseen',
  }
}

type Compiling = Required<MessageJudge>

/** @param passes told of each request, and why it is refused: whether it goes on */
function validating(
  judge: Compiling,
  passes: (exchange: Exchange, refusal: TrafficError | undefined) => boolean,
): Policy {
  return (next) => {
    const settle = (exchange: Exchange, refusal: TrafficError | undefined): Promise<HttpResponse> =>
      passes(exchange, refusal) ? next(exchange) : Promise.reject(refusal)
    const broken = (exchange: Exchange, thrown: unknown): Promise<HttpResponse> => {
      const isLarge = thrown instanceof TrafficError && thrown.code === 'request_body_too_large'
      return isLarge ? settle(exchange, thrown) : Promise.reject(thrown)
    }
    return function validate(exchange) {
      let refusal: ReturnType<RequestJudge>
      try {
        refusal = judge.request(exchange)
      } catch (error) {
        return broken(exchange, error)
      }
      if (!(refusal instanceof Promise)) return settle(exchange, refusal)
      return refusal.then(
        (found) => settle(exchange, found),
        (error: unknown) => broken(exchange, error),
      )
    }
  }
}

/** @param passes told of each response, and what it was found to be: whether one that is wrong goes on */
function validatingResponses(
  judge: Compiling,
  passes: (exchange: Exchange, verdict: ResponseVerdict) => boolean,
): Policy {
  return (next) =>
    async function validateResponse(exchange) {
      const response = await next(exchange)
      let verdict: ResponseVerdict | 'later'
      try {
        verdict = await judge.response(exchange, response, (late) => void passes(exchange, late))
      } catch (error) {
        if (!(error instanceof TrafficError) || error.code !== 'response_body_too_large') throw error
        verdict = error
      }
      if (verdict === 'later' || passes(exchange, verdict) || !(verdict instanceof TrafficError))
        return response
      // Nobody reads it any more, and its connection is not to wait for that.
      response.body.cancel(verdict)
      throw verdict
    }
}
