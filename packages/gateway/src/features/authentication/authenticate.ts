import { type Exchange, type Handler, type HttpResponse, type Policy, TrafficError } from '@headgate/core'
import type { Authenticator, Known, Rejected, Verdict } from './authenticator.ts'
import type { FailedTries } from './failed-tries.ts'
import type { Consumers } from '../consumers/consumers.ts'
import { type Identity, identityOf } from '../identity.ts'

/** What became of the credentials of an exchange: see `headgate_authentications_total`. */
export type Decision = 'known' | 'anonymous' | 'rejected' | 'missing' | 'refused' | 'unavailable'

export interface AuthenticateOptions {
  /** At least one, in the order in which they are asked. */
  readonly authenticators: readonly Authenticator[]
  /** Whether each of them must know who asks; else one is enough. */
  readonly isAll: boolean
  /** Whether requests without any credentials pass. Wrong credentials never do. */
  readonly anonymous: boolean
  readonly failedTries: FailedTries
  /** Whose credentials are whose. Default: nobody's. */
  readonly consumers?: Pick<Consumers, 'identified'> | undefined
  readonly onDecision: (decision: Decision, authenticator: string) => void
  /** Who asks, in place of what the request proves: for explanations. */
  readonly assumed?: Identity | undefined
}

/** Lets those exchanges pass of which it is proven who asks, and states their `Identity`; all others get 401 (RFC 9110 15.5.2). */
export function authenticate(options: AuthenticateOptions): Policy {
  const decide = new Decider(options)
  return (next) =>
    function authenticate(exchange) {
      const verdict = decide.verdict(exchange)
      return verdict instanceof Promise
        ? verdict.then((settled) => decide.conclude(settled, exchange, next))
        : decide.conclude(verdict, exchange, next)
    }
}

type Settled = Verdict & { readonly authenticator?: string }

class Decider {
  private readonly options: AuthenticateOptions
  private readonly challenges: readonly string[]
  /** Fields that authenticators alone set, as `fieldShape`. */
  private readonly ownFields: ReadonlySet<string>

  constructor(options: AuthenticateOptions) {
    this.options = options
    this.challenges = options.authenticators.map(({ challenge }) => challenge)
    this.ownFields = new Set(
      options.authenticators.flatMap(({ ownFields = [] }) => ownFields.map(fieldShape)),
    )
  }

  verdict(exchange: Exchange): Settled | Promise<Settled> {
    const { assumed } = this.options
    if (assumed !== undefined) return { kind: 'known', identity: assumed }
    return this.from(0, exchange, [], undefined)
  }

  /** Asks the authenticators one after the other, from the given one on. */
  private from(
    index: number,
    exchange: Exchange,
    known: readonly Known[],
    worst: Settled | undefined,
  ): Settled | Promise<Settled> {
    const { authenticators, isAll, failedTries } = this.options
    const authenticator = authenticators[index]
    if (authenticator === undefined) return this.summary(known, worst)
    const isRefused = (account: string): boolean =>
      (failedTries.clientRefusal(exchange) ?? failedTries.accountRefusal(account, exchange)) !== undefined
    const take = (verdict: Verdict): Settled | Promise<Settled> => {
      if (verdict.kind === 'known') {
        if (!isAll) return verdict
        return this.from(index + 1, exchange, [...known, verdict], worst)
      }
      const { name } = authenticator
      return this.from(index + 1, exchange, known, graver(worst, { ...verdict, authenticator: name }))
    }
    const verdict = authenticator.verify(exchange, isRefused)
    return verdict instanceof Promise ? verdict.then(take) : take(verdict)
  }

  private summary(known: readonly Known[], worst: Settled | undefined): Settled {
    const [first] = known
    if (first === undefined || worst !== undefined) {
      // Half of what is needed is not nothing: it must not pass as anonymous.
      if (first !== undefined && worst?.kind === 'absent')
        return { ...worst, kind: 'rejected', reason: 'further credentials are needed' }
      return worst ?? { kind: 'absent' }
    }
    return together(first, known)
  }

