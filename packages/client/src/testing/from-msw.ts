import { randomUUID } from 'node:crypto'
import { type Handler, knownOptions, TrafficError } from '@headgate/core'
import { answered, type Transport, transportHandler } from '../code-transport.ts'

/** A handler of msw, as `http.get(...)` and `graphql.query(...)` make it: what of it is used here. */
export interface MswHandler {
  run(args: {
    request: Request
    requestId: string
  }): Promise<{ readonly response?: Response | undefined } | null>
}

/** Options of `fromMsw`. */
export interface FromMswOptions {
  /** Where requests go that no handler answers, and those that one passes through. Default: they fail, and say which it was. */
  readonly unhandled?: Transport | undefined
}

/**
 * A transport of msw's handlers, without a server of msw or anything patched: `createClient({ transport: fromMsw(handlers) })`. The first
 * that answers counts; the list is looked at anew for each request. `HttpResponse.error()` is a connection that failed.
 * @throws TypeError if it is no list of handlers, or an option is not known
 */
export function fromMsw(handlers: readonly MswHandler[], options: FromMswOptions = {}): Handler {
  const { unhandled } = knownOptions('fromMsw', options, { unhandled: true })
  if (!Array.isArray(handlers) || !handlers.every(isHandler))
    throw new TypeError('fromMsw takes a list of handlers of msw, as http.get(…) makes them')
  const otherwise = unhandled && transportHandler(unhandled)
  return async (exchange) => {
    const { method, scheme, authority, path, body } = exchange.request
    let passed = false
    const answer = answered(async (request) => {
      const response = await firstAnswer(handlers, request)
      if (response?.type === 'error') throw networkError()
      if (response !== undefined && !isPassedThrough(response)) return response
      passed = true
      return new Response(null)
    }, 'a handler of msw')
    const response = await answer(exchange)
    if (!passed) return response
    if (otherwise !== undefined) {
      exchange.request.body = body.replay?.() ?? body
      return otherwise(exchange)
    }
    throw new TypeError(
      `no handler of msw answers ${method} ${scheme}://${authority.text}${path}: add one, or say where such requests go by the option unhandled`,
    )
  }
}

function isHandler(value: unknown): boolean {
  return typeof (value as Partial<MswHandler> | null | undefined)?.run === 'function'
}

async function firstAnswer(handlers: readonly MswHandler[], request: Request): Promise<Response | undefined> {
  const requestId = randomUUID()
  for (const handler of handlers) {
    const result = await handler.run({ request, requestId })
    if (result?.response) return result.response
  }
  return undefined
}

/** As msw marks what `passthrough()` returns. */
function isPassedThrough({ status, headers }: Response): boolean {
  return status === 302 && headers.get('x-msw-intention') === 'passthrough'
}

function networkError(): TrafficError {
  return new TrafficError('connect_failed', 'a handler of msw says that the network fails', {
    phase: 'connect',
    replaySafe: 'unsent',
  })
}
