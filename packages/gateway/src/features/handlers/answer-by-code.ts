import type { Clock, Handler } from '@headgate/core'
import { lateHandler } from '../late-policy.ts'
import type { HandlerClient } from './handler-client.ts'
import type { HandlerContext, LogEntry } from './handler-context.ts'
import type { HandleConfig } from './setting.ts'

/** What answers a route: it gets a `Request` of the web platform and gives a `Response`. */
export type Handle = HandleFunction | HandleApp

export type HandleFunction = (request: Request, context: HandlerContext) => Response | Promise<Response>

/** As `export default { fetch }`, or an app of Hono, h3 or Elysia is. */
export interface HandleApp {
  fetch(request: Request, context: HandlerContext): Response | Promise<Response>
}

/** What all handlers of a gateway share. */
export interface HandlerSurroundings {
  readonly clock: Clock
  readonly client: HandlerClient
  /** The field of request ids, in lower case; undefined where there are none. */
  readonly idField: string | undefined
  /** Absent: nobody reads it. */
  readonly onLog?: ((entry: LogEntry) => void) | undefined
  /** Where exchanges end in place of code, for explanations. Absent: code runs. */
  readonly codeEnd?: Handler | undefined
}

/** Answers with what code gives. */
export function answerByCode(reference: HandleConfig, surroundings: HandlerSurroundings): Handler {
  return (
    surroundings.codeEnd ??
    lateHandler(async () => (await import('./run-code.ts')).runCode(reference, surroundings))
  )
}
