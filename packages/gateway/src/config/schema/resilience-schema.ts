import { list } from '../../settings/schema/list.ts'
import { nothing, type Read, section } from '../../settings/schema/section.ts'
import { bytes, integer, oneOf, time, timeOr0, value } from '../../settings/schema/setting.ts'
import { respond } from './traffic-schema.ts'
import { type Kind, upstreamReference, whole } from '../../settings/values/kinds.ts'
import { concurrencyLimit, hedgeDelay, retryStatus } from '../values/resilience-kinds.ts'

/** The settings that keep failures small. */

/** Statuses by which an upstream says that it failed. */
function statuses(kind: Kind<number>, about: string) {
  return list(value(kind)).describe(about).prefault([])
}

export const retry = section('RetryInput', () => ({
  attempts: integer('Total tries, the first included; only what is safe to repeat is tried again.', 3, 1, 10),
  backoff: section('BackoffInput', () => ({
    base: timeOr0('Wait before the second try; it doubles with each further one, spread at random.').prefault(
      '25ms',
    ),
    max: timeOr0('Longest wait between two tries.').prefault('1s'),
    jitter: oneOf(
      ['full', 'equal', 'decorrelated'],
      'How a wait is spread at random: anywhere below it, in its upper half, or up to three times the one before.',
    ).prefault('full'),
  }))()
    .prefault(nothing)
    .describe('Waits between tries.'),
  statuses: statuses(
    retryStatus,
    'Statuses of the upstream after which it is tried again, where that is safe: some of 408, 425, 429, 500, 502, 503 and 504.',
  ),
}))

export type RetryConfig = Read<typeof retry>

export const hedge = section('HedgeInput', () => ({
  delay: value(
    hedgeDelay,
    'How long to wait for a response head before a second request is sent: a time, or p50 to p99 for the time in which that percentage of the responses came so far.',
  ).prefault('p95'),
  hedges: integer('Further requests at most, each after one more delay.', 1, 1, 5),
}))

export const concurrency = section('ConcurrencyInput', () => ({
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

export type ConcurrencyConfig = Read<typeof concurrency>

export const fallback = section('FallbackInput', () => ({
  respond: respond().optional().describe('A fixed answer.'),
  upstream: value(
    upstreamReference,
    'Another upstream, by name or URL, where the request can be sent again.',
  ).optional(),
  statuses: statuses(
    whole(400, 599),
    'Statuses of the upstream that count as failures, beside having no answer at all.',
  ),
}))

export const breaker = section('BreakerInput', () => ({
  per: oneOf(
    ['upstream', 'endpoint', 'both'],
    'What has a circuit: the upstream as a whole, each endpoint, which is then left out while it is open, or both.',
  ).prefault('upstream'),
  consecutiveFailures: integer('Opens after so many failures in a row; 0: never for that reason.', 5, 0),
  failurePercent: integer('Opens when so many percent of the exchanges in the window failed.', 50, 1, 100),
  slowAfter: time('An exchange whose response head takes longer is slow. Left out, none is.').optional(),
  slowPercent: integer('Opens when so many percent of the exchanges in the window were slow.', 80, 1, 100),
  minimumRequests: integer('The percentages count from so many exchanges in the window on.', 20, 1),
  window: time('How far back the percentages look.').prefault('10s'),
  openFor: time(
    'How long it stays open the first time; the time doubles each time that a probe fails.',
  ).prefault('5s'),
  maxOpenFor: time('Longest time for which it stays open.').prefault('1m'),
  probes: integer('Exchanges that try whether it is well again; all must succeed.', 3, 1),
}))

export type BreakerConfig = Read<typeof breaker>

export const loadShedding = section('LoadSheddingInput', () => ({
  eventLoopDelay: time(
    'How late the event loop of a worker may be on average. Left out, it does not matter.',
  ).optional(),
  memory: bytes('Resident memory of the process. Left out, it does not matter.', { min: '1MiB' }).optional(),
}))
