import { createHmac, randomBytes } from 'node:crypto'
import { BoundedMap, type Clock, type Exchange } from '@headgate/core'
import { ABSENT, type Authenticator, type IsRefused, type Rejected, type Verdict } from '../authenticator.ts'
import { claimOf, identityOfClaims, words } from '../claims.ts'
import { concealIn, credentialIn, type CredentialPlace, credentialPlaces } from '../credential-place.ts'
import type { Identity } from '../../identity.ts'
import type { AskForToken, TokenFacts } from './ask-server.ts'
import type { IntrospectionConfig } from './setting.ts'

/** In characters: more, no request has room for. */
const LONGEST = 8_192
/** RFC 6750 2.1. */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/
/** So many tokens are asked for at the same time, by one thread: further ones are refused, and do not wait. */
const MOST_ASKED = 1_000
/** Milliseconds for which what is known of a token serves, after the server could not be asked for it: nobody waits meanwhile. */
const FAILURE_PAUSE = 5_000

interface ActiveToken {
  readonly identity: Identity
  /** By `clock.now()`. */
  readonly freshUntil: number
  readonly staleUntil: number
  /** Milliseconds since 1970; Infinity where the answer names no end. */
  readonly endsAt: number
}

/**
 * Tokens that their server is asked for (RFC 7662). What it says is known for a while: of tokens that are active and of others
 * apart, so that who sends a million made-up tokens drives out no true one.
 */
export class IntrospectionAuthenticator implements Authenticator {
  readonly name: string
  readonly challenge = 'Bearer'
  readonly conceal: ((exchange: Exchange) => void) | undefined
  readonly close: (() => void) | undefined
  private readonly config: IntrospectionConfig
  private readonly ask: AskForToken
  private readonly places: readonly CredentialPlace[]
  /** All by the MAC of a token: whoever sees this memory has none. */
  private readonly key = randomBytes(32)
  private readonly active: BoundedMap<ActiveToken>
  private readonly inactive: BoundedMap<{ readonly verdict: Rejected; readonly until: number }>
  private readonly asked = new Map<string, Promise<Verdict>>()

  /** @param close ends what it is asked with */
  constructor(name: string, config: IntrospectionConfig, ask: AskForToken, close?: () => void) {
    this.close = close
    this.name = name
    this.config = config
    this.ask = ask
    this.places = credentialPlaces(config, 'authorization')
    this.conceal = concealIn(this.places, config.forward)
    this.active = new BoundedMap(config.cache.maxTokens)
    this.inactive = new BoundedMap(config.cache.maxTokens)
  }

  /** How many tokens it knows something of. */
  get size(): number {
    return this.active.size + this.inactive.size + this.asked.size
  }

  verify(exchange: Exchange, isRefused: IsRefused): Verdict | Promise<Verdict> {
    const token = credentialIn(this.places, exchange)
    return token === undefined ? ABSENT : this.judge(token, exchange, isRefused)
  }

  /** Of somebody of that name: for explanations. */
  identity(subject: string): Identity {
    return this.identityOf({ sub: subject, [this.config.claims.subject ?? 'sub']: subject }, subject)
  }

  private judge(token: string, { clock }: Exchange, isRefused: IsRefused): Verdict | Promise<Verdict> {
    if (token.length > LONGEST) return rejected('the token is too long')
    if (!TOKEN.test(token)) return rejected('the token is malformed')
    const mac = createHmac('sha256', this.key).update(token).digest('base64')
    const known = this.known(mac, clock)
    if (known !== undefined) return known
    // The server is not to be asked whatever somebody makes up.
    if (isRefused()) return rejected('the token is not known')
    const pending = this.asked.get(mac)
    if (pending !== undefined) return pending
    if (this.asked.size >= MOST_ASKED) return this.away(mac, clock, 'too many tokens wait to be asked for')
    const asking = this.askFor(token, mac, clock).finally(() => this.asked.delete(mac))
    this.asked.set(mac, asking)
    return asking
  }

  private known(mac: string, clock: Clock): Verdict | undefined {
    const active = this.active.get(mac)
    if (active !== undefined && clock.now() < active.freshUntil && clock.wallTime() < active.endsAt)
      return { kind: 'known', identity: active.identity }
    const inactive = this.inactive.get(mac)
    return inactive !== undefined && clock.now() < inactive.until ? inactive.verdict : undefined
  }

