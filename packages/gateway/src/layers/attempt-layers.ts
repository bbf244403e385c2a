import { attemptTimeout, breaker, concurrency, hedge, passDeadline, retry, timeout } from '@headgate/core'
import { retriesOf, standInMetrics } from '../metrics/route-metrics.ts'
import type { AttemptLayer } from './layer.ts'

// What stands between a route's own policies and one of its upstreams; from the breaker on, around each attempt.

export const retryLayer: AttemptLayer = {
  name: 'retry',
  once: 'attempt',
  about: 'makes the attempts; without it, one, and a stale keep-alive connection is replaced all the same',
  judged: false,
  build({ way, route }, { destination: { budget }, metrics }) {
    const retries = retriesOf(metrics, route.name)
    // What answers in place of what failed is asked once.
    const attempts = (way === 'target' && route.retry) || ONE_ATTEMPT
    return retry({ ...attempts, budget, onRetry: () => retries.add(1) })
  },
  tells: ({ way, route }) => way === 'target' && route.retry,
}

const ONE_ATTEMPT = { attempts: 1, backoff: { base: 0, max: 0 } }

export const hedgeLayer: AttemptLayer = {
  name: 'hedge',
  once: 'attempt',
  about: 'makes a further attempt while the first is late',
  judged: false,
  build({ route }, { destination: { budget }, metrics }) {
    if (route.hedge === undefined) return undefined
    const { hedges } = standInMetrics(metrics, route.name)
    return hedge({ ...route.hedge, budget, key: () => '', onHedge: () => hedges.add(1) })
  },
  tells: ({ route }) => route.hedge,
}

export const breakerLayer: AttemptLayer = {
  name: 'breaker',
  once: 'attempt',
  about: 'fails at once while the upstream as a whole keeps failing',
  judged: false,
  build: ({ upstream }, { destination: { guard } }) =>
    guard.circuits && breaker({ circuits: guard.circuits, key: () => upstream }),
  tells: ({ upstream }) => upstream.breaker,
}

export const upstreamConcurrencyLayer: AttemptLayer = {
  name: 'concurrency',
  once: 'attempt',
  about: 'lets only so many attempts on to the upstream at the same time, those of all routes together',
  judged: false,
  build: (_, { destination: { guard } }) => guard.limiter && concurrency({ limiter: guard.limiter }),
  tells: ({ upstream }) => upstream.concurrency,
}

export const attemptTimeoutLayer: AttemptLayer = {
  name: 'timeouts.attempt',
  once: 'attempt',
  about: 'gives an attempt up that has no response head in time',
  build({ route: { timeouts } }) {
    const attempt = timeouts?.attempt
    return attempt === undefined ? undefined : attemptTimeout({ attempt })
  },
  tells: ({ route }) => route.timeouts?.attempt,
}

export const deadlinesLayer: AttemptLayer = {
  name: 'deadlines',
  once: 'attempt',
  about: 'tells the upstream how much time is left',
  build: ({ route, config }) =>
    config.deadlines ? passDeadline({ attempt: route.timeouts?.attempt }) : undefined,
  tells: ({ config }) => config.deadlines,
}

/** A copy is worth no second attempt, and nobody waits for it longer than this. */
const MIRROR_TIMEOUT = 30_000

export const mirrorTimeoutLayer: AttemptLayer = {
  name: 'timeout',
  once: 'attempt',
  ways: ['mirror'],
  about: 'gives a copy up that takes longer than 30 seconds',
  build: () => timeout({ exchange: MIRROR_TIMEOUT }),
  tells: () => ({ exchange: '30s' }),
}
