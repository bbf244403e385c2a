import { type Body, bodyFrom, collect, EMPTY_BODY } from '../message/body.ts'
import { TrafficError } from '../message/errors.ts'
import type { Exchange } from '../message/exchange.ts'
import type { Handler } from '../message/handler.ts'
import { HeaderList } from '../message/headers.ts'
import { HttpResponse } from '../message/response.ts'
import {
  bodyBytes,
  recordBody,
  type RecordedExchange,
  type RecordedRequest,
  recordHeaders,
  type Recording,
  recordRequest,
} from './recording.ts'

/** The most bytes of one body that are recorded: a recording is a file that people read. */
const LIMIT = 16 * 1024 * 1024

/** A handler that keeps what passes through it. */
export interface Recorder {
  readonly handler: Handler
  /** What was recorded so far, in the order in which the exchanges ended. */
  readonly recording: () => Recording
}

/**
 * Records exchanges with `next`, for `replay`. Bodies are read whole, so this is not for streams without an end. Credentials,
 * cookies and what else is a secret by its name, in fields, queries, forms and JSON, are not recorded.
 */
export function recorder(next: Handler): Recorder {
  const exchanges: RecordedExchange[] = []
  return {
    recording: () => ({ version: 1, exchanges: [...exchanges] }),
    async handler(exchange) {
      const request = recordRequest(exchange.request, await takeBody(exchange))
      try {
        const response = await next(exchange)
        const content = await collect(response.body, LIMIT)
        response.body = bodyFrom(content)
        const { status, headers } = response
        const body = recordBody(content, headers.get('content-type'))
        exchanges.push({ request, response: { status, headers: recordHeaders(headers), body } })
        return response
      } catch (thrown) {
        const { code, message, phase, replaySafe } = TrafficError.from(thrown)
        exchanges.push({ request, error: { code, message, ...(phase && { phase }), replaySafe } })
        throw thrown
      }
    },
  }
}

/** Reads the request's body and puts it back, whole. */
async function takeBody({ request }: Exchange): Promise<Buffer> {
  const content = await collect(request.body, LIMIT)
  if (request.body.whole === undefined) request.body = bodyFrom(content)
  return content
}

/** How `replay` answers. */
export interface ReplayOptions {
  /** Whether what was recorded once may be answered again, when its turn has passed. Default false. */
  readonly repeat?: boolean
}

/**
 * Answers from a recording: each exchange by the next recorded one with the same method, URL and content (secrets aside). What was
 * not recorded fails with TrafficError `internal`, which names it and what is left.
 * @throws TypeError if it is not a recording
 */
export function replay(recording: Recording, options: ReplayOptions = {}): Handler {
  if (recording?.version !== 1 || !Array.isArray(recording.exchanges)) {
    throw new TypeError('this is no recording of version 1: make one with recorder(next).recording()')
  }
  const left = [...recording.exchanges]
  return async (exchange) => {
    const asked = recordRequest(exchange.request, await takeBody(exchange))
    const matches = ({ request }: RecordedExchange): boolean => isSame(request, asked)
    const index = left.findIndex(matches)
    const again = options.repeat === true ? recording.exchanges.findLast(matches) : undefined
    const found = index < 0 ? again : left.splice(index, 1)[0]
    if (found === undefined) throw unknown(asked, left)
    return answer(found, exchange.request.method)
  }
}

function isSame(one: RecordedRequest, other: RecordedRequest): boolean {
  if (one.method !== other.method || one.url !== other.url) return false
  return bodyBytes(one.body).equals(bodyBytes(other.body))
}

function answer({ response, error }: RecordedExchange, method: string): HttpResponse {
  if (response !== undefined) {
    const { status, headers, body } = response
    const content: Body = method === 'HEAD' ? EMPTY_BODY : bodyFrom(bodyBytes(body))
    return new HttpResponse(status, HeaderList.of(headers), content)
  }
  if (error === undefined)
    throw new TrafficError('internal', 'the recorded exchange has neither response nor error')
  const { code, message, phase, replaySafe } = error
  throw new TrafficError(code, message, { ...(phase && { phase }), replaySafe })
}

function unknown({ method, url, body }: RecordedRequest, left: readonly RecordedExchange[]): TrafficError {
  const size = bodyBytes(body).length
  const what = `${method} ${url}${size > 0 ? ` with ${size} bytes` : ''}`
  const rest = left.map(({ request }) => `${request.method} ${request.url}`).join(', ') || 'nothing'
  return new TrafficError('internal', `${what} was not recorded, or was replayed already; left is: ${rest}`)
}
