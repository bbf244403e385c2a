import { BodyChunks } from './components/body-chunks.ts'
import { HttpError } from './components/http-error.ts'
import { HttpInFlight } from './components/http-in-flight.ts'
import { HttpResponse } from './components/http-response.ts'
import { HttpRequestCancelled, HttpRequestFailed, HttpResponseReceived } from './events.ts'
import type { HttpParts } from './http-parts.ts'
import type { Pending } from './pending.ts'

// The three ends of a request. Each takes it out of everything that counts or holds it, before anybody is told: so that whatever
// listeners do, it ends once, and no slot stays taken.

export function respond(http: HttpParts, pending: Pending, response: HttpResponse): void {
  const { port } = http
  const { entity, id, request, domain } = pending
  if (!ended(http, pending)) return
  const { status, duration } = response
  if (domain !== undefined) {
    domain.counts.responses++
    domain.counts.took(duration)
    if (response.bytes.byteLength > 0) domain.counts.received(response.bytes.byteLength, http.time.now)
  }
  // A listener of the components may have despawned it.
  if (port.isAlive(entity)) port.add(entity, HttpResponse(response))
  port.events(HttpResponseReceived).send({ entity, id, request, status, response, duration }, entity)
}

export function fail(http: HttpParts, pending: Pending, error: HttpError): void {
  const { port } = http
  const { entity, id, request, domain } = pending
  if (!ended(http, pending)) return
  if (domain !== undefined) domain.counts.failures++
  if (port.isAlive(entity)) port.add(entity, HttpError(error))
  const { code, retryEligible } = error
  port.events(HttpRequestFailed).send({ entity, id, request, code, error, retryEligible }, entity)
}

export function cancel(http: HttpParts, pending: Pending): void {
  const { port } = http
  const { entity, id, request, domain } = pending
  if (!ended(http, pending)) return
  if (domain !== undefined) domain.counts.cancelled++
  port.remove(entity, BodyChunks)
  port.events(HttpRequestCancelled).send({ entity, id, request }, entity)
}

/** False if it had ended before. */
function ended(http: HttpParts, pending: Pending): boolean {
  const { port, requests, rates, time } = http
  const { phase, domain, flight, entity, request } = pending
  if (phase === 'ended') return false
  pending.phase = 'ended'
  request.endedAt = time.now
  requests.remove(pending)
  if (phase === 'admitted' && domain !== undefined) rates.giveBack(domain)
  if (flight === undefined) return true
  requests.inFlight--
  flight.client.calls--
  // What has come whole needs not be given up.
  if (flight.response === undefined && flight.error === undefined) flight.call?.cancel()
  flight.feed?.cancel()
  port.remove(entity, HttpInFlight)
  return true
}
