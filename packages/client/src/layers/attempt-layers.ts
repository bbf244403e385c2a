import { attemptTimeout, breaker, concurrency, rateLimit, traceAttempt } from '@headgate/core'
import type { ClientLayer } from './layer.ts'

// What stands around each attempt.

export const hedgeLayer: ClientLayer = {
  name: 'hedge',
  once: 'attempt',
  about: 'sends a further request if the response is late',
  // The client's own knows what responses took so far.
  build: ({ hedge: settings }, { hedges }) => settings && hedges.for(settings),
  tells: ({ settings }) => `sends up to ${settings.hedge?.hedges ?? 1} more if the response is late`,
}

export const observeAttemptLayer: ClientLayer = {
  name: 'observe-attempt',
  once: 'attempt',
  about: 'tells the events of attempts',
  build: (_, { observer }) => observer.attempts,
  tells: () => 'tells events of each attempt',
}

export const traceAttemptLayer: ClientLayer = {
  name: 'trace-attempt',
  once: 'attempt',
  about: 'makes a span for each attempt, sent along as traceparent (`tracing`)',
  build: (_, { tracer }) => tracer && traceAttempt(tracer),
  tells: () => 'a span for each attempt, sent along as traceparent',
}

export const breakerLayer: ClientLayer = {
  name: 'breaker',
  once: 'attempt',
  about: 'fails at once while the origin keeps failing',
  build: (settings, { circuits }) => (settings.breaker && circuits ? breaker({ circuits }) : undefined),
  tells: () => 'fails at once while the origin keeps failing',
}

export const rateLimitLayer: ClientLayer = {
  name: 'rate-limit',
  once: 'attempt',
  about: 'waits until the origin may get a further request (`rateLimit`)',
  build: ({ rateLimit: rate }, { rates, observer }) =>
    rate && rates
      ? rateLimit({ store: rates, maxWait: rate.maxWait ?? Infinity, onDecision: observer.rateDecided })
      : undefined,
  tells: ({ settings: { rateLimit: rate } }) =>
    `at most ${rate?.rate} requests per ${rate?.per ?? 1_000} ms to an origin`,
}

export const pacingLayer: ClientLayer = {
  name: 'pacing',
  once: 'attempt',
  about: 'slows down as RateLimit fields ask',
  build: (settings, { pacing }) => (settings.pacing ? pacing : undefined),
  tells: () => 'slows down as RateLimit fields ask',
}

export const concurrencyLayer: ClientLayer = {
  name: 'concurrency',
  once: 'attempt',
  about: 'has only so many requests to an origin at the same time',
  build: (settings, { limiters }) =>
    settings.concurrency && limiters ? concurrency({ limiter: limiters.of }) : undefined,
  tells: () => 'only so many requests to an origin at the same time',
}

export const attemptTimeoutLayer: ClientLayer = {
  name: 'attempt-timeout',
  once: 'attempt',
  about: 'gives an attempt up that has no response head in time (`timeout.attempt`)',
  build: ({ timeout: { attempt } }) => (attempt === Infinity ? undefined : attemptTimeout({ attempt })),
  tells: ({ settings }) => `gives an attempt up after ${settings.timeout.attempt} ms without a response head`,
}
