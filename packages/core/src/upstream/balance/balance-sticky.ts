import { addOwnCookie } from '../../fields/own-cookie.ts'
import { own } from '../../message/own-options.ts'
import { createHash, createHmac } from 'node:crypto'
import { cookieValue } from '../../fields/cookie.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { HttpResponse } from '../../message/response.ts'
import { isToken } from '../../message/tokens.ts'

/** Options of sticky sessions. */
export interface StickyOptions {
  /** The name of the cookie that holds a client to its endpoint. */
  readonly cookie: string
  /** Seconds that the client keeps it; undefined: until it ends its session. */
  readonly maxAge?: number | undefined
  /** Keys the ids of endpoints: without it, who guesses an endpoint's address can confirm it by its id. */
  readonly secret?: string | undefined
}

/**
 * Holds each client to the endpoint that answered it first, by a cookie of the gateway's own. It holds an id made from the endpoint's
 * name, so that it means the same in all threads, after a restart, and whatever becomes of the other endpoints.
 */
export class StickySessions<T extends { readonly name: string }> {
  private readonly cookie: string
  private readonly attributes: string
  private readonly secret: string | undefined
  private readonly byId = new Map<string, T>()
  private readonly ids = new Map<T, string>()

  /** @throws TypeError if the cookie's name is not a token */
  constructor(endpoints: readonly T[], given: StickyOptions) {
    const { cookie, maxAge, secret } = own(given)
    if (!isToken(cookie))
      throw new TypeError(`${JSON.stringify(cookie)} is not the name of a cookie: use a token`)
    this.cookie = cookie
    this.attributes = `; Path=/; HttpOnly; SameSite=Lax${maxAge === undefined ? '' : `; Max-Age=${maxAge}`}`
    this.secret = secret
    this.follow(endpoints)
  }

  /** Whoever was held to one that is gone is held to another by its next answer. */
  follow(endpoints: readonly T[]): void {
    this.byId.clear()
    const before = new Map(this.ids)
    this.ids.clear()
    for (const endpoint of endpoints) {
      const id = before.get(endpoint) ?? idOf(endpoint.name, this.secret)
      this.byId.set(id, endpoint)
      this.ids.set(endpoint, id)
    }
  }

  /** The endpoint that the client is held to; undefined if none, or one that is no longer there. */
  endpointOf(exchange: Exchange): T | undefined {
    const id = cookieValue(exchange.request.headers.get('cookie'), this.cookie)
    return id === undefined ? undefined : this.byId.get(id)
  }

  /** Has the client come back to the endpoint that answered. */
  async remember(answer: Promise<HttpResponse>, endpoint: T, exchange: Exchange): Promise<HttpResponse> {
    const response = await answer
    const secure = exchange.clientScheme === 'https' ? '; Secure' : ''
    const id = this.ids.get(endpoint)
    // Gone since it was picked: there is nothing to come back to.
    if (id === undefined) return response
    addOwnCookie(response.headers, `${this.cookie}=${id}${this.attributes}${secure}`)
    return response
  }
}

/** 96 bits: enough for no two endpoints to share one. */
function idOf(name: string, secret: string | undefined): string {
  const hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret)
  return hash.update(name).digest().subarray(0, 12).toString('base64url')
}