  private async askFor(token: string, mac: string, clock: Clock): Promise<Verdict> {
    let facts: TokenFacts
    try {
      facts = await this.ask(token)
    } catch (cause) {
      return this.away(mac, clock, cause instanceof Error ? cause.message : String(cause))
    }
    const verdict = this.verdictOn(facts, clock)
    const { active, inactive } = this.config.cache
    const now = clock.now()
    if (verdict.kind === 'known') {
      this.inactive.delete(mac)
      const staleUntil = now + Math.max(active, this.config.staleFor)
      const { identity } = verdict
      this.active.set(mac, { identity, freshUntil: now + active, staleUntil, endsAt: endOf(facts) })
    } else {
      this.active.delete(mac)
      this.inactive.set(mac, { verdict, until: now + inactive })
    }
    return verdict
  }

  /** Where the server says nothing: what was known of the token, if that is allowed, for a moment without asking again. */
  private away(mac: string, clock: Clock, reason: string): Verdict {
    const before = this.active.get(mac)
    const now = clock.now()
    const serves =
      this.config.onError === 'allow-stale' &&
      before !== undefined &&
      now < before.staleUntil &&
      clock.wallTime() < before.endsAt
    if (!serves) return { kind: 'unavailable', reason: `the server cannot be asked for a token: ${reason}` }
    this.active.set(mac, { ...before, freshUntil: Math.min(now + FAILURE_PAUSE, before.staleUntil) })
    return { kind: 'known', identity: before.identity }
  }

  private verdictOn(facts: TokenFacts, clock: Clock): Rejected | Extract<Verdict, { kind: 'known' }> {
    if (!facts.active) return rejected('the token is not active')
    const { issuer, audience, scopes } = this.config
    const { iss, nbf } = facts
    if (clock.wallTime() >= endOf(facts)) return rejected('the token has expired')
    if (typeof nbf === 'number' && clock.wallTime() < nbf * 1_000)
      return rejected('the token is not good yet')
    if (issuer !== undefined && !(typeof iss === 'string' && issuer.includes(iss)))
      return rejected('the token is of another issuer')
    if (audience !== undefined && !listed(facts['aud']).some((each) => audience.includes(each)))
      return rejected('the token is for another audience')
    const subject = this.subjectOf(facts)
    if (subject === undefined) return rejected('nothing says whose the token is')
    const identity = this.identityOf(facts, subject)
    const missing = scopes.filter((each) => !identity.scopes.includes(each))
    if (missing.length > 0) return insufficient(missing)
    return { kind: 'known', identity }
  }

  /** A token that stands for no person is that of a client (RFC 9068 2.2). */
  private subjectOf(facts: TokenFacts): string | undefined {
    const { subject } = this.config.claims
    const names = subject === undefined ? ['sub', 'username', 'client_id'] : [subject]
    return names
      .map((name) => claimOf(facts, name))
      .find((value): value is string => typeof value === 'string' && value !== '')
  }

  private identityOf(facts: Readonly<Record<string, unknown>>, subject: string): Identity {
    const { name, groups, scopes } = this.config.claims
    const kind = { kind: 'introspection', authenticator: this.name } as const
    return identityOfClaims(kind, facts, { subject: 'sub', name, groups, scopes }, subject)
  }
}

/** In milliseconds since 1970. An end that is no number is none that has not come. */
function endOf(facts: Readonly<Record<string, unknown>>): number {
  const exp = facts['exp']
  if (exp === undefined || exp === null) return Infinity
  return typeof exp === 'number' ? exp * 1_000 : 0
}

/** An audience is one text or several, and may hold spaces. */
function listed(value: unknown): string[] {
  return typeof value === 'string' ? [value] : words(value)
}

function rejected(reason: string): Rejected {
  return {
    kind: 'rejected',
    reason,
    challenge: `Bearer error="invalid_token", error_description="${reason}"`,
  }
}

function insufficient(missing: readonly string[]): Rejected {
  const challenge = `Bearer error="insufficient_scope", scope="${missing.join(' ')}"`
  return { kind: 'rejected', reason: `the token lacks the scope ${missing.join(', ')}`, challenge }
}
