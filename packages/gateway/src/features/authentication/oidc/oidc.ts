import type { Exchange } from '@headgate/core'
import { ABSENT, type Authenticator, type IsRefused, type Verdict } from '../authenticator.ts'
import { identityOfClaims } from '../claims.ts'
import type { Identity } from '../../identity.ts'
import { failed, Login, redirect } from './login.ts'
import { Logout } from './logout.ts'
import { isNavigation, returnPath } from './navigation.ts'
import { isSecure, type OidcParts } from './parts.ts'
import type { Renewal, Renewals } from './renewals.ts'
import { isToRenew, opened, type Session } from './session.ts'

type Step = (exchange: Exchange, isRefused: IsRefused) => Verdict | Promise<Verdict>

export interface OidcOptions {
  readonly parts: OidcParts
  readonly renewals: Renewals
  /** False where nothing may be sent: then no login begins, and no session is renewed. */
  readonly sends: boolean
  readonly close: () => void
}

/**
 * People who log in with a browser at a provider of OpenID Connect. Who it is, is in a cookie that nobody can read or change; here, nothing
 * is kept of a session or of a login that has begun.
 */
export class OidcAuthenticator implements Authenticator {
  readonly name: string
  readonly challenge: string
  readonly close: () => void
  private readonly options: OidcOptions
  private readonly parts: OidcParts
  private readonly login: Login
  private readonly logout: Logout
  /** What is asked of the authenticator itself, by method and path. */
  private readonly steps: ReadonlyMap<string, Step>

  constructor(name: string, options: OidcOptions) {
    const { parts, close } = options
    this.name = name
    this.options = options
    this.parts = parts
    this.close = close
    this.login = new Login(parts)
    this.logout = new Logout(parts)
    const { path } = parts
    // No scheme is registered for it; a 401 has to name one all the same (RFC 9110 15.5.2), and a script learns where to send people.
    this.challenge = `Login realm="headgate", uri="${path}/login"`
    const leave: Step = (exchange) => this.logout.leave(exchange, this.session(exchange))
    this.steps = new Map<string, Step>([
      [`GET ${path}/login`, (exchange) => this.beginAsAsked(exchange)],
      [`GET ${path}/callback`, (exchange, isRefused) => this.finish(exchange, isRefused)],
      [`GET ${path}/logout`, leave],
      [`POST ${path}/logout`, leave],
      [`POST ${path}/backchannel-logout`, (exchange, isRefused) => this.backChannel(exchange, isRefused)],
      [
        `GET ${path}/frontchannel-logout`,
        (exchange) => this.logout.frontChannel(exchange, this.session(exchange)),
      ],
    ])
  }

  verify(exchange: Exchange, isRefused: IsRefused): Verdict | Promise<Verdict> {
    const { method, path } = exchange.request
    const step = path.startsWith(`${this.parts.path}/`) ? this.steps.get(`${method} ${path}`) : undefined
    if (step !== undefined)
      return this.options.sends
        ? step(exchange, isRefused)
        : { kind: 'unavailable', reason: 'nothing is sent here' }
    const { config, cookies } = this.parts
    const session = this.session(exchange)
    if (session === undefined) {
      const hasCookie = cookies.session(exchange.request.headers, isSecure(exchange, config)) !== undefined
      return this.absent(exchange, hasCookie)
    }
    if (!isToRenew(session, exchange.clock.wallTime()) || !this.options.sends) return this.known(session)
    const renewal = this.options.renewals.renew(session, exchange.clock)
    if (renewal instanceof Promise) return renewal.then((settled) => this.renewed(settled, session, exchange))
    return this.renewed(renewal, session, exchange)
  }

  conceal({ request }: Exchange): void {
    this.parts.cookies.remove(request.headers)
  }

  /** Of somebody of that name: for explanations. */
  identity(subject: string): Identity {
    const { claims } = this.parts.config
    return this.identityOf({ sub: subject, [claims.subject]: subject }, subject)
  }

