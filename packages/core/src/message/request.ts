import { own } from './own-options.ts'
import { type Body, EMPTY_BODY } from './body.ts'
import { HeaderList } from './headers.ts'
import {
  type Authority,
  canonicalAuthority,
  canonicalPath,
  checkQuery,
  InvalidTarget,
  type PathForm,
} from './target.ts'
import { isToken } from './tokens.ts'

export type Scheme = 'http' | 'https'
export type HttpVersion = '1.0' | '1.1' | '2'

/** What a request is made of; all but the URL's parts have defaults. */
export interface RequestParts {
  readonly method: string
  readonly scheme: Scheme
  readonly authority: Authority
  readonly path: string
  readonly query: string
  readonly headers: HeaderList
  readonly body: Body
  readonly version: HttpVersion
  readonly upgrade?: string | undefined
}

/** A request, with host and path in canonical form. Policies may change it on its way to the upstream. */
export class HttpRequest {
  method: string
  scheme: Scheme
  /** Where it is meant to go, as Host says (RFC 9110 7.2). */
  authority: Authority
  /** Canonical, starts with "/"; "*" for `OPTIONS *`. */
  path: string
  /** As sent, "?" included; empty if there is none. */
  query: string
  headers: HeaderList
  body: Body
  /** The version that the sender spoke. */
  readonly version: HttpVersion
  /** The protocols that the sender wants to switch to (RFC 9110 7.8), as "websocket" or "websocket, tcp"; hop-by-hop, so kept out of `headers`. */
  upgrade: string | undefined

  constructor(parts: RequestParts) {
    this.method = parts.method
    this.scheme = parts.scheme
    this.authority = parts.authority
    this.path = parts.path
    this.query = parts.query
    this.headers = parts.headers
    this.body = parts.body
    this.version = parts.version
    this.upgrade = parts.upgrade
  }

  /** A copy that may be changed on its own; the body is the same one. */
  clone(): HttpRequest {
    const copy = new HttpRequest(this)
    copy.headers = this.headers.clone()
    return copy
  }

  /**
   * A request as code makes it.
   * @throws TypeError if method, URL or a header field is not valid
   */
  static to(
    url: string,
    options: {
      method?: string
      headers?: Readonly<Record<string, string>>
      body?: Body
      /** What the path may hold. Default: nothing that has two readings. */
      paths?: PathForm
    } = {},
  ): HttpRequest {
    const { method = 'GET', headers = {}, body = EMPTY_BODY } = own(options)
    if (!isToken(method)) throw new TypeError(`${JSON.stringify(method)} is not an HTTP method`)
    const match = /^(https?):\/\/([^/?#]+)([^?#]*)(\?[^#]*)?$/i.exec(url)
    if (match === null) throw new TypeError(`${JSON.stringify(url)} is not an absolute http or https URL`)
    const scheme = match[1]?.toLowerCase() === 'https' ? 'https' : 'http'
    const authority = canonicalAuthority(match[2] ?? '', scheme === 'https' ? 443 : 80)
    const path = canonicalPath(match[3] || '/', options.paths)
    const query = match[4] ?? ''
    const fault = [authority, path, checkQuery(query)].find((part) => part instanceof InvalidTarget)
    if (fault !== undefined || authority instanceof InvalidTarget || path instanceof InvalidTarget) {
      throw new TypeError(`${JSON.stringify(url)}: ${fault?.reason}`)
    }
    return new HttpRequest({
      method,
      scheme,
      authority,
      path,
      query,
      body,
      version: '1.1',
      upgrade: undefined,
      headers: HeaderList.of(headers),
    })
  }
}

/** Methods that change nothing on the origin (RFC 9110 9.2.1). */
export function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS' || method === 'TRACE'
}

/** Methods whose repetition has the effect of one (RFC 9110 9.2.2). */
export function isIdempotent(method: string): boolean {
  return isSafe(method) || method === 'PUT' || method === 'DELETE'
}
