import { type Body, type Clock, Exchange, HttpRequest, TrafficError } from '@headgate/core'
import { hasCache } from '../features/cache/setting.ts'
import { type Warming, warming } from '../features/cache/warming/mark.ts'
import type { WarmAnswer, WarmRequest } from '../features/cache/warming/warm-run.ts'
import { IMPORTANCES } from '../features/importance.ts'
import type { Gateway } from '../gateway.ts'
import { question, type Survey } from './survey.ts'

/** How long one request may take, in milliseconds: less than the supervisor waits for an answer. */
const MOST_TIME = 25_000

/** Has a worker ask for one URL, by the route and the policies that a client's request would meet. */
export const warmOne = question(
  'warm',
  ({ gateway, clock }, asked: WarmRequest): Promise<WarmAnswer> => warmHere(gateway, clock, asked),
)

export const warm: Survey = { questions: [warmOne], operations: () => [] }

async function warmHere(gateway: Gateway, clock: Clock, asked: WarmRequest): Promise<WarmAnswer> {
  const { url, headers, route, content } = asked
  let request: HttpRequest
  try {
    request = HttpRequest.to(url, { headers })
  } catch (error) {
    return { result: 'other', reason: error instanceof Error ? error.message : String(error) }
  }
  const exchange = new Exchange(request, clock)
  const found = gateway.snapshot.routeOf(exchange)
  const isMeant = found !== undefined && (route === undefined || found.name === route)
  if (!isMeant || (content === undefined && !hasCache(found)))
    return { result: 'other', reason: `${url}: no route with a cache takes it` }
  const mark: Warming = {}
  warming.state(exchange, mark)
  // Where slots are scarce, clients come first.
  exchange.priority = IMPORTANCES.length - 1
  exchange.deadline = clock.now() + MOST_TIME
  const timer = clock.timer(() => exchange.cancel(tooLong()))
  timer.arm(MOST_TIME)
  let status: number | undefined
  let error: TrafficError | undefined
  let bytesSent = 0
  try {
    const response = await gateway.handler(exchange)
    status = response.status
    const read = await readOut(response.body, content)
    bytesSent = read.bytes
    if (content === undefined) return judged(status, exchange, mark)
    return status === 200
      ? { result: 'stored', content: read.content }
      : { result: 'failed', reason: `it is answered with status ${status}` }
  } catch (thrown) {
    error = TrafficError.from(thrown)
    return { result: 'failed', reason: `${url}: ${error.message}` }
  } finally {
    timer.disarm()
    exchange.finish({ status, error, bytesSent, bytesReceived: 0 })
  }
}

function judged(status: number, exchange: Exchange, { outcome }: Warming): WarmAnswer {
  const reason = exchange.error?.message ?? `status ${status}`
  // An upstream that limits requests wants fewer of them, too.
  if (status >= 500 || status === 429 || outcome?.detail === 'stale-if-error')
    return { result: 'failed', reason }
  if (outcome?.hit === true) return { result: 'fresh' }
  return outcome?.stored === true
    ? { result: 'stored' }
    : { result: 'refused', reason: outcome?.detail ?? reason }
}

/** @param most bytes of content that are wanted; undefined: none, it goes to the store on its way */
function readOut(
  body: Body,
  most: number | undefined,
): Promise<{ readonly bytes: number; readonly content: Uint8Array }> {
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = []
    let bytes = 0
    body.flowTo({
      write(chunk) {
        bytes += chunk.byteLength
        if (most === undefined) return true
        if (bytes <= most) pieces.push(new Uint8Array(chunk))
        else {
          const error = new TrafficError('cancelled', `it has more than ${most} bytes`)
          body.cancel(error)
          reject(error)
        }
        return true
      },
      end: () => resolve({ bytes, content: Buffer.concat(pieces) }),
      fail: reject,
    })
  })
}

function tooLong(): TrafficError {
  return new TrafficError(
    'deadline_exceeded',
    `a request that warms the cache took more than ${MOST_TIME} ms`,
  )
}
