import { type CallOptions, type ClientResponse, StatusError, TrafficError } from '@headgate/client'
import { CallSignal } from './call-signal.ts'
import { httpError } from './components/http-error.ts'
import { HttpInFlight } from './components/http-in-flight.ts'
import { PRIORITIES } from './components/priority.ts'
import { ReceivedResponse } from './components/http-response.ts'
import type { HttpParts } from './http-parts.ts'
import { type Flight, NORMAL, type Pending } from './pending.ts'
import type { PooledClient } from './pooled-client.ts'

const NO_BYTES = new Uint8Array(0)

/** Hands a request to its client. What comes of it is put down, and applied in a tick. */
export function sendCall(http: HttpParts, pending: Pending, client: PooledClient): void {
  const { port, requests, pool, time } = http
  const { entity, request } = pending
  const flight: Flight = {
    client,
    signal: new CallSignal(),
    startedAt: time.clock.now(),
    call: 0,
    outcome: undefined,
    feed: undefined,
  }
  pending.flight = flight
  pending.phase = 'in-flight'
  request.startedAt = time.now
  requests.inFlight++
  client.calls++
  pool.inNameOf(pending, () => call(http, pending, flight))
  port.add(entity, HttpInFlight({ since: time.now, client: client.name }))
}

/** The call is made in this turn of the event loop, so that its first event is told while the pool knows whose it is. */
function call(http: HttpParts, pending: Pending, flight: Flight): void {
  const { request } = pending
  const { schema, stream } = request.input
  const failed = (thrown: unknown): void => void arriveFailed(http, pending, flight, thrown)
  try {
    const made = flight.client.client.request(request.method, request.url, optionsOf(pending, flight))
    if (schema !== undefined)
      made.json(schema).then((value) => {
        void made.then((response) => arrive(http, pending, flight, response, NO_BYTES, value))
      }, failed)
    else if (stream === true)
      made.then((response) => put(http, pending, flight, { kind: 'head', response }), failed)
    else
      made.then((response) => {
        response.bytes().then((bytes) => arrive(http, pending, flight, response, bytes, undefined), failed)
      }, failed)
  } catch (thrown) {
    failed(thrown)
  }
}

function optionsOf({ request, priority, retryPolicy }: Pending, flight: Flight): CallOptions {
  const { headers, query, body, json, cache, throwOnStatus, call } = request.input
  const options: { -readonly [Name in keyof CallOptions]: CallOptions[Name] } = { ...call }
  options.signal = flight.signal.forCall
  if (headers !== undefined) options.headers = headers
  if (query !== undefined) options.query = query
  if (body !== undefined) options.body = body
  if (json !== undefined) options.json = json
  if (cache !== undefined) options.cache = cache
  if (throwOnStatus !== undefined) options.throwOnStatus = throwOnStatus
  if (retryPolicy !== undefined) options.retry = retryPolicy
  if (priority !== NORMAL) options.priority = PRIORITIES[priority]
  return options
}

function arrive(
  http: HttpParts,
  pending: Pending,
  flight: Flight,
  response: ClientResponse,
  bytes: Uint8Array,
  value: unknown,
): void {
  const duration = http.time.clock.now() - flight.startedAt
  put(http, pending, flight, {
    kind: 'response',
    response: new ReceivedResponse(response, bytes, value, duration),
  })
}

async function arriveFailed(
  http: HttpParts,
  pending: Pending,
  flight: Flight,
  thrown: unknown,
): Promise<void> {
  const error = failureOf(thrown)
  let response: ReceivedResponse | undefined
  if (error instanceof StatusError && pending.phase !== 'ended') {
    // Of content that breaks off, nothing is told.
    const bytes = await error.response.bytes().catch(() => NO_BYTES)
    const duration = http.time.clock.now() - flight.startedAt
    response = new ReceivedResponse(error.response, bytes, undefined, duration)
  }
  put(http, pending, flight, {
    kind: 'error',
    error: httpError(error, pending.request.method, response),
  })
}

/** For the next tick, unless it has ended meanwhile. */
function put({ requests }: HttpParts, pending: Pending, flight: Flight, outcome: Flight['outcome']): void {
  if (pending.phase === 'ended') {
    if (outcome?.kind === 'head') void outcome.response.discard().catch(() => {})
    return
  }
  flight.outcome = outcome
  requests.arrivals.add(pending)
}

/** The client throws a TypeError for options that are not valid. */
export function failureOf(thrown: unknown): TrafficError {
  if (!(thrown instanceof TypeError)) return TrafficError.from(thrown)
  return new TrafficError('invalid_request', thrown.message, { replaySafe: 'unsent', cause: thrown })
}
