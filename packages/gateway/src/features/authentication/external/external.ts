import {
  BoundedMap,
  type Clock,
  type ErrorCode,
  type Exchange,
  type Handler,
  TrafficError,
} from '@headgate/core'
import type { Authenticator, Known, Verdict } from '../authenticator.ts'
import type { Identity } from '../../identity.ts'
import { questionOf } from './question.ts'
import { ClientService, type Service } from './service.ts'
import type { ExternalConfig } from './setting.ts'
import { type Outcome, outcomeOf } from './verdict.ts'
import { verdictKey } from './verdict-key.ts'

/** Questions under way in a thread; beyond that, who asks is told that the service is away. */
const MOST_ASKED = 1_000
/** All others, a client may bring about by what it sends: an answer that is too large, a question that cannot be put. */
const AWAY: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'deadline_exceeded',
  'dns_failed',
  'connect_failed',
  'connect_timeout',
  'tls_failed',
  'upstream_closed',
  'upstream_timeout',
  'upstream_too_slow',
  'no_healthy_upstream',
  'circuit_open',
])

/** Milliseconds. */
const REST = 1_000

interface Kept {
  readonly verdict: Known
  readonly freshUntil: number
  readonly staleUntil: number
}

/**
 * A service of somebody else says who asks, and whether they may (forward-auth, auth_request): it is sent what there is to see of a
 * request, and lets it pass with 2xx, or answers the client itself with 401, 403 or a redirect.
 */
export class ExternalAuthenticator implements Authenticator {
  readonly name: string
  /** No scheme is registered for it; a 401 has to name one all the same (RFC 9110 15.5.2). */
  readonly challenge = 'External realm="headgate"'
  readonly ownFields: readonly string[]
  readonly takesPasswords: boolean
  /** Where the service is one of the upstreams. */
  readonly upstream: string | undefined
  private readonly config: ExternalConfig
  private readonly clock: Clock
  private readonly keyOf: ((exchange: Exchange) => string) | undefined
  private readonly kept: BoundedMap<Kept>
  private readonly flights = new Map<string, Promise<Outcome>>()
  private readonly service: Service | undefined
  private asked = 0
  /** After a failure: whoever has a verdict from before does not wait for the next one. */
  private restsUntil = Number.NEGATIVE_INFINITY

  /** @param isAsked false where nothing is to be sent: for explanations */
  constructor(name: string, config: ExternalConfig, clock: Clock, isAsked = true) {
    this.name = name
    this.config = config
    this.clock = clock
    this.ownFields = config.upstreamHeaders
    this.takesPasswords = config.requestHeaders.includes('authorization')
    this.upstream = isAsked ? config.upstream : undefined
    this.kept = new BoundedMap(config.cache?.entries ?? 1)
    this.keyOf = config.cache && verdictKey(config.cache.by)
    this.service = isAsked && config.url !== undefined ? new ClientService(config, clock) : undefined
  }

  verify(exchange: Exchange): Verdict | Promise<Verdict> {
    return this.verdict(exchange, this.service)
  }

  /** The same, over what leads to its upstream. */
  through(handler: Handler): Authenticator {
    const service = new ClientService(this.config, this.clock, handler)
    const { name, challenge, ownFields, takesPasswords } = this
    return {
      name,
      challenge,
      ownFields,
      takesPasswords,
      verify: (exchange) => this.verdict(exchange, service),
    }
  }

  close(): void {
    this.service?.close()
  }

  /** Of somebody of that name: for explanations. */
  identity(subject: string): Identity {
    const { name: authenticator } = this
    return { kind: 'external', authenticator, subject, name: subject, groups: [], scopes: [], claims: {} }
  }

  private verdict(exchange: Exchange, service: Service | undefined): Verdict | Promise<Verdict> {
    const key = this.keyOf?.(exchange)
    const kept = key === undefined ? undefined : this.kept.get(key)
    const now = this.clock.now()
    if (kept !== undefined && now < kept.freshUntil) return kept.verdict
    if (kept !== undefined && now < this.restsUntil && this.mayServe(kept)) return kept.verdict
    return this.settled(exchange, service, key)
  }

  private async settled(
    exchange: Exchange,
    service: Service | undefined,
    key: string | undefined,
  ): Promise<Verdict> {
    const flight = key === undefined ? undefined : this.flights.get(key)
    let outcome = await (flight ?? this.flight(exchange, service, key))
    // A refusal may hold a cookie, or the state of a login, that is for one caller alone.
    if (flight !== undefined && outcome.kind === 'refused') outcome = await this.ask(exchange, service)
    if (exchange.cancellation !== undefined) throw exchange.cancellation
    return this.concluded(outcome, key)
  }

  /** One for all who ask the same meanwhile. Each takes the time that the service has, whether whoever asked first stays or not. */
  private flight(
    exchange: Exchange,
    service: Service | undefined,
    key: string | undefined,
  ): Promise<Outcome> {
    const asking = this.ask(exchange, service)
    if (key === undefined) return asking
    const flight = asking.finally(() => this.flights.delete(key))
    this.flights.set(key, flight)
    return flight
  }

  private async ask(exchange: Exchange, service: Service | undefined): Promise<Outcome> {
    if (service === undefined) return { kind: 'failed', reason: 'the service is not asked for explanations' }
    // A client that takes its time to send its body is not to take the place of others.
    const question = await questionOf(exchange, this.config)
    if (this.asked >= MOST_ASKED) return { kind: 'unclear', reason: 'too many wait for the service' }
    this.asked++
    try {
      return outcomeOf(this.name, this.config, await this.answered(service, question))
    } catch (error) {
      if (error instanceof ServiceFailure)
        return { kind: error.isAway ? 'failed' : 'unclear', reason: error.message }
      throw error
    } finally {
      this.asked--
    }
  }

  private async answered(
    service: Service,
    question: Awaited<ReturnType<typeof questionOf>>,
  ): ReturnType<Service['ask']> {
    try {
      return await service.ask(question, this.config.timeout)
    } catch (cause) {
      throw new ServiceFailure(TrafficError.from(cause))
    }
  }

  private concluded(outcome: Outcome, key: string | undefined): Verdict {
    const { cache } = this.config
    if (outcome.kind === 'failed') {
      this.restsUntil = this.clock.now() + REST
      const kept = key === undefined ? undefined : this.kept.get(key)
      return kept !== undefined && this.mayServe(kept)
        ? kept.verdict
        : { kind: 'unavailable', reason: outcome.reason }
    }
    if (outcome.kind === 'unclear') return { kind: 'unavailable', reason: outcome.reason }
    if (key === undefined || cache === undefined) return outcome.verdict
    // Whoever is refused now is let in no more, whatever was said before.
    if (outcome.kind === 'refused' || !outcome.mayBeKept) this.kept.delete(key)
    else this.keep(key, outcome.verdict, cache)
    return outcome.verdict
  }

  private mayServe({ staleUntil }: Kept): boolean {
    return this.config.onError === 'allow-stale' && this.clock.now() < staleUntil
  }

  private keep(key: string, verdict: Known, { ttl, staleFor }: NonNullable<ExternalConfig['cache']>): void {
    const now = this.clock.now()
    this.kept.set(key, { verdict, freshUntil: now + ttl, staleUntil: now + ttl + staleFor })
  }
}

/** What came of the service, and not of the request. */
class ServiceFailure extends Error {
  /** Whether it takes too long, or there is no connection to it that holds. */
  readonly isAway: boolean

  constructor(cause: TrafficError) {
    super(`the service cannot be asked: ${cause.code}`, { cause })
    this.isAway = AWAY.has(cause.code)
  }
}
