import type { Clock } from '@headgate/client'
import { own, type RateLimit, systemClock } from '@headgate/core'
import type { EcsPort, Plugin, System } from '../port/port.ts'
import { BodyChunks } from './components/body-chunks.ts'
import { HttpError } from './components/http-error.ts'
import { HttpRequest } from './components/http-request.ts'
import { HttpResponse } from './components/http-response.ts'
import { cancel } from './endings.ts'
import { httpParts } from './http-parts.ts'
import { ClientPool, HttpClientPool } from './resources/http-client-pool.ts'
import { HttpConfig, type HttpSettingsInput, WorldSettings } from './resources/http-config.ts'
import { HttpRequests, RequestLedger } from './resources/http-requests.ts'
import { HttpTime, WorldTime } from './resources/http-time.ts'
import { RateLimitManager, RateLimits } from './resources/rate-limit-manager.ts'
import { RequestMetrics, WorldMetrics } from './resources/request-metrics.ts'
import { advanceTime } from './systems/advance-time.ts'
import { deliverBodies } from './systems/deliver-bodies.ts'
import { expireRequests } from './systems/expire-requests.ts'
import { limitRates } from './systems/limit-rates.ts'
import { manageClients } from './systems/manage-clients.ts'
import { processRequests } from './systems/process-requests.ts'
import { processResponses } from './systems/process-responses.ts'
import { retryRequests } from './systems/retry-requests.ts'

/** What `httpPlugin` takes: the settings at the start, which `HttpConfig` changes later, and what stays as it is. */
export type HttpPluginOptions = HttpSettingsInput & {
  /** Requests that each domain gets at most, by host, `*.example.com` or `*`; `RateLimitManager` changes them later. Default: no limit. */
  readonly rateLimits?: Readonly<Record<string, RateLimit>> | undefined
  /** How much later in the line, in milliseconds, each class of priority down stands. Default 1,000. */
  readonly ageing?: number | undefined
  /** Time and chance: for tests. Default: the system's. */
  readonly clock?: Clock | undefined
}

/**
 * All systems in their order: what has come is applied first, so that the slots that it frees are filled in the same tick.
 * `replaceSystem` puts another in the place of one.
 */
function httpSystems(): readonly System[] {
  return [
    advanceTime,
    processResponses,
    deliverBodies(),
    retryRequests(),
    expireRequests,
    limitRates,
    processRequests,
    manageClients,
  ]
}

/**
 * HTTP for a world: `addPlugin(httpPlugin())`, then each entity with an `HttpRequest` is a request.
 * @throws TypeError that names the option that is not known or not valid
 */
export function httpPlugin(options: HttpPluginOptions = {}): Plugin {
  const { rateLimits = {}, ageing = 1_000, clock = systemClock, ...settings } = own(options)
  if (!(ageing >= 0)) throw new TypeError(`option ageing is ${ageing}; allowed: a number from 0`)
  // What is wrong is told now; each world gets its own.
  void [new WorldSettings(settings), new RateLimits(rateLimits, ageing)]
  return {
    name: 'http',
    install: (port) => {
      const config = new WorldSettings(settings)
      port.setResource(HttpConfig, config)
      port.setResource(HttpTime, new WorldTime(clock))
      port.setResource(RateLimitManager, new RateLimits(rateLimits, ageing))
      port.setResource(RequestMetrics, new WorldMetrics())
      const requests = new RequestLedger(ageing)
      port.setResource(HttpRequests, requests)
      const { client, clients } = config
      const cancelAll = (): void => {
        for (const { flight } of requests) flight?.call?.cancel()
      }
      port.setResource(HttpClientPool, new ClientPool({ client, clients }, clock, cancelAll))
      listen(port)
      for (const system of httpSystems()) port.addSystem(system)
    },
  }
}

function listen(port: EcsPort): void {
  port.onAdd(HttpRequest, (entity, request) => {
    port.remove(entity, HttpResponse, HttpError, BodyChunks)
    // One that was given to an entity before keeps what it knows of that.
    if (request.id > 0) port.add(entity, { component: HttpRequest, value: request.copy() })
    else port.resource(HttpRequests).add(entity, request)
  })
  port.onRemove(HttpRequest, (entity, request) => {
    const pending = port.resource(HttpRequests).of(request)
    // Not that of another entity which was given the same value.
    if (pending?.entity === entity) cancel(httpParts(port), pending)
  })
}
