import { type Call, type CallOptions, type ClientResponse, StatusError, TrafficError } from '@headgate/client'
import { httpError } from './components/http-error.ts'
import { NOTHING_ELSE } from './components/http-request.ts'
import { HttpInFlight } from './components/http-in-flight.ts'
import { ReceivedResponse } from './components/http-response.ts'
import { PRIORITIES } from './components/priority.ts'
import type { HttpParts } from './http-parts.ts'
import { Flight, NORMAL, type Pending } from './pending.ts'
import type { PooledClient } from './pooled-client.ts'

const NO_BYTES = new Uint8Array(0)

/** Hands a request to its client. What comes of it is put down, and applied in a tick. */
export function sendCall(http: HttpParts, pending: Pending, client: PooledClient): void {
  const { port, requests, time } = http
  const { entity, request } = pending
  const flight = new Flight(client, time.clock.now())
  pending.flight = flight
  pending.phase = 'in-flight'
  request.startedAt = time.now
  requests.inFlight++
  client.calls++
  try {
    flight.call = client.client.request(request.method, request.url, optionsOf(pending))
    listen(new Arrival(http, pending, flight), flight.call)
  } catch (thrown) {
    new Arrival(http, pending, flight).failed(thrown)
  }
  port.add(entity, HttpInFlight({ since: time.now, client: client.name }))
}

/** It is listened to, and so sent, in this turn of the event loop. */
function listen(arrival: Arrival, call: Call): void {
  const { schema, stream } = arrival.input
  const failed = (thrown: unknown): void => arrival.failed(thrown)
  if (schema !== undefined)
    call.json(schema).then((value) => {
      void call.then((response) => arrival.received(response, NO_BYTES, value))
    }, failed)
  else if (stream === true) call.then((response) => arrival.head(response), failed)
  else call.then((response) => arrival.whole(response), failed)
}

/** Undefined where nothing is said: such a call takes the shortest way. */
function optionsOf({ request, priority, retryPolicy }: Pending): CallOptions | undefined {
  const { input } = request
  if (input === NOTHING_ELSE && priority === NORMAL && retryPolicy === undefined) return undefined
  const { headers, query, body, json, cache, throwOnStatus, call } = input
  const options: { -readonly [Name in keyof CallOptions]: CallOptions[Name] } = { ...call }
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

/** Takes what comes of a call, between ticks. */
class Arrival {
  private readonly http: HttpParts
  private readonly pending: Pending
  private readonly flight: Flight

  constructor(http: HttpParts, pending: Pending, flight: Flight) {
    this.http = http
    this.pending = pending
    this.flight = flight
  }

  get input(): Pending['request']['input'] {
    return this.pending.request.input
  }

  /** The head of a response whose content is read at once. */
  whole(response: ClientResponse): void {
    if (this.isUnwanted(response)) return
    response.bytes().then(
      (bytes) => this.received(response, bytes, undefined),
      (thrown: unknown) => this.failed(thrown),
    )
  }

  /** The head of a response whose content comes in chunks. */
  head(response: ClientResponse): void {
    if (this.isUnwanted(response)) return
    this.flight.head = response
    this.put()
  }

  received(response: ClientResponse, bytes: Uint8Array, value: unknown): void {
    this.flight.response = new ReceivedResponse(response, bytes, value, this.duration)
    this.put()
  }

  failed(thrown: unknown): void {
    const error = failureOf(thrown)
    if (!(error instanceof StatusError)) return this.putError(error, undefined)
    const { response } = error
    if (this.isUnwanted(response)) return
    const put = (bytes: Uint8Array): void =>
      this.putError(error, new ReceivedResponse(response, bytes, undefined, this.duration))
    // Of content that breaks off, nothing is told.
    response.bytes().then(put, () => put(NO_BYTES))
  }

  private get duration(): number {
    return this.http.time.clock.now() - this.flight.startedAt
  }

  private putError(error: TrafficError, response: ReceivedResponse | undefined): void {
    this.flight.error = httpError(error, this.pending.request.method, response)
    this.put()
  }

  /** For the next tick, unless the request has ended meanwhile. */
  private put(): void {
    if (this.pending.phase !== 'ended') this.http.requests.arrivals.add(this.pending)
  }

  /** The request has ended: its content is not read. */
  private isUnwanted(response: ClientResponse): boolean {
    if (this.pending.phase !== 'ended') return false
    response.discard().catch(() => {})
    return true
  }
}

/** The client throws a TypeError for options that are not valid. */
export function failureOf(thrown: unknown): TrafficError {
  if (!(thrown instanceof TypeError)) return TrafficError.from(thrown)
  return new TrafficError('invalid_request', thrown.message, { replaySafe: 'unsent', cause: thrown })
}
