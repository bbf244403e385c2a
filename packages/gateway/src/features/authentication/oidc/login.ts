import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { type Exchange, fieldValue, HeaderList, HttpResponse } from '@headgate/core'
import type { Verdict } from '../authenticator.ts'
import { isSecure, type OidcParts, originOf } from './parts.ts'
import { Refused, type Tokens } from './provider.ts'
import { sealed, sessionOf } from './session.ts'

/** What a browser keeps of a login that it has begun: nothing of it is kept here, however many are begun. */
interface BegunLogin {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly redirectUri: string
  readonly returnTo: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** Bytes of what nobody may guess. */
const RANDOM = 32

/** Sends a browser to the provider, and takes it back when it comes with a code (OpenID Connect Core 3.1, with PKCE, RFC 7636). */
export class Login {
  private readonly parts: OidcParts

  constructor(parts: OidcParts) {
    this.parts = parts
  }

  /** @param returnTo a path that `returnPath` has passed */
  async begin(exchange: Exchange, returnTo: string): Promise<Verdict> {
    const { config, cookies, logins, path, provider } = this.parts
    const origin = originOf(exchange, config)
    const [state, nonce, verifier] = [random(), random(), random()]
    const redirectUri = `${origin}${path}/callback`
    const begun: BegunLogin = { state, nonce, verifier, redirectUri, returnTo, at: exchange.clock.wallTime() }
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    let location: string
    try {
      location = await provider.authorizationUrl({ ...begun, challenge })
    } catch (error) {
      return unavailable(error)
    }
    const { headers } = exchange.request
    const text = logins.seal(JSON.stringify(begun))
    const maxAge = Math.ceil(config.loginTimeout / 1_000)
    return redirect(location, cookies.withLogin(headers, state, text, isSecure(exchange, config), maxAge))
  }

  /** The way back from the provider, with a code or an error. @param hasSession whether the browser is logged in already */
  async finish(exchange: Exchange, hasSession: boolean): Promise<Verdict> {
    const { config, cookies, provider } = this.parts
    const answer = new URLSearchParams(exchange.request.query)
    const [state = '', ...more] = answer.getAll('state')
    const secure = isSecure(exchange, config)
    const begun = more.length > 0 ? undefined : this.begun(exchange, state)
    // Whoever reloads the page, or goes back to it, has been here.
    if (begun === undefined && hasSession) return redirect('/')
    if (begun === undefined)
      return unasked('this browser has begun no such login, or too long ago: begin again')
    const over = cookies.withoutLogin(state, secure)
    let tokens: Tokens
    try {
      tokens = await provider.redeem(answer, begun)
    } catch (error) {
      return error instanceof Refused ? failed(error.message, over) : unavailable(error)
    }
    const now = exchange.clock.wallTime()
    const session = sessionOf(tokens, { id: random(), now, keepsAccessToken: config.accessToken })
    const text = session && sealed(session, this.parts.sessions)
    if (text === undefined)
      return failed('what the provider says of the caller is too long for cookies', over)
    const maxAge = Math.ceil(config.maxAge / 1_000)
    return redirect(begun.returnTo, [...over, ...cookies.withSession(text, secure, maxAge)])
  }

  private begun(exchange: Exchange, state: string): BegunLogin | undefined {
    const { config, cookies, logins } = this.parts
    const text = cookies.login(exchange.request.headers, state, isSecure(exchange, config))
    const json = text === undefined ? undefined : logins.open(text)
    if (json === undefined) return undefined
    const begun = JSON.parse(json) as BegunLogin // nobody else can have sealed it
    const isOver = exchange.clock.wallTime() - begun.at > config.loginTimeout
    return isOver || !isSame(begun.state, state) ? undefined : begun
  }
}

function random(): string {
  return randomBytes(RANDOM).toString('base64url')
}

function isSame(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)]
  return first.length === second.length && timingSafeEqual(first, second)
}

/** Sends a browser to another place, which it asks for with GET, and keeps nothing of the answer. */
export function redirect(location: string, cookies: readonly string[] = []): Verdict {
  const headers = new HeaderList()
  headers.set('location', fieldValue(location))
  headers.set('cache-control', 'no-store')
  // The URL of a callback holds a code, which no other place is to be told.
  headers.set('referrer-policy', 'no-referrer')
  for (const each of cookies) headers.append('set-cookie', each)
  return { kind: 'step', response: new HttpResponse(303, headers) }
}

export function failed(reason: string, cookies: readonly string[] = []): Verdict {
  return { kind: 'rejected', code: 'login_failed', reason, cookies }
}

/** Nobody's try: a page of anybody may lead browsers here, and have who looks at it locked out. */
export function unasked(reason: string): Verdict {
  return { kind: 'rejected', code: 'login_failed', reason, isTry: false }
}

export function unavailable(error: unknown): Verdict {
  const reason = error instanceof Error ? error.message : String(error)
  return { kind: 'unavailable', reason: `the provider cannot be asked: ${reason}` }
}
