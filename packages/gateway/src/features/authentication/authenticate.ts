import { type Exchange, type Handler, type HttpResponse, type Policy, TrafficError } from '@headgate/core'
import type { Absent, Authenticator, IsRefused, Known, Rejected, Verdict } from './authenticator.ts'
import type { FailedTries } from './failed-tries.ts'
import type { Refusals } from '../refusals.ts'
import type { Consumers } from '../consumers/consumers.ts'
import { fieldShape, removeInAnySpelling } from '../header-changes/look-alikes.ts'
import { accessTokenOf, type Identity, identityOf } from '../identity.ts'

/** What became of the credentials of an exchange: see `headgate_authentications_total`. */
export type Decision =
  | 'known'
  | 'anonymous'
  | 'rejected'
  | 'missing'
  | 'refused'
  | 'unavailable'
  | 'login'
  | 'step'

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
  readonly refusals?: Pick<Refusals, 'report'> | undefined
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

/** A password that is wrong. */
type Guess = Rejected & { readonly account: string; readonly authenticator: string }

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
    return this.from(0, exchange, NOBODY, undefined, undefined)
  }

  /** Asks the authenticators one after the other, from the given one on. */
  private from(
    index: number,
    exchange: Exchange,
    known: readonly Known[],
    worst: Settled | undefined,
    guess: Guess | undefined,
  ): Settled | Promise<Settled> {
    const { authenticators, isAll, failedTries } = this.options
    const authenticator = authenticators[index]
    if (authenticator === undefined) return this.summary(known, worst)
    const isRefused: IsRefused = (account) =>
      failedTries.clientRefusal(exchange) !== undefined ||
      (account !== undefined && failedTries.accountRefusal(account, exchange) !== undefined)
    const take = (verdict: Verdict): Settled | Promise<Settled> => {
      if (verdict.kind === 'known') {
        if (!isAll)
          return guess === undefined ? verdict : this.beside(guess, verdict, authenticator, exchange)
        return this.from(index + 1, exchange, [...known, verdict], worst, guess)
      }
      const { name } = authenticator
      if (verdict.kind === 'step') return { ...verdict, authenticator: name }
      const settled = { ...verdict, authenticator: name }
      return this.from(index + 1, exchange, known, graver(worst, settled), guess ?? guessIn(settled))
    }
    const verdict = authenticator.verify(exchange, isRefused)
    return verdict instanceof Promise ? verdict.then(take) : take(verdict)
  }

  /**
   * Somebody who has credentials of their own, and has sent a password that is wrong: a guess, that what is answered would confirm.
   * It counts as any other. Keys and tokens are not guessed, and an old one beside a good one is an everyday thing.
   */
  private beside(
    guess: Guess,
    verdict: Known,
    { takesPasswords }: Authenticator,
    exchange: Exchange,
  ): Settled {
    // What is refused in one place and taken in the other may be the same password, and no guess.
    if (takesPasswords === true) return verdict
    const { failedTries } = this.options
    if (failedTries.clientRefusal(exchange) !== undefined) return guess
    // Beyond the limit of the account nothing was compared: that is no failure, and no reason to lock out who has a key.
    if (failedTries.accountRefusal(guess.account, exchange) === undefined)
      failedTries.count(exchange, guess.account)
    return verdict
  }

  private summary(known: readonly Known[], worst: Settled | undefined): Settled | Promise<Settled> {
    const [first] = known
    if (first === undefined || worst !== undefined) {
      // Half of what is needed is not nothing: it must not pass as anonymous.
      if (first !== undefined && worst?.kind === 'absent') {
        const { login, authenticator = '', ...rest } = worst
        if (login !== undefined)
          return Promise.resolve(login()).then((verdict) => ({ ...verdict, authenticator }))
        return {
          ...rest,
          authenticator,
          kind: 'rejected',
          reason: 'further credentials are needed',
          cookies: worst.cookies ?? [],
        }
      }
      return worst ?? { kind: 'absent' }
    }
    return together(first, known)
  }

  conclude(settled: Settled, exchange: Exchange, next: Handler): Promise<HttpResponse> {
    const { onDecision, anonymous, refusals } = this.options
    const { authenticator = '' } = settled
    switch (settled.kind) {
      case 'known':
        return this.pass(settled, exchange, next)
      case 'step':
        onDecision('step', authenticator)
        return Promise.resolve(settled.response)
      case 'absent':
        if (!anonymous) return this.askFor(settled, authenticator, exchange, next)
        onDecision('anonymous', '')
        this.conceal(exchange)
        return next(exchange)
      case 'unavailable':
        onDecision('unavailable', authenticator)
        return Promise.reject(new TrafficError('overloaded', `${authenticator}: ${settled.reason}`))
      case 'answered':
        onDecision(settled.isLogin ? 'login' : 'rejected', authenticator)
        if (!settled.isLogin)
          refusals?.report(exchange, { by: 'authentication', name: authenticator, reason: settled.reason })
        return Promise.resolve(settled.respond(exchange))
      case 'rejected':
        return this.reject(settled, authenticator, exchange)
    }
  }

  private pass(known: Known, exchange: Exchange, next: Handler): Promise<HttpResponse> {
    const { onDecision, consumers, refusals } = this.options
    const { accessToken, cookies, apply } = known
    const identity = consumers === undefined ? known.identity : consumers.identified(known.identity)
    if (identity === undefined) {
      const { authenticator } = known.identity
      const reason = 'the credentials are of different consumers'
      onDecision('rejected', authenticator)
      refusals?.report(exchange, { by: 'authentication', name: authenticator, reason })
      const refused = Promise.reject(new TrafficError('forbidden', reason))
      return cookies === undefined ? refused : withCookies(refused, cookies)
    }
    identityOf.state(exchange, identity)
    if (accessToken !== undefined) accessTokenOf.state(exchange, accessToken)
    onDecision('known', identity.authenticator)
    this.conceal(exchange)
    apply?.(exchange)
    return cookies === undefined ? next(exchange) : withCookies(next(exchange), cookies)
  }

  /** Sends a browser to log in where somebody can; all others are told 401. */
  private async askFor(
    { login, cookies = [] }: Absent,
    authenticator: string,
    exchange: Exchange,
    next: Handler,
  ): Promise<HttpResponse> {
    const { onDecision } = this.options
    if (login === undefined) {
      onDecision('missing', '')
      throw this.unauthorized('credentials are needed', undefined, cookies)
    }
    const verdict = await login()
    if (verdict.kind !== 'step') return this.conclude({ ...verdict, authenticator }, exchange, next)
    onDecision('login', authenticator)
    return verdict.response
  }

  /** Upstreams get no secret that they do not need, and nobody but an authenticator speaks in its fields. */
  private conceal(exchange: Exchange): void {
    for (const each of this.options.authenticators) each.conceal?.(exchange)
    removeInAnySpelling(exchange.request.headers, this.ownFields)
  }

  private reject(rejected: Rejected, authenticator: string, exchange: Exchange): Promise<HttpResponse> {
    const { failedTries, onDecision, refusals } = this.options
    const { account } = rejected
    const refusal =
      failedTries.clientRefusal(exchange) ??
      (account === undefined ? undefined : failedTries.accountRefusal(account, exchange))
    onDecision(refusal === undefined ? 'rejected' : 'refused', authenticator)
    const { message } = refusal ?? { message: rejected.reason }
    refusals?.report(exchange, { by: 'authentication', name: authenticator, reason: message })
    if (refusal !== undefined) return Promise.reject(refusal)
    const { code, reason, challenge, cookies = [], isTry = true } = rejected
    const error =
      code === undefined ? this.unauthorized(reason, challenge, cookies) : new TrafficError(code, reason)
    if (code !== undefined) error.fields = cookies.map((value) => ['set-cookie', value])
    return isTry ? later(failedTries.count(exchange, account), exchange, error) : Promise.reject(error)
  }

  private unauthorized(
    reason: string,
    challenge: string | undefined,
    cookies: readonly string[],
  ): TrafficError {
    const error = new TrafficError('unauthorized', reason)
    const challenges = challenge === undefined ? this.challenges : [challenge]
    error.fields = [
      ...challenges.map((value) => ['www-authenticate', value] as const),
      ...cookies.map((value) => ['set-cookie', value] as const),
    ]
    return error
  }
}

