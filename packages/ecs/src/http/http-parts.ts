import type { EcsPort } from '../port/port.ts'
import { HttpClientPool } from './resources/http-client-pool.ts'
import { HttpConfig } from './resources/http-config.ts'
import { HttpRequests } from './resources/http-requests.ts'
import { HttpTime } from './resources/http-time.ts'
import { RateLimitManager } from './resources/rate-limit-manager.ts'
import { RequestMetrics } from './resources/request-metrics.ts'

/** All that the systems work with, as the world has it now. */
export interface HttpParts {
  readonly port: EcsPort
  readonly config: HttpConfig
  readonly pool: HttpClientPool
  readonly rates: RateLimitManager
  readonly metrics: RequestMetrics
  readonly requests: HttpRequests
  readonly time: HttpTime
}

export function httpParts(port: EcsPort): HttpParts {
  return {
    port,
    config: port.resource(HttpConfig),
    pool: port.resource(HttpClientPool),
    rates: port.resource(RateLimitManager),
    metrics: port.resource(RequestMetrics),
    requests: port.resource(HttpRequests),
    time: port.resource(HttpTime),
  }
}
