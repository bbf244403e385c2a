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
import type { RequestJudge } from './request-judge.ts'
import type { ValidateConfig } from './setting.ts'
import { stateInvalid } from './violation.ts'

const VALIDATIONS = metric({
  kind: 'counter',
  name: 'headgate_validations_total',
  labels: ['route', 'decision'],
  help: 'Requests by what the schemas of the route said: valid, invalid (refused), or unenforced, what would be refused if the mode were not report.',
  sparse: true,
})

/** Behind all that asks who is calling: to read a body costs more than to refuse it. */
export const validateLayer: ExchangeRow<
  {
    readonly route: Route<'validate', ValidateConfig>
    readonly config: { readonly schemas?: KnownSchemas | undefined }
  },
  { readonly metrics: MetricRegistry; readonly kept: Kept }
> = {
  name: 'validate',
  once: 'exchange',
  about: 'refuses requests that are not as the schemas of the route say',
  judged: false,
  build({ route, config }, { metrics, kept }) {
    const { validate, name } = route
    if (validate === undefined) return undefined
    const { schemas } = config
    const judge = kept.keep('validate', [validate, schemas && schemasIdentity(schemas)], () =>
      compiling(async () => {
        // Only routes with schemas load what compiles them.
        const { requestJudge } = await import('./request-judge.ts')
        return requestJudge(validate, schemas)
      }),
    )
    const isReport = validate.mode === 'report'
    const count = (decision: string) => metrics.get(VALIDATIONS, { route: name, decision })
    const [valid, invalid] = [count('valid'), count(isReport ? 'unenforced' : 'invalid')]
    return validating(judge, (exchange, refusal) => {
      if (refusal === undefined) {
        valid.add(1)
        return true
      }
      invalid.add(1)
      stateInvalid(exchange, refusal)
      // What is too large was not read, and what was read of it cannot be sent any more.
      return isReport && refusal.code !== 'request_body_too_large'
    })
  },
  tells: ({ route }) => route['validate'],
}

/** Compiling begins at once; what comes before it is done waits for it. */
function compiling(compile: () => Promise<RequestJudge>): RequestJudge {
  let done: RequestJudge | undefined
  const ready = compile()
  ready.then(
    (judge) => (done = judge),
    () => {}, // whoever asks for it learns why
  )
  return (exchange) => (done === undefined ? ready.then((judge) => judge(exchange)) : done(exchange))
}

/** @param passes told of each request, and why it is refused: whether it goes on */
function validating(
  judge: RequestJudge,
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
        refusal = judge(exchange)
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