const NOBODY: readonly Known[] = []

/** A session that was renewed must reach its browser with whatever is answered, also a failure: what it had before may be good no more. */
async function withCookies(answer: Promise<HttpResponse>, cookies: readonly string[]): Promise<HttpResponse> {
  try {
    const response = await answer
    for (const each of cookies) response.headers.append('set-cookie', each)
    // No cache in between is to give them to somebody else.
    response.headers.set('cache-control', 'no-store')
    return response
  } catch (thrown) {
    const error = TrafficError.from(thrown)
    error.fields = [...(error.fields ?? []), ...cookies.map((value) => ['set-cookie', value] as const)]
    throw error
  }
}

/** What is told of several that do not know who asks: who is away may know, and wrong credentials are more than none. */
function gravity(settled: Settled): number {
  switch (settled.kind) {
    case 'known':
    case 'step':
      return 0
    case 'absent':
      return settled.login === undefined ? 0 : 1
    case 'rejected':
      return 2
    case 'answered':
      return 3
    case 'unavailable':
      return 4
  }
}

function guessIn(settled: Settled): Guess | undefined {
  if (settled.kind !== 'rejected' || settled.account === undefined) return undefined
  const { account, authenticator = '' } = settled
  return { ...settled, account, authenticator }
}

function graver(one: Settled | undefined, other: Settled): Settled {
  return one === undefined || gravity(other) > gravity(one) ? other : one
}

/** One caller that several authenticators know: the first one names it, and it has the groups and scopes of all. */
function together(first: Known, all: readonly Known[]): Known {
  if (all.length === 1) return first
  const accessToken = all.find((each) => each.accessToken !== undefined)?.accessToken
  const cookies = all.flatMap((each) => each.cookies ?? [])
  const identities = all.map(({ identity }) => identity)
  const others = identities.slice(1)
  return {
    kind: 'known',
    identity: {
      ...first.identity,
      also: others.map(({ authenticator, subject }) => ({ authenticator, subject })),
      groups: [...new Set(identities.flatMap(({ groups }) => groups))],
      scopes: [...new Set(identities.flatMap(({ scopes }) => scopes))],
    },
    accessToken,
    ...(cookies.length > 0 && { cookies }),
    apply(exchange) {
      for (const { apply } of all) apply?.(exchange)
    },
  }
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