  /** The session of a browser, if it has one that goes on. */
  private session(exchange: Exchange): Session | undefined {
    const { config, cookies, ended, saidToHaveEnded, sessions } = this.parts
    const text = cookies.session(exchange.request.headers, isSecure(exchange, config))
    const session = text === undefined ? undefined : opened(text, sessions)
    if (session === undefined) return undefined
    const { clock } = exchange
    const age = clock.wallTime() - session.beganAt
    const { tokensEndAt = Infinity, accessToken, refreshToken } = session
    const hasEnded =
      age >= config.maxAge ||
      (accessToken !== undefined && refreshToken === undefined && clock.wallTime() >= tokensEndAt) ||
      ended.hasEnded(session, age, clock.now()) ||
      saidToHaveEnded.hasEnded(session, age, clock.now())
    return hasEnded ? undefined : session
  }

  private renewed(renewal: Renewal | undefined, session: Session, exchange: Exchange): Verdict {
    const { config, cookies } = this.parts
    if (renewal?.kind === 'renewed') {
      const left = config.maxAge - (exchange.clock.wallTime() - session.beganAt)
      const text = cookies.withSession(renewal.text, isSecure(exchange, config), Math.ceil(left / 1_000))
      return this.known(renewal.session, text)
    }
    if (renewal?.kind === 'ended') return this.absent(exchange, true)
    const isGood = exchange.clock.wallTime() < (session.tokensEndAt ?? Infinity)
    if (renewal === undefined || isGood) return this.known(session)
    return { kind: 'unavailable', reason: `the session cannot be renewed: ${renewal.reason}` }
  }

  private known(session: Session, cookies?: readonly string[]): Verdict {
    const { accessToken, claims, subject: sub } = session
    const named = claims[this.parts.config.claims.subject]
    const subject = typeof named === 'string' && named !== '' ? named : sub
    return { kind: 'known', identity: this.identityOf(claims, subject), accessToken, cookies }
  }

  /** Whoever looks at a page is sent to log in; a script is told that somebody must. */
  private absent(exchange: Exchange, hasCookie: boolean): Verdict {
    const { config, cookies, path } = this.parts
    const over = hasCookie ? cookies.withoutSession(isSecure(exchange, config)) : undefined
    const { request } = exchange
    if (!isNavigation(request)) return over === undefined ? ABSENT : { kind: 'absent', cookies: over }
    const returnTo = returnPath(request.path + request.query, path)
    return { kind: 'absent', cookies: over, login: () => this.sendToLogin(exchange, returnTo) }
  }

  private sendToLogin(exchange: Exchange, returnTo: string): Verdict | Promise<Verdict> {
    const { loginPage, issuer } = this.parts.config
    if (loginPage !== undefined && exchange.request.path !== loginPage)
      return redirect(`${loginPage}?${new URLSearchParams({ return: returnTo }).toString()}`)
    // Where a login would lead to is known to the provider, which is not asked.
    return this.options.sends ? this.login.begin(exchange, returnTo) : redirect(issuer)
  }

  private beginAsAsked(exchange: Exchange): Promise<Verdict> {
    const query = new URLSearchParams(exchange.request.query)
    return this.login.begin(exchange, returnPath(query.get('return'), this.parts.path))
  }

  private finish(exchange: Exchange, isRefused: IsRefused): Verdict | Promise<Verdict> {
    if (isRefused()) return failed('this client has failed too often')
    return this.login.finish(exchange, this.session(exchange) !== undefined)
  }

  private backChannel(exchange: Exchange, isRefused: IsRefused): Verdict | Promise<Verdict> {
    if (isRefused()) return failed('this client has failed too often')
    return this.logout.backChannel(exchange)
  }

  private identityOf(claims: Readonly<Record<string, unknown>>, subject: string): Identity {
    const kind = { kind: 'oidc', authenticator: this.name } as const
    return identityOfClaims(kind, claims, this.parts.config.claims, subject)
  }
}
