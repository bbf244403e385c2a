import { type Clock, EventStreamParser, type ServerSentEvent, TrafficError } from '@headgate/core'
import { aborted } from './abort.ts'
import type { HeadersInput } from './headers-input.ts'
import type { CallOptions, TimeoutSettings } from './options.ts'
import { withCallOptions } from './check-call.ts'
import { type Check, checkedValue, flag, object, or } from './option-check.ts'
import { pause } from './pause.ts'
import { mayPass, reconnectDelay, type ReconnectSettings, reconnectPlan } from './reconnect.ts'
import { fieldsOf } from './request-headers.ts'
import type { ClientResponse } from './response/response.ts'
import { isEventStream } from './event-stream.ts'
import { shown } from './shown-url.ts'
import { StatusError } from './status-error.ts'
import { BYTES_PER_TURN, nextTurn, VALUES_PER_TURN } from './turns.ts'

/**
 * Options of `sse`. Each connection is a call of the client, with its retries, redirects and address guard. The deadline is off unless
 * it is given: it would be that of each connection.
 */
export interface SseOptions extends Omit<CallOptions, 'throwOnStatus' | 'hedge' | 'redirectMode'> {
  /**
   * Whether and how to connect again when the stream ends or breaks. Default: yes for GET, no for any other method, which may do
   * something each time. A request body must be one that can be sent again: no stream, but a function that makes one.
   */
  readonly reconnect?: boolean | ReconnectSettings | undefined
  /** Where to go on: the `lastEventId` of an event received before. */
  readonly lastEventId?: string | undefined
  /** Bytes of one event at most. Default 1 MiB. */
  readonly maxEventSize?: number | undefined
  /** Milliseconds without a byte, comments included, after which the connection counts as lost. Default: an hour. */
  readonly heartbeat?: number | undefined
}

/** What a stream is read with. */
export interface SseContext {
  readonly clock: Clock
  readonly send: (call: CallOptions) => Promise<ClientResponse>
  readonly url: string
}

const SSE_OPTIONS: readonly (keyof SseOptions)[] = ['reconnect', 'lastEventId', 'maxEventSize', 'heartbeat']

const RECONNECT = or(flag, object)
const ID: Check = { allowed: 'a string', valid: (value) => typeof value === 'string' }

/** Bytes. */
const MAX_EVENT = 1024 * 1024
/** Milliseconds that the caller has to read a response that is no stream. */
const UNREAD_FOR = 30_000

/** The events of a stream, over as many connections as it takes. Throws TrafficError. */
export async function* eventStream(
  given: SseOptions,
  context: SseContext,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  const options = withCallOptions(given, SSE_OPTIONS)
  const { method = 'GET', signal } = options
  if (options.lastEventId !== undefined) checkedValue('lastEventId', options.lastEventId, ID)
  if (options.reconnect !== undefined) checkedValue('reconnect', options.reconnect, RECONNECT)
  const plan = reconnectPlan(options.reconnect, method)
  checkSizes(options)
  let lastEventId = options.lastEventId ?? ''
  let retry: number | undefined
  let failures = 0
  for (;;) {
    let lost: TrafficError | undefined
    const parser = new EventStreamParser(options.maxEventSize ?? MAX_EVENT, lastEventId)
    try {
      const response = await connect(method, options, lastEventId, context)
      // The server has nothing more to say, ever (WHATWG HTML 9.2.3).
      if (response === undefined) return
      for await (const event of events(response, parser, options, context.clock)) {
        failures = 0
        yield event
      }
    } catch (thrown) {
      if (plan === undefined || !(thrown instanceof TrafficError) || !mayPass(thrown)) throw thrown
      lost = thrown
    }
    if (plan === undefined) return
    lastEventId = parser.lastEventId
    retry = parser.retry ?? retry
    failures++
    if (failures > plan.attempts) throw lost ?? endedEmpty(plan.attempts, context.url)
    if (spent(options)) throw lost ?? bodySpent()
    await pause(reconnectDelay(plan, failures, retry, lost, context.clock), context.clock, signal)
  }
}

