import type { KeyObject } from 'node:crypto'
import type { Client, ClientResponse } from '@headgate/client'
import { type Clock, parseRetryAfter } from '@headgate/core'
import { AcmeError, isFields, problemOf } from './acme-error.ts'
import { signed } from './jws.ts'

/** What an authority answered. */
export interface AcmeAnswer {
  /** JSON, whatever it is; a text where it is a chain of certificates. */
  readonly body: unknown
  /** Where what was made is, if something was. */
  readonly location: string | undefined
  /** Milliseconds; undefined where it says nothing of it. */
  readonly retryAfter: number | undefined
}

/** Where an authority does what (RFC 8555 7.1.1, RFC 9773 4.1). */
export interface Directory {
  readonly newNonce: string
  readonly newAccount: string
  readonly newOrder: string
  readonly renewalInfo: string | undefined
  readonly terms: string | undefined
}

/** Authorities may refuse nonces at any time, and many of them; each refusal brings another one (RFC 8555 6.5). */
const MOST_NONCES = 30
const NONCE = /^[\w-]{1,500}$/

/** Speaks with one authority. Nothing it says leads anywhere else: all of its URLs are of the origin of its directory. */
export class AcmeSession {
  private readonly client: Client
  private readonly clock: Clock
  private readonly url: string
  private nonce: string | undefined
  private known: Directory | undefined

  /** @param url of the directory */
  constructor(client: Client, clock: Clock, url: string) {
    this.client = client
    this.clock = clock
    this.url = url
  }

  async directory(): Promise<Directory> {
    if (this.known !== undefined) return this.known
    const response = await this.client.get(this.url)
    const { body } = await this.answerOf(response)
    if (!isFields(body)) throw new AcmeError('the directory of the authority is no JSON object')
    const { meta } = body
    const { termsOfService } = isFields(meta) ? meta : {}
    this.known = {
      newNonce: this.placeOf(body['newNonce'], 'newNonce'),
      newAccount: this.placeOf(body['newAccount'], 'newAccount'),
      newOrder: this.placeOf(body['newOrder'], 'newOrder'),
      renewalInfo:
        typeof body['renewalInfo'] === 'string'
          ? this.placeOf(body['renewalInfo'], 'renewalInfo')
          : undefined,
      terms: typeof termsOfService === 'string' ? termsOfService : undefined,
    }
    return this.known
  }

  /** @throws AcmeError unless it is a URL of the authority */
  placeOf(url: unknown, what: string): string {
    if (typeof url !== 'string' || !URL.canParse(url))
      throw new AcmeError(`the authority names no URL for ${what}`)
    if (new URL(url).origin !== new URL(this.url).origin)
      throw new AcmeError(`the authority names a URL for ${what} that is not of ${new URL(this.url).origin}`)
    return url
  }

  /** What is at a URL that needs no signature. */
  async get(url: string): Promise<AcmeAnswer> {
    return this.answerOf(await this.client.get(url))
  }

  /** @param payload undefined: asks for what is there */
  async post(
    key: KeyObject,
    account: string | undefined,
    url: string,
    payload?: object,
  ): Promise<AcmeAnswer> {
    for (let tries = 1; ; tries++) {
      // oxlint-disable-next-line no-await-in-loop -- one try after the other
      const nonce = await this.freshNonce()
      const body = JSON.stringify(signed(key, { url, nonce, account }, payload))
      const headers = { 'content-type': 'application/jose+json' }
      // oxlint-disable-next-line no-await-in-loop -- one try after the other
      const response = await this.client.post(url, { body, headers })
      this.keepNonce(response)
      try {
        // oxlint-disable-next-line no-await-in-loop -- one try after the other
        return await this.answerOf(response)
      } catch (error) {
        if (!(error instanceof AcmeError) || error.type !== 'badNonce' || tries === MOST_NONCES) throw error
      }
    }
  }

  private async freshNonce(): Promise<string> {
    const { nonce } = this
    // Each is good once.
    this.nonce = undefined
    if (nonce !== undefined) return nonce
    const { newNonce } = await this.directory()
    const response = await this.client.head(newNonce)
    this.keepNonce(response)
    const fresh = this.nonce
    this.nonce = undefined
    if (fresh === undefined) throw new AcmeError('the authority gives no nonce')
    return fresh
  }

  private keepNonce(response: ClientResponse): void {
    const nonce = response.headers.get('replay-nonce')
    if (nonce !== null && NONCE.test(nonce)) this.nonce = nonce
  }

  private async answerOf(response: ClientResponse): Promise<AcmeAnswer> {
    const { status, headers } = response
    const retryAfter = parseRetryAfter(headers.get('retry-after') ?? '', this.clock.wallTime())
    const type = headers.get('content-type') ?? ''
    const text = await response.text()
    const isChain = type.startsWith('application/pem-certificate-chain')
    const body = isChain ? text : jsonOf(text)
    if (status >= 400) throw problemOf(status, body, retryAfter)
    if (status >= 300)
      throw new AcmeError(`the authority answers with a redirect (${status}), which is not followed`)
    if (body === undefined)
      throw new AcmeError(`the authority answers with something else than JSON (${type || 'no type'})`)
    return { body, location: headers.get('location') ?? undefined, retryAfter }
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
