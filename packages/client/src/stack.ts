import {
  attemptTimeout,
  auth,
  breaker,
  type Circuits,
  type CookieJar,
  cookies,
  concurrency,
  decompress,
  dedupe,
  type Handler,
  type HttpResponse,
  type LocalRateLimitStore,
  misdirected,
  type Policy,
  rateLimit,
  redirect,
  resume,
  retry,
  type RetryBudget,
  sizeLimit,
  stack,
  timeout,
  traceAttempt,
  type Tracer,
  traceExchange,
} from '@headgate/core'
import { isEventStream } from './event-stream.ts'
import type { CallObserver } from './observe-call.ts'
import type { OriginLimiters } from './origin-limiters.ts'
import { isCredential } from './default-headers.ts'
import type { Hedges } from './hedges.ts'
import type { Settings } from './settings.ts'

/** What the policies of a client share with those of its extensions and single calls. */
export interface StackContext {
  readonly transport: Handler
  readonly budget: RetryBudget
  readonly circuits: Circuits | undefined
  readonly rates: LocalRateLimitStore | undefined
  readonly limiters: OriginLimiters | undefined
  readonly pacing: Policy | undefined
  readonly hedges: Hedges
  readonly jar: CookieJar | undefined
  readonly policies: readonly Policy[]
  /** Where credentials may be sent that do not say so themselves. */
  readonly origins: readonly string[] | undefined
  /** The client's fields that no other origin may see. */
  readonly boundFields: ReadonlySet<string>
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
  const limiters = settings.concurrency && context.limiters
  const layers: (Layer | false | undefined)[] = [
    { name: 'observe', does: 'tells events and counts', policy: observer.calls },
    tracer && { name: 'trace', does: 'a span for the call', policy: traceExchange(tracer) },
    time.deadline !== Infinity && {
      name: 'timeout',
      does: `gives the call up after ${time.deadline} ms`,
      policy: timeout({
        exchange: time.deadline,
        outlasts: settings.endsStreams ? undefined : flowsOn,
      }),
    },
    ...policies.map((policy, index) => ({
      name: policy.name || `policies[${index}]`,
      does: 'a policy of your own',
      policy,
    })),
    settings.maxBody !== undefined && {
      name: 'size-limit',
      does: `breaks responses of more than ${settings.maxBody} octets`,
      policy: sizeLimit({ response: settings.maxBody }),
    },
    settings.decompress && {
      name: 'decompress',
      does: 'asks for compressed responses, and decodes them',
      policy: decompress(settings.decompress),
    },
    settings.resume && {
      name: 'resume',
      does: 'asks for the rest of a body that breaks off',
      policy: resume({ backoff: tries.backoff, budget }),
    },
    settings.dedupe && {
      name: 'dedupe',
      does: 'sends what is the same once',
      policy: dedupe(settings.dedupe),
    },
    hops !== undefined && {
      name: 'redirect',
      does: redirectMode === 'follow' ? `follows up to ${hops} redirects` : `redirects: ${redirectMode}`,
      policy: redirect({
        limit: hops,
        mode: redirectMode,
        isCredential: (name) => context.boundFields.has(name) || isCredential(name),
      }),
    },
    context.jar && {
      name: 'cookies',
      does: 'sends the cookies of its jar, and keeps those that come',
      policy: cookies({ jar: context.jar }),
    },
    settings.auth && {
      name: 'auth',
      does: `adds ${settings.auth.scheme} credentials for ${(settings.auth.origins ?? context.origins)?.join(', ')}`,
      policy: auth({
        credentials: settings.auth,
        origins: context.origins,
        fetchToken: tokenHandler(settings, context),
      }),
    },
    {
      name: 'retry',
      does: `up to ${tries.attempts} attempts, retries up to ${tries.budget * 100} % of calls`,
      policy: (next) =>
        // What an origin says is not for it (421) is sent once more whatever the number of tries.
        misdirected()(
          retry({ ...tries, idempotencyKey: true, budget, onScheduled: observer.retryScheduled })(next),
        ),
    },
    hedging && {
      name: 'hedge',
      does: `sends up to ${hedging.hedges ?? 1} more if the response is late`,
      // The client's own knows what responses took so far.
      policy: context.hedges.for(hedging),
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
    settings.pacing &&
      context.pacing && {
        name: 'pacing',
        does: 'slows down as RateLimit fields ask',
        policy: context.pacing,
      },
    limiters && {
      name: 'concurrency',
      does: 'only so many requests to an origin at the same time',
      policy: concurrency({ limiter: limiters.of }),
    },
    time.attempt !== Infinity && {
      name: 'attempt-timeout',
      does: `gives an attempt up after ${time.attempt} ms without a response head`,
      policy: attemptTimeout({ attempt: time.attempt }),
    },
  ]
  return layers.filter((layer) => layer !== undefined && layer !== false)
}

/** A stream of events lasts for as long as it is of use; how long it may be silent is a limit of the connection's. */
function flowsOn({ status, headers }: HttpResponse): boolean {
  return status === 200 && isEventStream(headers.get('content-type'))
}

/** What fetches tokens for `auth`: the client's own way to the network, with its limits, but without the credentials. */
function tokenHandler(
  { timeout: time, retry: tries }: Settings,
  { budget, transport }: StackContext,
): Handler {
  return stack(
    [timeout({ exchange: Math.min(time.deadline, 30_000) }), retry({ ...tries, budget })],
    transport,
  )
}

/** The stack, composed. */
export function clientHandler(settings: Settings, context: StackContext): Handler {
  return stack(
    clientLayers(settings, context).map(({ policy }) => policy),
    context.transport,
  )
}
