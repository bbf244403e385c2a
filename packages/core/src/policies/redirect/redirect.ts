import { own } from '../../message/own-options.ts'
import type { Body } from '../../message/body.ts'
import { EMPTY_BODY } from '../../message/body.ts'
import { drain } from '../../message/drain.ts'
import { TrafficError } from '../../message/errors.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { Policy } from '../../message/handler.ts'
import type { HeaderList } from '../../message/headers.ts'
import { formatUrl, type UrlParts, urlParts } from '../../message/reference.ts'
import { canReplay, replayed } from '../../message/replay.ts'
import type { HttpResponse } from '../../message/response.ts'
import {
  decideRedirect,
  type FollowRedirect,
  isRedirect,
  type RedirectDecision,
  shownUrl,
} from './redirect-decision.ts'

/** What to do with redirects: `manual` delivers them as they are, `error` makes them a failure. */
export type RedirectMode = 'follow' | 'manual' | 'error'

/** Options of `redirect`. */
export interface RedirectOptions {
  /** How many are followed for one exchange. Default 20, as browsers do. */
  readonly limit?: number
  /** Fields that hold credentials of the caller's own, beside Authorization, Cookie and Proxy-Authorization. Default none. */
  readonly credentialHeaders?: readonly string[]
  /** Whether a field, its name in lower case, holds credentials beside those. Default: none does. */
  readonly isCredential?: ((name: string) => boolean) | undefined
  /** For all exchanges, or asked for each. Default `follow`. */
  readonly mode?: RedirectMode | ((exchange: Exchange) => RedirectMode)
}

/** One redirect that was followed. */
export interface Redirect {
  readonly status: number
  /** Who answered so. */
  readonly from: string
  readonly to: string
}

const followed = new WeakMap<Exchange, Redirect[]>()
const NONE: readonly Redirect[] = []

/** The redirects that were followed for an exchange, in order; where the last one led is its request's URL. */
export function redirectsOf(exchange: Exchange): readonly Redirect[] {
  return followed.get(exchange) ?? NONE
}

const CREDENTIALS = ['authorization', 'cookie', 'proxy-authorization']
/** What a field says of the content goes with it (Fetch 2.2.6, "request-body-header name"). */
const OF_CONTENT: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-language',
  'content-location',
  'content-type',
  'content-length',
  'expect',
])

/**
 * Follows redirects, each as a request of its own to what is behind this policy. Credentials and cookies stay with the origin that
 * they were given for. The exchange's request is changed to the next one: policies outside see the last.
 * Rejects with TrafficError `too_many_redirects` or `redirect_refused`.
 * @throws TypeError if the limit is not a whole number from 0
 */
export function redirect(given: RedirectOptions = {}): Policy {
  const options = own(given)
  const { limit = 20, credentialHeaders = [], isCredential = () => false, mode = 'follow' } = options
  if (!Number.isInteger(limit) || limit < 0) {
    throw new TypeError(`redirect.limit: ${limit} is not valid; allowed: a whole number from 0`)
  }
  const credentials = new Set([...CREDENTIALS, ...credentialHeaders.map((name) => name.toLowerCase())])
  const staysHere = (name: string): boolean => credentials.has(name) || isCredential(name)
  const modeOf = typeof mode === 'function' ? mode : () => mode
  return (next) =>
    async function redirect(exchange) {
      const wanted = modeOf(exchange)
      if (wanted === 'manual') return next(exchange)
      for (;;) {
        // As they are before the policies within add to them.
        const headers = exchange.request.headers.clone()
        const response = await next(exchange)
        if (!isRedirect(response.status) || response.tunnel !== undefined) return response
        const hop = new Hop(exchange, headers)
        const decision = hop.decide(response)
        if (decision.kind === 'deliver' && wanted !== 'error') return response
        drain(response.body, exchange.clock)
        // Also one that leads nowhere (Fetch 4.3, "HTTP fetch", step 6).
        if (wanted === 'error' || decision.kind === 'deliver')
          throw hop.refused('redirects are not to be followed')
        if (decision.kind === 'refuse') throw hop.refused(decision.reason)
        hop.checkLimit(limit)
        hop.follow(response.status, decision, staysHere)
      }
    }
}

/** One request of an exchange that was answered with a redirect. */
class Hop {
  private readonly exchange: Exchange
  /** Where it went: a retry may have gone to another URL of the origin than the first try. */
  private readonly url: UrlParts
  private readonly headers: HeaderList

  constructor(exchange: Exchange, headers: HeaderList) {
    this.exchange = exchange
    this.url = urlParts(exchange.request)
    this.headers = headers
  }

  decide(response: HttpResponse): RedirectDecision {
    const { request } = this.exchange
    const { status, headers } = response
    return decideRedirect(
      { method: request.method, url: this.url, body: bodyKind(request.body) },
      { status, locations: headers.getAll('location') },
    )
  }

  /** @throws TrafficError `too_many_redirects` */
  checkLimit(limit: number): void {
    const before = redirectsOf(this.exchange)
    if (before.length >= limit) throw this.tooMany(`${limit} redirects were followed, and this is one more`)
  }

  follow(status: number, decision: FollowRedirect, staysHere: (name: string) => boolean): void {
    const { exchange, headers } = this
    const { request } = exchange
    const { url, dropBody, dropCredentials } = decision
    const list = followed.get(exchange) ?? []
    followed.set(exchange, list)
    list.push({ status, from: formatUrl(this.url), to: formatUrl(url) })
    if (dropBody) headers.retain((name) => !OF_CONTENT.has(name))
    if (dropCredentials) headers.retain((name) => !staysHere(name))
    request.method = decision.method
    request.scheme = url.scheme
    request.authority = url.authority
    request.path = url.path
    request.query = url.query
    request.headers = headers
    request.body = dropBody ? EMPTY_BODY : replayed(request.body)
    // Another request: neither its tries nor its connections are those of the one before.
    exchange.attempts = 0
    exchange.freshConnection = false
    exchange.endpoint = ''
    exchange.tried = undefined
  }

  refused(reason: string): TrafficError {
    return this.error('redirect_refused', reason)
  }

  private tooMany(reason: string): TrafficError {
    return this.error('too_many_redirects', reason)
  }

  private error(code: 'redirect_refused' | 'too_many_redirects', reason: string): TrafficError {
    const message = `the redirect from ${shownUrl(this.url)} is not followed: ${reason}`
    const error = new TrafficError(code, message, { phase: 'response-head', replaySafe: 'unknown' })
    error.attempts = this.exchange.attempts
    return error
  }
}

function bodyKind(body: Body): 'none' | 'replayable' | 'spent' {
  if (body.length === 0) return 'none'
  return canReplay(body) ? 'replayable' : 'spent'
}
