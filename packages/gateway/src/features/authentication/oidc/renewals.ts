import { createHash } from 'node:crypto'
import { BroadcastChannel } from 'node:worker_threads'
import { BoundedMap, type Clock, type LocalRateLimitStore, type SharedRateLimitStore } from '@headgate/core'
import type { OidcParts } from './parts.ts'
import { Refused } from './provider.ts'
import { opened, sealed, type Session, sessionOf } from './session.ts'

/** What becomes of a session whose tokens end. */
export type Renewal =
  | { readonly kind: 'renewed'; readonly session: Session; readonly text: string }
  /** By the provider. */
  | { readonly kind: 'ended' }
  /** It cannot be told now. */
  | { readonly kind: 'unavailable'; readonly reason: string }

/** So many that were renewed a moment ago are known, for requests that a browser had sent before it knew. */
const MOST_KNOWN = 1_000
const KNOWN_FOR = 2 * 60_000
/** For how long a provider that could not be asked is not asked again for the same session. */
const FAILURE_PAUSE = 5_000

/** What becomes of it, as workers tell each other. */
type Outcome = Exclude<Renewal, { kind: 'renewed' }> | { readonly kind: 'renewed'; readonly text: string }

interface News {
  readonly channel: string
  readonly key: string
  readonly outcome: Outcome
}

/**
 * Renews sessions, each once: a refresh token may be good for one use only, and its second one may end the session (RFC 9700
 * 4.14.2). Of all workers, the one that says so first renews a session; it tells the others, which have the encrypted session of it.
 */
export class Renewals {
  private readonly parts: OidcParts
  private readonly claims: LocalRateLimitStore | SharedRateLimitStore
  private readonly under = new Map<string, Promise<Renewal>>()
  private readonly known = new BoundedMap<{ readonly outcome: Outcome; readonly until: number }>(MOST_KNOWN)
  /** By whom the news of another worker is waited for, by key. */
  private readonly waiting = new Map<string, Set<() => void>>()
  private readonly channel: BroadcastChannel | undefined
  private readonly channelName: string

  /**
   * @param claims where workers say who renews what: one request in the time of a flight
   * @param clock by which what others tell is remembered; undefined where nothing is renewed, and nobody listened to
   */
  constructor(
    parts: OidcParts,
    claims: LocalRateLimitStore | SharedRateLimitStore,
    name: string,
    clock: Clock | undefined,
  ) {
    this.parts = parts
    this.claims = claims
    this.channelName = name
    // From the start: what another worker has told before this one listens, this one would wait for in vain.
    this.channel = clock && this.listen(clock)
  }

  /** Undefined where another worker is at it, and the tokens are good until then. */
  renew(session: Session, clock: Clock): Promise<Renewal> | Renewal | undefined {
    const key = keyOf(session)
    const known = this.knownAt(key, clock)
    if (known !== undefined) return known
    const under = this.under.get(key)
    if (under !== undefined) return under
    const isClaimed = !this.claims.take(key, 1, clock.now(), 0).allowed
    if (isClaimed && clock.wallTime() < (session.tokensEndAt ?? 0)) return undefined
    const renewal = isClaimed ? this.ofAnother(key, clock) : this.own(session, key, clock)
    const flight = renewal.finally(() => this.under.delete(key))
    this.under.set(key, flight)
    return flight
  }

  close(): void {
    this.channel?.close()
  }

  private async own(session: Session, key: string, clock: Clock): Promise<Renewal> {
    const outcome = await this.asked(session, clock)
    this.remember(key, outcome, clock)
    this.channel?.postMessage({ channel: this.channelName, key, outcome } satisfies News)
    return this.renewalOf(outcome)
  }

  private async asked(session: Session, clock: Clock): Promise<Outcome> {
    const { config, provider, sessions } = this.parts
    const { refreshToken = '', id } = session
    try {
      const tokens = await provider.renew(refreshToken, session)
      const keepsAccessToken = config.accessToken
      const next = sessionOf(tokens, { id, now: clock.wallTime(), keepsAccessToken, before: session })
      const text = next && sealed(next, sessions)
      return text === undefined ? { kind: 'ended' } : { kind: 'renewed', text }
    } catch (error) {
      if (error instanceof Refused) return { kind: 'ended' }
      return { kind: 'unavailable', reason: error instanceof Error ? error.message : String(error) }
    }
  }

  private renewalOf(outcome: Outcome): Renewal {
    if (outcome.kind !== 'renewed') return outcome
    const session = opened(outcome.text, this.parts.sessions)
    return session === undefined ? { kind: 'ended' } : { ...outcome, session }
  }

  /** Waits for the worker that is at it. */
  private ofAnother(key: string, clock: Clock): Promise<Renewal> {
    const { promise, resolve } = Promise.withResolvers<Renewal>()
    const done = (): void => {
      timer.disarm()
      const waiting = this.waiting.get(key)
      waiting?.delete(done)
      if (waiting?.size === 0) this.waiting.delete(key)
      resolve(
        this.knownAt(key, clock) ?? { kind: 'unavailable', reason: 'another worker could not renew it' },
      )
    }
    const timer = clock.timer(done)
    timer.arm(this.parts.config.timeout)
    const waiting = this.waiting.get(key) ?? new Set()
    this.waiting.set(key, waiting.add(done))
    return promise
  }

  private knownAt(key: string, clock: Clock): Renewal | undefined {
    const known = this.known.get(key)
    return known === undefined || clock.now() >= known.until ? undefined : this.renewalOf(known.outcome)
  }

  private remember(key: string, outcome: Outcome, clock: Clock): void {
    const time = outcome.kind === 'unavailable' ? FAILURE_PAUSE : KNOWN_FOR
    this.known.set(key, { outcome, until: clock.now() + time })
  }

  private listen(clock: Clock): BroadcastChannel {
    const channel = new BroadcastChannel('headgate sessions')
    channel.addEventListener('message', (event) => {
      const news = (event as MessageEvent).data as News // what a worker of this process posts
      if (news.channel !== this.channelName) return
      this.remember(news.key, news.outcome, clock)
      for (const done of this.waiting.get(news.key) ?? []) done()
    })
    channel.unref()
    return channel
  }
}

/** By what a session is renewed with, which may stay the same: nobody who sees it has the token. */
function keyOf({ refreshToken = '', tokensAt }: Session): string {
  return createHash('sha256').update(`${tokensAt} ${refreshToken}`).digest('base64url')
}
