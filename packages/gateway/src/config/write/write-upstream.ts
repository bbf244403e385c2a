import type { ConcurrencyInput, EndpointInput, UpstreamInput } from '../input/input.ts'
import type { EndpointConfig, UpstreamConfig } from '../schema/upstream-schema.ts'
import type { BreakerConfig, ConcurrencyConfig } from '../schema/resilience-schema.ts'
import { ifThere, writtenHashKey, writtenStatuses, writtenTime } from './quantities.ts'
import type { Written } from './written.ts'

export function writtenUpstream(upstream: UpstreamConfig): Written<UpstreamInput> {
  const { pool, timeouts, hash, sticky, slowStart, outliers, health, breaker, concurrency } = upstream
  return {
    ...upstream,
    endpoints: upstream.endpoints.map(writtenEndpoint),
    hash: ifThere(hash, (each) => ({ ...each, key: writtenHashKey(each.key) })),
    sticky: ifThere(sticky, (each) => ({ ...each, maxAge: ifThere(each.maxAge, writtenTime) })),
    slowStart: writtenTime(slowStart),
    outliers: writtenOutliers(outliers),
    health: writtenHealth(health),
    pool: {
      ...pool,
      pendingTimeout: writtenTime(pool.pendingTimeout),
      idleTimeout: writtenTime(pool.idleTimeout),
      maxAge: writtenTime(pool.maxAge),
    },
    timeouts: ifThere(timeouts, ({ connect }) => ({ connect: ifThere(connect, writtenTime) })),
    breaker: ifThere(breaker, writtenBreaker),
    concurrency: ifThere(concurrency, writtenConcurrency),
  }
}

/** The records of a service have weights of their own: one that stood beside them would be refused. */
function writtenEndpoint({ weight, ...endpoint }: EndpointConfig): Written<EndpointInput> {
  return endpoint.srv === undefined ? { ...endpoint, weight } : endpoint
}

function writtenOutliers(outliers: UpstreamConfig['outliers']): Written<UpstreamInput['outliers']> {
  if (outliers === false) return false
  const { interval, ejectionTime, maxEjectionTime } = outliers
  return {
    ...outliers,
    interval: writtenTime(interval),
    ejectionTime: writtenTime(ejectionTime),
    maxEjectionTime: writtenTime(maxEjectionTime),
  }
}

function writtenHealth(health: UpstreamConfig['health']): Written<UpstreamInput['health']> {
  if (health === false) return false
  const { statuses, interval, timeout } = health
  return {
    ...health,
    statuses: statuses.map(writtenStatuses),
    interval: writtenTime(interval),
    timeout: writtenTime(timeout),
  }
}

function writtenBreaker(breaker: BreakerConfig): Written<UpstreamInput['breaker']> {
  const { slowAfter, window, openFor, maxOpenFor } = breaker
  return {
    ...breaker,
    slowAfter: ifThere(slowAfter, writtenTime),
    window: writtenTime(window),
    openFor: writtenTime(openFor),
    maxOpenFor: writtenTime(maxOpenFor),
  }
}

export function writtenConcurrency(concurrency: ConcurrencyConfig): Written<ConcurrencyInput> {
  return { ...concurrency, queueTimeout: writtenTime(concurrency.queueTimeout) }
}
