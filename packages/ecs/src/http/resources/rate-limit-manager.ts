import { LocalRateLimitStore, type RateLimit, WaitingLine } from '@headgate/core'
import { resource, type Resource } from '../../port/resource.ts'
import type { Domain } from '../domain.ts'
import type { Pending } from '../pending.ts'

/** How a domain stands with its rate limit. */
export interface RateLimitState {
  readonly domain: string
  /** The pattern of the rule that holds for it. */
  readonly rule: string
  /** The most requests at once. */
  readonly limit: number
  /** Requests that may be started now. */
  readonly remaining: number
  /** Milliseconds until all of them are there again. */
  readonly reset: number
  /** Requests that wait for their turn. */
  readonly waiting: number
}

interface Rule {
  readonly pattern: string
  /** A bucket of tokens for each domain. */
  readonly store: LocalRateLimitStore
}

interface LimitedDomain {
  readonly domain: Domain
  readonly line: WaitingLine<Pending>
  /** World time at which the next one may go. */
  readyAt: number
}

/** How many requests are started to each domain, by a token bucket for each. Those that must wait do so in their order. */
export class RateLimits {
  private readonly rules = new Map<string, Rule>()
  /** Domains that have somebody waiting, in the order in which that began. */
  private readonly limited = new Map<Domain, LimitedDomain>()
  /** No domain has a token before. */
  private nextReady = Infinity
  private readonly ageing: number

  /** @throws TypeError if a limit is out of range */
  constructor(rules: Readonly<Record<string, RateLimit>>, ageing: number) {
    this.ageing = ageing
    for (const [pattern, limit] of Object.entries(rules)) this.set(pattern, limit)
  }

  /**
   * Sets or replaces a rule; its buckets are full then.
   * @param pattern a host as `api.example.com` or `127.0.0.1:8080`, `*.example.com` for all below it, or `*`; the closest one holds
   * @throws TypeError if a limit is out of range
   */
  set(pattern: string, limit: RateLimit): void {
    const key = pattern.toLowerCase()
    this.rules.set(key, { pattern: key, store: new LocalRateLimitStore(limit) })
    this.nextReady = -Infinity
  }

  /** Domains that it held for go by the next closest one, if any. False if there is none of this pattern. */
  delete(pattern: string): boolean {
    this.nextReady = -Infinity
    return this.rules.delete(pattern.toLowerCase())
  }

  /** How a domain stands; undefined if it is not limited. @param now world time, `HttpTime.now` */
  inspect(domain: string, now: number): RateLimitState | undefined {
    const rule = this.ruleOf(domain)
    if (rule === undefined) return undefined
    const { limit, remaining, reset } = rule.store.usage(domain, now)
    const waiting = this.waitingOf(domain)
    return { domain, rule: rule.pattern, limit, remaining, reset, waiting }
  }

  /** How many requests wait, of all domains. */
  get waiting(): number {
    let count = 0
    for (const { line } of this.limited.values()) count += line.size
    return count
  }

  /** Takes a token for a request. Returns how long to wait if there is none, or if others wait for one already; 0 otherwise. */
  admit(domain: Domain, now: number): number {
    if (this.rules.size === 0) return 0
    const limited = this.limited.get(domain)
    if (limited !== undefined) return Math.max(1, limited.readyAt - now)
    return this.take(domain, now)
  }

  /** A request that has its token is not started after all. */
  giveBack({ name }: Domain): void {
    this.ruleOf(name)?.store.giveBack(name, 1)
  }

  /** The line of those that wait for a domain. @param wait as `admit` has returned it */
  lineOf(domain: Domain, now: number, wait: number): WaitingLine<Pending> {
    let limited = this.limited.get(domain)
    if (limited === undefined) {
      limited = { domain, line: new WaitingLine(3, this.ageing), readyAt: now + wait }
      this.limited.set(domain, limited)
      this.nextReady = Math.min(this.nextReady, limited.readyAt)
    }
    return limited.line
  }

  /** Lines of domains that have a token for their first, which is taken then: one for each call of `next`. */
  *ready(now: number): Generator<WaitingLine<Pending>> {
    if (now < this.nextReady) return
    for (const limited of this.limited.values()) {
      while (limited.line.size > 0) {
        const wait = this.take(limited.domain, now)
        limited.readyAt = now + wait
        if (wait > 0) break
        yield limited.line
      }
      if (limited.line.size === 0) this.limited.delete(limited.domain)
    }
    this.nextReady = Infinity
    for (const { readyAt } of this.limited.values()) this.nextReady = Math.min(this.nextReady, readyAt)
  }

  private take({ name }: Domain, now: number): number {
    const rule = this.ruleOf(name)
    if (rule === undefined) return 0
    const { allowed, wait } = rule.store.take(name, 1, now, 0)
    return allowed ? 0 : Math.max(wait, Number.MIN_VALUE)
  }

  private waitingOf(name: string): number {
    for (const { domain, line } of this.limited.values()) if (domain.name === name) return line.size
    return 0
  }

  private ruleOf(domain: string): Rule | undefined {
    const exact = this.rules.get(domain)
    if (exact !== undefined || this.rules.size === 0) return exact
    // Patterns say nothing of ports.
    const host = domain.replace(/:\d+$/, '')
    const ofHost = this.rules.get(host)
    if (ofHost !== undefined) return ofHost
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      const below = this.rules.get(`*${host.slice(dot)}`)
      if (below !== undefined) return below
    }
    return this.rules.get('*')
  }
}

/** What the resource `RateLimitManager` is. */
export type RateLimitManager = RateLimits

export const RateLimitManager: Resource<RateLimitManager> = resource<RateLimitManager>('RateLimitManager')