  conclude(settled: Settled, exchange: Exchange, next: Handler): Promise<HttpResponse> {
    const { onDecision, anonymous, authenticators, consumers } = this.options
    const { authenticator = '' } = settled
    switch (settled.kind) {
      case 'known':
        identityOf.state(exchange, consumers?.identified(settled.identity) ?? settled.identity)
        onDecision('known', settled.identity.authenticator)
        for (const { conceal } of authenticators) conceal?.(exchange)
        this.clear(exchange)
        settled.apply?.(exchange)
        return next(exchange)
      case 'absent':
        if (anonymous) {
          onDecision('anonymous', '')
          this.clear(exchange)
          return next(exchange)
        }
        onDecision('missing', '')
        return Promise.reject(this.unauthorized('credentials are needed'))
      case 'unavailable':
        onDecision('unavailable', authenticator)
        return Promise.reject(new TrafficError('overloaded', `${authenticator}: ${settled.reason}`))
      case 'answered':
        onDecision('rejected', authenticator)
        return Promise.resolve(settled.respond(exchange))
      case 'rejected':
        return this.reject(settled, authenticator, exchange)
    }
  }

  /** Nobody but an authenticator speaks in its fields. */
  private clear({ request: { headers } }: Exchange): void {
    if (this.ownFields.size === 0) return
    for (let index = headers.size - 1; index >= 0; index--) {
      const name = headers.nameAt(index)
      if (this.ownFields.has(fieldShape(name))) headers.delete(name)
    }
  }

  private reject(rejected: Rejected, authenticator: string, exchange: Exchange): Promise<HttpResponse> {
    const { failedTries, onDecision } = this.options
    const { account } = rejected
    const refusal =
      failedTries.clientRefusal(exchange) ??
      (account === undefined ? undefined : failedTries.accountRefusal(account, exchange))
    onDecision(refusal === undefined ? 'rejected' : 'refused', authenticator)
    if (refusal !== undefined) return Promise.reject(refusal)
    const error = this.unauthorized(rejected.reason, rejected.challenge)
    return later(failedTries.count(exchange, account), exchange, error)
  }

  private unauthorized(reason: string, challenge?: string): TrafficError {
    const error = new TrafficError('unauthorized', reason)
    const challenges = challenge === undefined ? this.challenges : [challenge]
    error.fields = challenges.map((value) => ['www-authenticate', value])
    return error
  }
}

/** What is told of several that do not know who asks: who is away may know, and wrong credentials are more than none. */
const GRAVITY = { known: 0, absent: 0, rejected: 1, answered: 2, unavailable: 3 } as const

function graver(one: Settled | undefined, other: Settled): Settled {
  return one === undefined || GRAVITY[other.kind] > GRAVITY[one.kind] ? other : one
}

/** One caller that several authenticators know: the first one names it, and it has the groups and scopes of all. */
function together(first: Known, all: readonly Known[]): Known {
  if (all.length === 1) return first
  const identities = all.map(({ identity }) => identity)
  return {
    kind: 'known',
    identity: {
      ...first.identity,
      groups: [...new Set(identities.flatMap(({ groups }) => groups))],
      scopes: [...new Set(identities.flatMap(({ scopes }) => scopes))],
    },
    apply(exchange) {
      for (const { apply } of all) apply?.(exchange)
    },
  }
}

/** A name as servers may read it: CGI and its heirs know no difference between "-" and "_", and some none to "." (CWE-444). */
function fieldShape(name: string): string {
  return name.replaceAll(/[_.]/g, '-')
}

/** Rejects after some milliseconds, or with the cancellation of the exchange when it is given up meanwhile. */
function later(delay: number, exchange: Exchange, error: TrafficError): Promise<never> {
  if (delay === 0) return Promise.reject(error)
  return new Promise((_, reject) => {
    const worker = {
      cancelled(cancellation: TrafficError): void {
        timer.disarm()
        reject(cancellation)
      },
    }
    const timer = exchange.clock.timer(() => {
      exchange.release(worker)
      reject(error)
    })
    exchange.occupy(worker)
    timer.arm(delay)
  })
}
