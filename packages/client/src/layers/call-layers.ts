import {
  auth,
  cookies,
  decompress,
  dedupe,
  type Handler,
  type HttpResponse,
  isStream,
  misdirected,
  type Policy,
  redirect,
  resume,
  retry,
  sizeLimit,
  stack,
  timeout,
  traceExchange,
} from '@headgate/core'
import { CACHE_MODE } from '../cache/cache-mode.ts'
import { tellingReferrer } from '../fetch/referrer.ts'
import { isCredential } from '../default-headers.ts'
import { retryHooks } from '../retry-hooks.ts'
import type { Settings } from '../settings.ts'
import type { ClientLayer, StackContext } from './layer.ts'

// What a call passes once, whatever number of attempts it takes.

export const observeLayer: ClientLayer = {
  name: 'observe',
  once: 'exchange',
  about: 'tells the events of calls, and counts',
  build: (_, { observer }) => observer.calls,
  tells: () => 'tells events and counts',
}

export const traceLayer: ClientLayer = {
  name: 'trace',
  once: 'exchange',
  about: 'makes a span for the call (`tracing`)',
  build: (_, { tracer }) => tracer && traceExchange(tracer),
  tells: () => 'a span for the call',
}

export const timeoutLayer: ClientLayer = {
  name: 'timeout',
  once: 'exchange',
  about: 'gives the call up at its deadline (`timeout.deadline`)',
  build: ({ timeout: { deadline }, endsStreams }) =>
    deadline === Infinity
      ? undefined
      : timeout({ exchange: deadline, outlasts: endsStreams ? undefined : flowsOn }),
  tells: ({ settings }) => `gives the call up after ${settings.timeout.deadline} ms`,
}

/** A stream of events lasts for as long as it is of use; how long it may be silent is a limit of the connection's, which goes by the same list. */
function flowsOn({ status, headers }: HttpResponse): boolean {
  return status >= 200 && status < 300 && isStream(headers.get('content-type'))
}

export const sizeLimitLayer: ClientLayer = {
  name: 'size-limit',
  once: 'exchange',
  about: 'breaks responses with more content than `maxBody`',
  build: ({ maxBody }) => (maxBody === undefined ? undefined : sizeLimit({ response: maxBody })),
  tells: ({ settings }) => `breaks responses of more than ${settings.maxBody} bytes`,
}

export const decompressLayer: ClientLayer = {
  name: 'decompress',
  once: 'exchange',
  about: 'asks for compressed responses, and decodes them',
  build: (settings) => settings.decompress && decompress(settings.decompress),
  tells: () => 'asks for compressed responses, and decodes them',
}

export const resumeLayer: ClientLayer = {
  name: 'resume',
  once: 'exchange',
  about: 'asks for the rest of a body that breaks off',
  build: (settings, { budget }) =>
    settings.resume ? resume({ backoff: settings.retry.backoff, budget }) : undefined,
  tells: () => 'asks for the rest of a body that breaks off',
}

export const dedupeLayer: ClientLayer = {
  name: 'dedupe',
  once: 'exchange',
  about: 'sends what is the same once',
  build: (settings) => settings.dedupe && unlessModeSaid(dedupe(settings.dedupe)),
  tells: () => 'sends what is the same once',
}

/** Who says how the cache is to be used cannot be answered by what another call brings. */
function unlessModeSaid(policy: Policy): Policy {
  return (next) => {
    const handler = policy(next)
    return (exchange) =>
      exchange.facts === undefined || CACHE_MODE.of(exchange) === undefined
        ? handler(exchange)
        : next(exchange)
  }
}

export const redirectLayer: ClientLayer = {
  name: 'redirect',
  once: 'exchange',
  about: 'follows redirects; what stands below it sees each request of its own',
  build: ({ redirect: limit, redirectMode: mode }, { boundFields }) =>
    limit === undefined
      ? undefined
      : tellingReferrer(
          redirect({ limit, mode, isCredential: (name) => boundFields.has(name) || isCredential(name) }),
        ),
  tells: ({ settings: { redirect: limit, redirectMode: mode } }) =>
    mode === 'follow' ? `follows up to ${limit} redirects` : `redirects: ${mode}`,
}

export const cookiesLayer: ClientLayer = {
  name: 'cookies',
  once: 'exchange',
  about: 'sends the cookies of its jar, and keeps those that come',
  build: (settings, { jar }) => (settings.cookies && jar ? cookies({ jar }) : undefined),
  tells: () => 'sends the cookies of its jar, and keeps those that come',
}

export const authLayer: ClientLayer = {
  name: 'auth',
  once: 'exchange',
  about: 'adds credentials, for the origins that may see them',
  build: (settings, context) =>
    settings.auth &&
    auth({
      credentials: settings.auth,
      origins: context.origins,
      fetchToken: tokenHandler(settings, context),
    }),
  tells: ({ settings: { auth: credentials }, origins }) =>
    `adds ${credentials?.scheme} credentials for ${(credentials?.origins ?? origins)?.join(', ')}`,
}

export const cacheLayer: ClientLayer = {
  name: 'cache',
  once: 'exchange',
  about: 'answers from what was answered before to the same credentials (`cache`)',
  build: ({ cookies: usesJar, socketPath }, { cache, jar, isClosed }) =>
    cache?.policy({ jar: usesJar ? jar : undefined, socketPath, isClosed }),
  tells: ({ settings: { cacheMode } }) =>
    `answers from what was answered before to the same credentials${cacheMode === 'default' ? '' : `: ${cacheMode}`}`,
}

/** What fetches tokens for `auth`: the client's own way to the network, with its limits, but without the credentials. */
function tokenHandler(
  { timeout: time, retry: tries }: Settings,
  { budget, transport }: StackContext,
): Handler {
  return stack(
    [timeout({ exchange: Math.min(time.deadline, 30_000) }), retry({ ...tries, methods: undefined, budget })],
    transport,
  )
}

export const retryLayer: ClientLayer = {
  name: 'retry',
  once: 'exchange',
  about: 'makes the attempts; what an origin says is not for it (421) is sent once more in any case',
  build:
    (settings, { budget, observer }) =>
    (next) =>
      // What an origin says is not for it (421) is sent once more whatever the number of tries.
      misdirected()(
        retry({
          ...settings.retry,
          ...retryHooks(settings),
          idempotencyKey: true,
          budget,
          onScheduled: observer.retryScheduled,
        })(next),
      ),
  tells: ({ settings: { retry: tries } }) =>
    `up to ${tries.attempts} attempts${tries.methods ? ` of ${tries.methods.join(', ')}` : ''}, retries up to ${tries.budget * 100} % of calls`,
}
