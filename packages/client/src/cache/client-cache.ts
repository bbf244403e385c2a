import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import {
  CacheOnUse,
  type CacheOutcome,
  type CookieJar,
  type Exchange,
  type Fact,
  fact,
  type Handler,
  type HttpResponse,
  own,
  type Policy,
  urlParts,
} from '@headgate/core'
import type { Connections } from '../connections.ts'
import { type DefaultHeaders, isForEveryone } from '../default-headers.ts'
import type { CacheSettings, ClientOptions } from '../options.ts'
import { CACHE_MODE } from './cache-mode.ts'
import { callerIdentity } from './caller-identity.ts'

/** What the cache has done for a call: of its redirects, for the last. */
export const CACHE_OUTCOME: Fact<CacheOutcome> = fact<CacheOutcome>('cache-outcome')

/** What one stack of a client says of its cache. */
export interface CacheUse {
  /** What keeps the cookies that come, if anything does. */
  readonly jar: CookieJar | undefined
  /** The unix socket that the calls go to in place of the client's way. */
  readonly socketPath: string | undefined
  /** Whether the client was closed: then nothing is answered any more. */
  readonly isClosed: () => boolean
}

/** Ways to origins that are the same for several clients are told apart from all others by the object that leads there. */
const WAYS = new WeakMap<object, string>()

/** The cache of a client: private, for what each caller may see, and loaded when it is first used. */
export class ClientCache {
  private readonly settings: CacheSettings
  private readonly stored: CacheOnUse
  private readonly way: string
  private readonly own: ReadonlySet<string>

  /** @param kin the cache of the client that is extended, whose store is shared where nothing else is said */
  constructor(
    settings: CacheSettings,
    options: ClientOptions,
    connections: Connections | undefined,
    headers: DefaultHeaders,
    kin: ClientCache | undefined,
  ) {
    this.settings = settings
    this.stored =
      kin !== undefined && isDeepStrictEqual(kin.settings, settings)
        ? kin.stored
        : new CacheOnUse(settings.store, { maxBytes: settings.maxBytes })
    this.way = wayOf(options, connections)
    this.own = new Set([...headers.own].map(({ name }) => name).filter((name) => !isForEveryone(name)))
  }

  policy({ jar, socketPath, isClosed }: CacheUse): Policy {
    const cached = this.stored.policy({
      mode: 'private',
      // What the client's own cache has done is told by `response.cacheStatus`; the field is about those on the way.
      status: false,
      key: own({ identity: callerIdentity(JSON.stringify([this.way, socketPath ?? '']), this.own) }),
      requestMode: (exchange) => CACHE_MODE.of(exchange) ?? 'default',
      bypass: asksForEvents,
      onOutcome: (exchange, outcome) => CACHE_OUTCOME.state(exchange, outcome),
    })
    return (next) => {
      const handler = cached(jar === undefined ? next : keepingCookies(jar, next))
      return async (exchange) => {
        // The network's end refuses it.
        if (isClosed()) return next(exchange)
        const response = await handler(exchange)
        if (isStored(CACHE_OUTCOME.of(exchange))) response.headers.delete('set-cookie')
        return response
      }
    }
  }
}

/** The cache that the options ask for. */
export function cacheOf(
  options: ClientOptions,
  connections: Connections | undefined,
  headers: DefaultHeaders,
  kin: ClientCache | undefined,
): ClientCache | undefined {
  const { cache = false } = options
  if (cache === false) return undefined
  const settings = cache === true ? { store: undefined, maxBytes: undefined } : cache
  const { store, maxBytes } = settings
  return new ClientCache({ store, maxBytes }, options, connections, headers, kin)
}

/**
 * Empty for the usual way to the host of a URL. By any other, a URL may lead to something else, or to what this client may not reach: what
 * came by it is found by those alone who have it from the same object.
 */
function wayOf(options: ClientOptions, connections: Connections | undefined): string {
  const { transport, tls, proxy, socketPath, localAddress, lookup, dns } = options
  const others = [transport, tls, proxy, socketPath, localAddress, lookup, dns?.servers, connections?.guard]
  if (others.every((each) => each === undefined)) return ''
  const object = connections?.origins ?? transport
  if (object === undefined) return ''
  let way = WAYS.get(object)
  if (way === undefined) WAYS.set(object, (way = randomUUID()))
  return way
}

/** A stream of events is read as it comes (WHATWG HTML 9.2.2 has its cache mode no-store). */
function asksForEvents({ request }: Exchange): boolean {
  return request.headers.get('accept') === 'text/event-stream'
}

/** Also those of a 304, which does not reach the jar that stands outside; and of what is revalidated in the background. */
function keepingCookies(jar: CookieJar, next: Handler): Handler {
  return async (exchange) => {
    const response = await next(exchange)
    keep(jar, exchange, response)
    return response
  }
}

function keep(jar: CookieJar, { request, clock }: Exchange, { headers }: HttpResponse): void {
  if (!headers.has('set-cookie')) return
  const url = urlParts(request)
  for (const value of headers.getAll('set-cookie')) jar.store(url, value, clock.wallTime())
}

/** Whether a stored response is the answer: its cookies were set when it came, and may have changed since (WHATWG Fetch 4.6). */
function isStored(outcome: CacheOutcome | undefined): boolean {
  return (
    outcome !== undefined && (outcome.hit || outcome.forwardedStatus === 304 || outcome.age !== undefined)
  )
}
