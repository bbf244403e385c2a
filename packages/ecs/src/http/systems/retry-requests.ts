import type { Entity } from '../../port/entity.ts'
import type { EventReader } from '../../port/event.ts'
import type { EcsPort, System } from '../../port/port.ts'
import { BodyChunks } from '../components/body-chunks.ts'
import { HttpError } from '../components/http-error.ts'
import { HttpRequest } from '../components/http-request.ts'
import { HttpResponse } from '../components/http-response.ts'
import { HttpRequestRetryRequested, RateLimitExceeded } from '../events.ts'
import { type HttpParts, httpParts } from '../http-parts.ts'
import type { Pending } from '../pending.ts'
import type { ClientNotice } from '../resources/http-client-pool.ts'

/** Tells what tries the client makes, and submits again what the program asks for. */
export function retryRequests(): System {
  let reader: EventReader<HttpRequestRetryRequested> | undefined
  return {
    name: 'http:retry-requests',
    run: (port) => {
      const http = httpParts(port)
      reader ??= port.events(HttpRequestRetryRequested).reader()
      for (const { by, entity } of reader.read()) if (by === 'program') again(http, entity)
      const { notices } = http.pool
      if (notices.length === 0) return
      http.pool.notices = []
      const byCall = new Map<number, ClientNotice[]>()
      for (const notice of notices) {
        const ofCall = byCall.get(notice.call)
        if (ofCall === undefined) byCall.set(notice.call, [notice])
        else ofCall.push(notice)
      }
      for (const pending of http.requests)
        for (const notice of byCall.get(pending.flight?.call?.number ?? 0) ?? []) told(http, pending, notice)
    },
  }
}

/** Asks for another try of a request that has ended; one that has not is left alone. */
export function requestRetry(port: EcsPort, entity: Entity): void {
  port.events(HttpRequestRetryRequested).send({ entity, by: 'program' }, entity)
}

function again({ port, requests }: HttpParts, entity: Entity): void {
  const request = port.get(entity, HttpRequest)
  if (request === undefined || requests.of(request) !== undefined) return
  port.remove(entity, HttpResponse, HttpError, BodyChunks)
  // A listener may have despawned it, or put another in its place.
  if (port.get(entity, HttpRequest) !== request || requests.of(request) !== undefined) return
  request.retries++
  requests.add(entity, request)
}

function told({ port }: HttpParts, pending: Pending, notice: ClientNotice): void {
  if (pending.phase === 'ended') return
  const { entity, id, request, domain } = pending
  if (notice.kind === 'rate-limited') {
    const { wait } = notice
    const event = { entity, id, request, domain: domain?.name ?? '', wait, by: 'client' } as const
    port.events(RateLimitExceeded).send(event, entity)
    return
  }
  const { attempt, delay, code } = notice
  request.retries++
  if (domain !== undefined) domain.counts.retries++
  const event = { entity, id, request, attempt, delay, code, by: 'policy' } as const
  port.events(HttpRequestRetryRequested).send(event, entity)
}
