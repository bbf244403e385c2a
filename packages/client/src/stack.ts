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
}

/**
 * A client's whole stack, outermost policy first: this list is the order in which a call meets them. What stands below `retry`
 * happens once an attempt. A policy that is not used is not in it, and costs nothing.
 */
export function clientHandler(settings: Settings, context: StackContext): Handler {
  const { retry: retrying, timeout: time } = settings
  const { budget, circuits, rates, observer } = context
  return stack(
    [
      observer.calls,
      time.deadline !== Infinity && timeout({ exchange: time.deadline }),
      ...context.policies,
      settings.redirect !== undefined && redirect({ limit: settings.redirect }),
      retry({ ...retrying, idempotencyKey: true, budget, onScheduled: observer.retryScheduled }),
      settings.hedge && hedge({ ...settings.hedge, budget, onHedge: observer.hedgeSent }),
      observer.attempts,
      circuits && breaker({ circuits }),
      rates &&
        rateLimit({
          store: rates,
          maxWait: settings.rateLimit?.maxWait ?? Infinity,
          onDecision: observer.rateDecided,
        }),
      time.attempt !== Infinity && attemptTimeout({ attempt: time.attempt }),
    ],
    context.transport,
  )
}
