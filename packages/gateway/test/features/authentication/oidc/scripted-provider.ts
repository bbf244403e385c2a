import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'

interface Key {
  readonly kid: string
  readonly alg: string
  readonly privateKey: Awaited<ReturnType<typeof generateKeyPair>>['privateKey']
  readonly jwk: object
}

async function makeKey(kid: string, alg = 'ES256'): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

/** A provider that says what a test wants it to say, true or not. */
export class ScriptedProvider {
  url = ''
  key: Key
  /** What it publishes; by default, the key that it signs with. */
  published: readonly object[] | undefined
  /** Changes to what it says. */
  metadata: object = {}
  claims: JWTPayload = { sub: 'u1', name: 'Anna', groups: ['staff'] }
  /** Changes to the claims that make a token out of these; undefined leaves one out. */
  idToken: Record<string, unknown> = {}
  header: object = {}
  tokens: object = {}
  /** In place of an answer, by the path that is asked. */
  readonly answers: Record<string, ((response: ServerResponse) => void) | undefined> = {}
  /** Paths that were asked, in their order. */
  readonly asked: string[] = []
  /** Milliseconds since 1970. */
  now: () => number = () => Date.now()
  /** Refresh tokens that came. */
  readonly renewed: string[] = []
  private readonly begun = new Map<string, URLSearchParams>()
  private count = 0

  private constructor(key: Key) {
    this.key = key
  }

  static async start(t: TestContext): Promise<ScriptedProvider> {
    const provider = new ScriptedProvider(await makeKey('first'))
    const server = createServer((request, response) => {
      provider.answer(request, response).catch((error: unknown) => response.writeHead(400).end(String(error)))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.after(() => {
      server.close()
      server.closeAllConnections()
    })
    provider.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return provider
  }

  /** Somebody logs in there. @returns where the browser is sent then */
  authorize(location: string, change: Record<string, string | undefined> = {}): string {
    const asked = new URL(location).searchParams
    const code = `code-${++this.count}`
    this.begun.set(code, asked)
    const back = new URL(asked.get('redirect_uri') ?? '')
    const answer = { code, state: asked.get('state') ?? '', iss: this.url, ...change }
    for (const [name, value] of Object.entries(answer))
      if (value !== undefined) back.searchParams.set(name, value)
    return back.href
  }

  async rotate(alg?: string): Promise<void> {
    this.key = await makeKey(`key-${++this.count}`, alg)
  }

  /** Signed by it, with its name and for the gateway. */
  sign(claims: Record<string, unknown>, header: object = {}): Promise<string> {
    const now = Math.floor(this.now() / 1_000)
    const { kid, alg, privateKey } = this.key
    const payload = { iss: this.url, aud: 'gateway', iat: now, exp: now + 600, ...claims }
    const given = Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined))
    return new SignJWT(given).setProtectedHeader({ alg, kid, ...header }).sign(privateKey)
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '', this.url)
    this.asked.push(pathname)
    const own = this.answers[pathname]
    if (own !== undefined) return own(response)
    const form = new URLSearchParams(await text(request))
    const said = await this.saidOf(pathname, form)
    response.writeHead('error' in said ? 400 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(said))
  }

  private async saidOf(path: string, form: URLSearchParams): Promise<object> {
    switch (path) {
      case '/.well-known/openid-configuration':
        return {
          issuer: this.url,
          authorization_endpoint: `${this.url}/authorize`,
          token_endpoint: `${this.url}/token`,
          jwks_uri: `${this.url}/keys`,
          userinfo_endpoint: `${this.url}/userinfo`,
          end_session_endpoint: `${this.url}/logout`,
          authorization_response_iss_parameter_supported: true,
          ...this.metadata,
        }
      case '/keys':
        return { keys: this.published ?? [this.key.jwk] }
      case '/userinfo':
        return { sub: this.claims.sub, groups: ['from-userinfo'] }
      case '/token':
        return form.get('grant_type') === 'refresh_token' ? this.renewal(form) : this.redeemed(form)
      default:
        return { error: 'not_found' }
    }
  }

  private async redeemed(form: URLSearchParams): Promise<object> {
    const begun = this.begun.get(form.get('code') ?? '')
    this.begun.delete(form.get('code') ?? '')
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const isRight =
      begun?.get('code_challenge') === challenge && begun.get('redirect_uri') === form.get('redirect_uri')
    if (!isRight) return { error: 'invalid_grant' }
    const idToken = await this.sign(
      { nonce: begun.get('nonce'), sid: 's1', ...this.claims, ...this.idToken },
      this.header,
    )
    return {
      access_token: `access-${++this.count}`,
      token_type: 'Bearer',
      expires_in: 600,
      id_token: idToken,
      ...this.tokens,
    }
  }

  private async renewal(form: URLSearchParams): Promise<object> {
    const token = form.get('refresh_token') ?? ''
    // A second use of one ends the session, as rotation has it.
    const isUsed = this.renewed.includes(token)
    this.renewed.push(token)
    if (isUsed) return { error: 'invalid_grant' }
    return {
      access_token: `access-${++this.count}`,
      refresh_token: `refresh-${this.count}`,
      token_type: 'Bearer',
      expires_in: 600,
      id_token: await this.sign({ ...this.claims, ...this.idToken }, this.header),
      ...this.tokens,
    }
  }
}
