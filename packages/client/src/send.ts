import {
  type Clock,
  Exchange,
  type Handler,
  type HttpRequest,
  type HttpResponse,
  type Redirect,
  redirectsOf,
  type RequestCacheMode,
  TrafficError,
  WireFacts,
} from '@headgate/core'
import { CACHE_MODE } from './cache/cache-mode.ts'
import { CACHE_OUTCOME } from './cache/client-cache.ts'
import { Call } from './call.ts'
import { cancelOnAbort, untilCancelled } from './abort.ts'
import { deliver, deliverFailure } from './delivery.ts'
import { holdProcess, releaseProcess } from './process-hold.ts'
import { markResourceTiming } from './diagnostics/resource-timing.ts'
import { stateReferrer, type ToldReferrer } from './fetch/referrer.ts'
import { listenToInformational } from './informational.ts'
import type { CallListeners, Priority } from './options.ts'
import { Progress, uploadTold } from './progress.ts'
import { CallFacts } from './response/call-facts.ts'
import type { Failures } from './response/failures.ts'
import { targetUrl } from './request-target.ts'
import { ClientResponse } from './response/response.ts'

/** What one call needs beside its request. */
export interface SendOptions {
  readonly handler: Handler
  readonly clock: Clock
  readonly signal: AbortSignal | null | undefined
  readonly priority?: Priority | undefined
  readonly maxBufferedBody: number
  readonly listeners: CallListeners
  /** How the response tells what went wrong while it was read. */
  readonly failures: Failures
  readonly marksTiming: boolean
  /** What a call of `fetch` says of where it comes from. */
  readonly referrer: ToldReferrer | undefined
  /** Told of the exchange. */
  readonly call?: Call | undefined
  /** How the client's cache is used; undefined where it has none, and by default. */
  readonly cacheMode: RequestCacheMode | undefined
  /** Whether policies or hooks of the caller's take part, which need not listen when the call is given up. */
  readonly mayHang: boolean
}

/** By class, as the engine counts them. */
const PRIORITIES: readonly Priority[] = ['high', 'normal', 'low']

/** Turns a request into an exchange, has it answered, and makes a response of what comes. Rejects with a TrafficError. */
export async function send(request: HttpRequest, options: SendOptions): Promise<ClientResponse> {
  const { clock, listeners, handler, signal, mayHang } = options
  if (listeners.onUploadProgress) request.body = uploadTold(request.body, listeners.onUploadProgress, clock)
  const exchange = new Exchange(request, clock)
  if (options.call) Call.begun(options.call, exchange)
  exchange.wire = new WireFacts()
  if (options.cacheMode !== undefined) CACHE_MODE.state(exchange, options.cacheMode)
  if (options.referrer) stateReferrer(exchange, options.referrer)
  if (options.marksTiming) exchange.onFinish(markResourceTiming)
  if (listeners.onInformational) listenToInformational(exchange, listeners.onInformational)
  if (signal) cancelOnAbort(exchange, signal)
  if (options.priority !== undefined) exchange.priority = PRIORITIES.indexOf(options.priority)
  try {
    if (exchange.cancellation !== undefined) throw exchange.cancellation
    let response: HttpResponse
    holdProcess()
    try {
      response = await (signal || mayHang ? untilCancelled(exchange, handler) : handler(exchange))
    } finally {
      releaseProcess()
    }
    if (exchange.cancellation !== undefined) {
      // It was given up, and whoever made the response did not listen.
      ;(response as HttpResponse | undefined)?.body.cancel(exchange.cancellation)
      throw exchange.cancellation
    }
    const call = new CallFacts(exchange)
    const redirects = redirectsOf(exchange)
    const progress =
      listeners.onDownloadProgress && new Progress(listeners.onDownloadProgress, clock, response.body.length)
    return new ClientResponse(deliver(exchange, response, { facts: call, progress }), {
      method: exchange.request.method,
      url: targetUrl(exchange.request),
      redirected: redirects.length > 0,
      type: typeOf(redirects),
      attempts: exchange.attempts,
      cacheStatus: exchange.facts && CACHE_OUTCOME.of(exchange),
      call,
      limit: options.maxBufferedBody,
      failures: options.failures,
    })
  } catch (thrown) {
    const error = exchange.cancellation ?? TrafficError.from(thrown)
    error.attempts = exchange.attempts
    // Also one that waits in a queue has a body that nobody will read (WHATWG Fetch 5.6, "abort fetch").
    if (exchange.cancellation !== undefined) exchange.request.body.cancel(error)
    deliverFailure(exchange, error)
    throw error
  }
}

/** As the standard tells responses apart by where they came from (WHATWG Fetch 4.1, "main fetch", step 12). */
function typeOf(redirects: readonly Redirect[]): 'basic' | 'cors' {
  const [first] = redirects
  if (first === undefined) return 'basic'
  const { origin } = new URL(first.from)
  return redirects.every(({ to }) => new URL(to).origin === origin) ? 'basic' : 'cors'
}
