import { createClient } from '@headgate/client'
import { errorAnswer, httpResponse, platformRequest, webRequest } from '@headgate/client/web'
import { type Exchange, type Handler, type HttpResponse, TrafficError } from '@headgate/core'
import { type CodeReference, writtenReference } from '../../code/code-reference.ts'
import { withoutMark } from '../../code/import-module.ts'
import { codeOf } from '../../code/loaded-code.ts'
import type { Handle, HandleFunction, HandlerSurroundings } from './answer-by-code.ts'
import { callsWithin, runFor } from './calls-within.ts'
import { ExchangeContext, type HandlerContext } from './handler-context.ts'
import type { HandleConfig } from './setting.ts'

/** What runs in the name of an exchange. */
type Work<Result> = (request: Request, context: HandlerContext) => Result | Promise<Result>

/** Code of a configuration, run for one exchange after the other. */
export class CodeRunner {
  /** What the module gave when the configuration was read: it stays in force with that. */
  readonly given: unknown
  /** As the begin of a sentence. */
  readonly name: string
  private readonly shared: ConstructorParameters<typeof ExchangeContext>[2]

  /** @param what it is */
  constructor(what: string, reference: CodeReference, surroundings: HandlerSurroundings) {
    const { clock, client, idField, onLog } = surroundings
    this.given = codeOf(reference)
    this.name = `the ${what} ${writtenReference(reference)}`
    this.shared = {
      onLog,
      client: () =>
        client.get(() => createClient({ name: 'handlers', clock, policies: [callsWithin(idField)] })),
    }
  }

  /**
   * @param told what an HttpError that is thrown comes to
   * @throws TrafficError `handler_failed` for whatever else is thrown, which the log is told
   */
  run<Result>(
    exchange: Exchange,
    work: Work<Result>,
    told: (problem: HttpResponse) => Result,
  ): Promise<Result> {
    return runFor(exchange, async () => {
      const request = webRequest(exchange)
      const context = new ExchangeContext(exchange, request, this.shared)
      try {
        return await work(request, context)
      } catch (thrown) {
        const problem = errorAnswer(thrown)
        if (problem !== undefined) return told(await httpResponse(problem, this.name))
        const error = failureOf(exchange, thrown, this.name)
        if (error.code === 'handler_failed') context.log.error(`${error.message}${stackOf(thrown)}`)
        throw error
      }
    })
  }
}

/** Answers each exchange by code. */
export function runCode(reference: HandleConfig, surroundings: HandlerSurroundings): Handler {
  const runner = new CodeRunner('handler', reference, surroundings)
  const { name } = runner
  const given = runner.given as Handle // checked when it was loaded
  const answer: HandleFunction =
    typeof given === 'function'
      ? given
      : // Frameworks hand it on.
        (request, context) => given.fetch(platformRequest(request), context)
  const work: Work<HttpResponse> = async (request, context) =>
    httpResponse(await answer(request, context), name)
  return (exchange) => runner.run(exchange, work, asItIs)
}

const asItIs = (problem: HttpResponse): HttpResponse => problem

/** The client is told that it failed, the log how. A call that failed on its way to an upstream says so itself. */
function failureOf(exchange: Exchange, thrown: unknown, name: string): TrafficError {
  if (exchange.cancellation !== undefined) return exchange.cancellation
  if (thrown instanceof TrafficError) return thrown
  const reason = thrown instanceof Error ? thrown.message : String(thrown)
  return new TrafficError('handler_failed', `${name} failed: ${reason}`, { phase: 'route', cause: thrown })
}

/** Where in the code it was. */
function stackOf(thrown: unknown): string {
  const lines =
    thrown instanceof Error ? (thrown.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : []
  return lines
    .slice(0, MOST_LINES)
    .map((line) => `\n${withoutMark(line)}`)
    .join('')
}

const MOST_LINES = 4
