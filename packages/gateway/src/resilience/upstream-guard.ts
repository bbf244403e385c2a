import {
  AdaptiveLimit,
  breaker,
  Circuits,
  type Clock,
  concurrency,
  Limiter,
  type Policy,
} from '@headgate/core'
import type { UpstreamConfig } from '../config/config.ts'
import type { BreakerConfig, ConcurrencyConfig } from '../config/resilience-config.ts'
import { type ResilienceMetrics, upstreamLimiter } from './metrics.ts'

/** What keeps an upstream from being asked too much, for all routes to it. */
export interface UpstreamGuard {
  readonly circuits: Circuits | undefined
  readonly limiter: Limiter | undefined
  /** Around each attempt, outermost first. */
  readonly policies: readonly Policy[]
}

/** The state of what an upstream is guarded by: it lives as long as the upstream. */
export function makeUpstreamGuard(
  name: string,
  { breaker: circuit, concurrency: limit }: UpstreamConfig,
  clock: Clock,
  metrics: ResilienceMetrics,
): UpstreamGuard {
  const onCircuit = metrics.onCircuit(name)
  const circuits =
    circuit &&
    new Circuits({ ...circuitOptions(circuit), onTransition: (_, from, to) => onCircuit(from, to) })
  const limiter = limit && makeLimiter(upstreamLimiter(name), limit, clock, metrics)
  const policies = [
    ...(circuits === undefined ? [] : [breaker({ circuits, key: () => name })]),
    ...(limiter === undefined ? [] : [concurrency({ limiter })]),
  ]
  // The circuit is there from the start, so that its state can be shown.
  circuits?.for(name)
  return { circuits, limiter, policies }
}

export function makeLimiter(
  name: string,
  { limit, queue, queueTimeout }: ConcurrencyConfig,
  clock: Clock,
  metrics: ResilienceMetrics,
): Limiter {
  const limiter = new Limiter({
    name,
    limit: limit === 'adaptive' ? new AdaptiveLimit(clock) : limit,
    queue,
    queueTimeout,
  })
  metrics.watch(name, limiter)
  return limiter
}

function circuitOptions(config: BreakerConfig): ConstructorParameters<typeof Circuits>[0] {
  return {
    consecutiveFailures: config.consecutiveFailures,
    failureRatio: config.failurePercent / 100,
    slowCall: config.slowAfter,
    slowRatio: config.slowPercent / 100,
    minimumThroughput: config.minimumRequests,
    window: config.window,
    openInterval: config.openFor,
    maxOpenInterval: config.maxOpenFor,
    probes: config.probes,
  }
}
