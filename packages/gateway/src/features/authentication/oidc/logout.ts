import { type Body, type Exchange, HeaderList, HttpResponse, TrafficError } from '@headgate/core'
import type { Verdict } from '../authenticator.ts'
import { failed, redirect, unasked, unavailable } from './login.ts'
import { isFromHere } from './navigation.ts'
import { isSecure, type OidcParts, originOf } from './parts.ts'
import { Refused } from './provider.ts'
import type { Session } from './session.ts'

/** Bytes of a form with a logout token. */
const LARGEST_FORM = 16 * 1024

/** Ends sessions: that of a browser which asks for it, and those that the provider says are over. */
export class Logout {
  private readonly parts: OidcParts

  constructor(parts: OidcParts) {
    this.parts = parts
  }

  /** Of the browser that asks, here and at the provider (OpenID Connect RP-Initiated Logout). */
  async leave(exchange: Exchange, session: Session | undefined): Promise<Verdict> {
    const { config, cookies, ended, provider } = this.parts
    const origin = originOf(exchange, config)
    if (!isFromHere(exchange, origin)) return unasked('a page of another origin asks for a logout')
    // Whoever has copied the cookie, has nothing of it any more.
    if (session !== undefined) ended.end(`id:${session.id}`, exchange.clock.now())
    const { afterLogout, providerLogout } = config
    const over = cookies.withoutSession(isSecure(exchange, config))
    const returnTo = afterLogout === undefined ? undefined : `${origin}${afterLogout}`
    const there =
      session !== undefined && providerLogout
        ? await provider.logoutUrl(session.idToken, returnTo)
        : undefined
    return redirect(there ?? afterLogout ?? '/', over)
  }

  /** Told by the provider itself (OpenID Connect Back-Channel Logout). */
  async backChannel(exchange: Exchange): Promise<Verdict> {
    const form = await readForm(exchange.request.body)
    const [token = '', ...more] = form?.getAll('logout_token') ?? []
    if (token === '' || more.length > 0) return failed('there is no logout token')
    try {
      const { sid, sub } = await this.parts.provider.loggedOut(token)
      const now = exchange.clock.now()
      // Where it names a session, only that one is over.
      if (typeof sid === 'string') this.parts.ended.end(`sid:${sid}`, now)
      else this.parts.ended.end(`sub:${String(sub)}`, now)
      return empty()
    } catch (error) {
      return error instanceof Refused ? failed(error.message) : unavailable(error)
    }
  }

  /**
   * Told by a page of the provider, in a frame (OpenID Connect Front-Channel Logout). Browsers send no cookies along there, so that
   * all it says is which session is over: nobody else knows the name of it.
   */
  async frontChannel(exchange: Exchange, session: Session | undefined): Promise<Verdict> {
    const query = new URLSearchParams(exchange.request.query)
    const [issuer, sid] = [query.get('iss'), query.get('sid')]
    try {
      if (issuer !== (await this.parts.provider.issuer())) return unasked('it is not of this provider')
    } catch (error) {
      return unavailable(error)
    }
    if (sid === null || sid === '' || sid.length > 500) return unasked('it names no session')
    this.parts.saidToHaveEnded.end(`sid:${sid}`, exchange.clock.now())
    const { config, cookies } = this.parts
    const isOwn = session !== undefined && session.providerSession === sid
    return empty(isOwn ? cookies.withoutSession(isSecure(exchange, config)) : [])
  }
}

function empty(cookies: readonly string[] = []): Verdict {
  const headers = new HeaderList()
  headers.set('cache-control', 'no-store')
  for (const each of cookies) headers.append('set-cookie', each)
  return { kind: 'step', response: new HttpResponse(200, headers) }
}

/** Undefined where it is longer than such a form can be. */
function readForm(body: Body): Promise<URLSearchParams | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<URLSearchParams | undefined>()
  const chunks: Buffer[] = []
  let size = 0
  body.flowTo({
    write(chunk) {
      size += chunk.byteLength
      if (size <= LARGEST_FORM) {
        chunks.push(Buffer.from(chunk))
        return true
      }
      body.cancel(
        new TrafficError('request_body_too_large', `a logout token is no longer than ${LARGEST_FORM} bytes`),
      )
      resolve(undefined)
      return false
    },
    end: () => resolve(new URLSearchParams(Buffer.concat(chunks).toString('latin1'))),
    fail: reject,
  })
  return promise
}
