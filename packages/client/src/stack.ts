import {
  attemptTimeout,
  breaker,
  type Circuits,
  type Handler,
  hedge,
  type LocalRateLimitStore,
  type Policy,
  rateLimit,
  redirect,
  retry,
  type RetryBudget,
  stack,
  timeout,
  traceAttempt,
  type Tracer,
  traceExchange,
} from '@headgate/core'
import type { CallObserver } from './observe-call.ts'
import type { Settings } from './settings.ts'

/** What the policies of a client share with those of its extensions and single calls. */
export interface StackContext {
  readonly transport: Handler
  readonly budget: RetryBudget
  readonly circuits: Circuits | undefined
  readonly rates: LocalRateLimitStore | undefined
  readonly policies: readonly Policy[]
  readonly observer: CallObserver
  readonly tracer: Tracer | undefined
}

/** One policy of a client's stack, and what it does in this client: `explain` tells it. */
export interface Layer {
  readonly name: string
  readonly does: string
  readonly policy: Policy
}

/**
 * A client's whole stack, outermost policy first: this list is the order in which a call meets them. What stands below `retry`
 * happens once an attempt. A policy that is not used is not in it, and costs nothing.
 */
export function clientLayers(settings: Settings, context: StackContext): Layer[] {
  const {
    retry: tries,
    timeout: time,
    redirect: hops,
    redirectMode,
    hedge: hedging,
    rateLimit: rate,
  } = settings
  const { budget, observer, policies, tracer } = context
  const circuits = settings.breaker && context.circuits
  const rates = rate && context.rates
  const layers: (Layer | false | undefined)[] = [
    { name: 'observe', does: 'tells events and counts', policy: observer.calls },
    tracer && { name: 'trace', does: 'a span for the call', policy: traceExchange(tracer) },
    time.deadline !== Infinity && {
      name: 'timeout',
      does: `gives the call up after ${time.deadline} ms`,
      policy: timeout({ exchange: time.deadline }),
    },
    ...policies.map((policy, index) => ({
      name: policy.name || `policies[${index}]`,
      does: 'a policy of your own',
      policy,
    })),
    hops !== undefined && {
      name: 'redirect',
      does: redirectMode === 'follow' ? `follows up to ${hops} redirects` : `redirects: ${redirectMode}`,
      policy: redirect({ limit: hops, mode: redirectMode }),
    },
    {
      name: 'retry',
      does: `up to ${tries.attempts} attempts, retries up to ${tries.budget * 100} % of calls`,
      policy: retry({ ...tries, idempotencyKey: true, budget, onScheduled: observer.retryScheduled }),
    },
    hedging && {
      name: 'hedge',
      does: `sends up to ${hedging.hedges ?? 1} more if the response is late`,
      policy: hedge({ ...hedging, budget, onHedge: observer.hedgeSent }),
    },
    { name: 'observe-attempt', does: 'tells events of each attempt', policy: observer.attempts },
    tracer && {
      name: 'trace-attempt',
      does: 'a span for each attempt, sent along as traceparent',
      policy: traceAttempt(tracer),
    },
    circuits && {
      name: 'breaker',
      does: 'fails at once while the origin keeps failing',
      policy: breaker({ circuits }),
    },
    rates && {
      name: 'rate-limit',
      does: `at most ${rate.rate} requests per ${rate.per ?? 1_000} ms to an origin`,
      policy: rateLimit({
        store: rates,
        maxWait: rate.maxWait ?? Infinity,
        onDecision: observer.rateDecided,
      }),
    },
    time.attempt !== Infinity && {
      name: 'attempt-timeout',
      does: `gives an attempt up after ${time.attempt} ms without a response head`,
      policy: attemptTimeout({ attempt: time.attempt }),
    },
  ]
  return layers.filter((layer) => layer !== undefined && layer !== false)
}

/** The stack, composed. */
export function clientHandler(settings: Settings, context: StackContext): Handler {
  return stack(
    clientLayers(settings, context).map(({ policy }) => policy),
    context.transport,
  )
}
