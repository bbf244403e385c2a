import { AdaptiveLimit, type Clock, concurrency, Limiter, type MetricRegistry } from '@headgate/core'
import type { AttemptRow, ExchangeRow, Route } from './layer.ts'
import type { Kept } from '../kept.ts'
import { metric, type Reading } from '../metrics/metric.ts'
import { type Read, section } from '../settings/schema/section.ts'
import { integer, time, value } from '../settings/schema/setting.ts'
import type { Kind } from '../settings/values/kinds.ts'
import { parsed, refused } from '../settings/values/parsed.ts'

export const concurrencyLimit: Kind<number | 'adaptive'> = {
  allowed: 'a whole number from 1 up, or "adaptive"',
  json: {
    anyOf: [{ type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER }, { const: 'adaptive' }],
  },
  parse(written) {
    if (written === 'adaptive') return parsed(written)
    return typeof written === 'number' && Number.isSafeInteger(written) && written > 0
      ? parsed(written)
      : refused('is no limit')
  },
}

export const concurrencySetting = section('ConcurrencyInput', () => ({
  limit: value(
    concurrencyLimit,
    'Exchanges per worker at the same time, or adaptive: as many as do not slow the responses down.',
  ),
  queue: integer(
    'Exchanges per worker that may wait, the more important ones first; beyond that: 503.',
    0,
    0,
  ),
  queueTimeout: time('Longest wait.').prefault('1s'),
}))

export type ConcurrencyConfig = Read<typeof concurrencySetting>

const CONCURRENCY_ACTIVE = metric({
  kind: 'gauge',
  name: 'headgate_concurrency_active',
  labels: ['limiter'],
  help: 'Exchanges that hold a slot of the concurrency limit, as in "upstream orders" or "route api".',
})

const CONCURRENCY_QUEUED = metric({
  kind: 'gauge',
  name: 'headgate_concurrency_queued',
  labels: ['limiter'],
  help: 'Exchanges that wait for a slot of the concurrency limit.',
})

const CONCURRENCY_LIMIT = metric({
  kind: 'gauge',
  name: 'headgate_concurrency_limit',
  labels: ['limiter'],
  help: 'Slots of the concurrency limit, of all workers together.',
})

/** What the limiter of an upstream is called. */
export function upstreamLimiter(upstream: string): string {
  return `upstream ${upstream}`
}

/** What the limiter of a route is called. */
export function routeLimiter(route: string): string {
  return `route ${route}`
}

/** What reads how far a concurrency limit is used. Its series are looked up here, and not with each reading. */
export function limiterReadings(
  metrics: MetricRegistry,
  name: string,
  limiter: Limiter,
): () => readonly Reading[] {
  const labels = { limiter: name }
  const active = metrics.get(CONCURRENCY_ACTIVE, labels)
  const queued = metrics.get(CONCURRENCY_QUEUED, labels)
  const slots = metrics.get(CONCURRENCY_LIMIT, labels)
  return () => [
    [active, limiter.inflight],
    [queued, limiter.queued],
    [slots, Math.floor(limiter.limit.limit)],
  ]
}

export function makeLimiter(
  name: string,
  { limit, queue, queueTimeout }: ConcurrencyConfig,
  clock: Clock,
  metrics: MetricRegistry,
): Limiter {
  const limiter = new Limiter({
    name,
    limit: limit === 'adaptive' ? new AdaptiveLimit(clock) : limit,
    queue,
    queueTimeout,
  })
  // Its series are there from the start.
  limiterReadings(metrics, name, limiter)
  return limiter
}

export const routeConcurrencyLayer: ExchangeRow<
  { readonly route: Route<'concurrency', ConcurrencyConfig> },
  { readonly kept: Kept; readonly clock: Clock; readonly metrics: MetricRegistry }
> = {
  name: 'concurrency',
  once: 'exchange',
  about: 'lets only so many exchanges of the route on at the same time',
  judged: false,
  build({ route: { name, concurrency: config } }, { kept, clock, metrics }) {
    if (config === undefined) return undefined
    // Kept by a reload that leaves the setting as it is: those under way hold its slots.
    const make = () => makeLimiter(routeLimiter(name), config, clock, metrics)
    return concurrency({ limiter: kept.keep('concurrency', config, make) })
  },
  tells: ({ route }) => route.concurrency,
}

export const upstreamConcurrencyLayer: AttemptRow<
  object,
  { readonly destination: { readonly guard: { readonly limiter: Limiter | undefined } } }
> = {
  name: 'concurrency',
  once: 'attempt',
  about: 'lets only so many attempts on to the upstream at the same time, those of all routes together',
  judged: false,
  build: (_, { destination: { guard } }) => guard.limiter && concurrency({ limiter: guard.limiter }),
  tells: ({ upstream }) => upstream.concurrency,
}
