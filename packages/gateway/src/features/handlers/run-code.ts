import { createClient } from '@headgate/client'
import { errorAnswer, httpResponse, webRequest } from '@headgate/client/web'
import { type Exchange, type Handler, TrafficError } from '@headgate/core'
import { writtenReference } from '../../code/code-reference.ts'
import { withoutMark } from '../../code/import-module.ts'
import { codeOf } from '../../code/loaded-code.ts'
import type { Handle, HandleFunction, HandlerSurroundings } from './answer-by-code.ts'
import { callsWithin, runFor } from './calls-within.ts'
import { ExchangeContext } from './handler-context.ts'
import type { HandleConfig } from './setting.ts'

/** Runs code for each exchange. What a module gave when the configuration was read stays in force with it. */
export function runCode(reference: HandleConfig, surroundings: HandlerSurroundings): Handler {
  const given = codeOf(reference) as Handle // checked when it was loaded
  const answer: HandleFunction =
    typeof given === 'function' ? given : (request, context) => given.fetch(request, context)
  const name = `the handler ${writtenReference(reference)}`
  const { clock, client, idField, onLog } = surroundings
  const shared = {
    onLog,
    client: () =>
      client.get(() => createClient({ name: 'handlers', clock, policies: [callsWithin(idField)] })),
  }
  const run = async (exchange: Exchange) => {
    const request = webRequest(exchange)
    const context = new ExchangeContext(exchange, request, shared)
    try {
      return await httpResponse(await answer(request, context), name)
    } catch (thrown) {
      const told = errorAnswer(thrown)
      if (told !== undefined) return await httpResponse(told, name)
      const error = failureOf(exchange, thrown, name)
      if (error.code === 'handler_failed') context.log.error(`${error.message}${stackOf(thrown)}`)
      throw error
    }
  }
  return (exchange) => runFor(exchange, () => run(exchange))
}

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