/** Undefined if the server wants no more connections. */
async function connect(
  method: string,
  options: SseOptions,
  lastEventId: string,
  { send, clock, url }: SseContext,
): Promise<ClientResponse | undefined> {
  const {
    reconnect: _reconnect,
    lastEventId: _id,
    maxEventSize: _size,
    heartbeat: _heartbeat,
    ...call
  } = options
  const response = await send({
    ...call,
    method,
    headers: streamHeaders(options.headers, lastEventId),
    timeout: withoutDeadline(options.timeout),
    hedge: false,
  })
  if (response.status === 204) return undefined
  if (response.status !== 200) {
    // No deadline ends it: a body that nobody reads must not keep its connection.
    clock.timer(() => void response.discard().catch(() => {})).arm(UNREAD_FOR)
    throw new StatusError(method, response, clock.wallTime())
  }
  const type = response.header('content-type')
  if (isEventStream(type)) return response
  await response.discard()
  const message = `${method} ${shown(url)} was answered with ${type ?? 'no content type'}: an event stream has text/event-stream`
  throw new TrafficError('invalid_content', message, { phase: 'response-head' })
}

/** The events of one connection, which is closed when nobody wants more of them. */
async function* events(
  response: ClientResponse,
  parser: EventStreamParser,
  { signal, heartbeat = Infinity }: SseOptions,
  clock: Clock,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  const reader = response.body?.getReader()
  if (reader === undefined) return
  let silent: TrafficError | undefined
  let [given, taken] = [0, 0]
  const timer = clock.timer(() => {
    const message = `nothing came from ${shown(response.url)} for ${heartbeat} ms: raise the option heartbeat if that is to be expected`
    silent = new TrafficError('upstream_too_slow', message, { phase: 'response-body' })
    reader.cancel(silent).catch(() => {})
  })
  try {
    for (;;) {
      timer.arm(heartbeat)
      const { done, value } = await reader.read()
      timer.disarm()
      if (silent !== undefined) throw silent
      if (done) return
      for (const event of parser.push(value)) {
        // Events that came in one piece with one that made the caller stop.
        if (signal?.aborted) throw aborted(signal)
        yield event
        if (++given % VALUES_PER_TURN === 0) await nextTurn()
      }
      taken += value.length
      if (taken < BYTES_PER_TURN) continue
      taken = 0
      await nextTurn()
    }
  } finally {
    timer.disarm()
    reader.cancel().catch(() => {})
  }
}

function streamHeaders(headers: HeadersInput | undefined, lastEventId: string): HeadersInput {
  const fields = headers === undefined ? [] : fieldsOf(headers)
  // What a cache has kept is no stream (WHATWG HTML 9.2.2).
  if (!fields.some(([name]) => name === 'cache-control')) fields.push(['cache-control', 'no-store'])
  const id = Buffer.from(lastEventId).toString('latin1')
  // What no field may hold cannot be told: then the stream goes on wherever the server likes.
  if (id !== '' && /^[\t -~\u0080-\u00ff]*$/.test(id)) fields.push(['last-event-id', id])
  return fields
}

function withoutDeadline(timeout: number | TimeoutSettings | undefined): TimeoutSettings {
  return typeof timeout === 'number' ? { deadline: timeout } : { deadline: Infinity, ...timeout }
}

/** A stream that was sent is gone. */
function spent({ body }: SseOptions): boolean {
  if (typeof body !== 'object' || body === null) return false
  return body instanceof ReadableStream || Symbol.asyncIterator in body
}

function bodySpent(): TrafficError {
  const message =
    'the event stream ended, and its request body cannot be sent again: give it as bytes, or as a function'
  return new TrafficError('upstream_closed', message, { phase: 'response-body' })
}

function endedEmpty(attempts: number, url: string): TrafficError {
  const message = `the event stream ${shown(url)} ended ${attempts + 1} times in a row without an event`
  return new TrafficError('upstream_closed', message, { phase: 'response-body' })
}

function checkSizes({ maxEventSize = 1, heartbeat = 1 }: SseOptions): void {
  for (const [name, value] of Object.entries({ maxEventSize, heartbeat })) {
    if (!(value > 0)) throw new TypeError(`option ${name} is ${value}; allowed: a number above 0`)
  }
}
