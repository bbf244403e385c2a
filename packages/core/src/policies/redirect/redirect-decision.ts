import { formatUrl, isSameOrigin, type UrlParts } from '../../message/reference.ts'
import { InvalidTarget } from '../../message/target.ts'
import { locationUrl } from './location.ts'

/** A response as far as it matters for following it. */
export interface RedirectResponse {
  readonly status: number
  /** The values of its Location lines. */
  readonly locations: readonly string[]
}

/** A request as far as it matters for following what it was answered. */
export interface RedirectedRequest {
  readonly method: string
  readonly url: UrlParts
  /** Whether there is content, and whether it can be sent again. */
  readonly body: 'none' | 'replayable' | 'spent'
}

/** What the next request is. */
export interface FollowRedirect {
  readonly kind: 'follow'
  readonly url: UrlParts
  readonly method: string
  /** Method and content give way to GET. */
  readonly dropBody: boolean
  /** It leads to another origin, which must not see what was meant for this one. */
  readonly dropCredentials: boolean
}

/** What becomes of a response. */
export type RedirectDecision =
  /** It is no redirect that can be followed: whoever asked gets it. */
  { readonly kind: 'deliver' } | FollowRedirect | { readonly kind: 'refuse'; readonly reason: string }

const DELIVER: RedirectDecision = { kind: 'deliver' }
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** Whether a status asks to be followed (RFC 9110 15.4). */
export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status)
}

/** How a redirect is followed: the rules of the Fetch standard (4.4, "HTTP-redirect fetch") and of RFC 9110 15.4. */
export function decideRedirect(request: RedirectedRequest, response: RedirectResponse): RedirectDecision {
  const [location, ...more] = response.locations
  if (!isRedirect(response.status) || location === undefined) return DELIVER
  if (more.length > 0) return refuse('it names several locations')
  const url = locationUrl(request.url, location)
  if (url instanceof InvalidTarget) return refuse(`its location cannot be followed: ${url.reason}`)
  const dropBody = becomesGet(request.method, response.status)
  // Also where GET takes its place, but for 303 (Fetch 4.4, step 10).
  if (request.body === 'spent' && (!dropBody || response.status !== 303)) {
    return refuse('the request has a body that cannot be sent again; give it as bytes or as a function')
  }
  return {
    kind: 'follow',
    url,
    method: dropBody ? 'GET' : request.method,
    dropBody,
    dropCredentials: !isSameOrigin(request.url, url),
  }
}

/** 303 means GET; for 301 and 302 browsers made it so for POST, and RFC 9110 lets them. */
function becomesGet(method: string, status: number): boolean {
  if (status === 303) return method !== 'GET' && method !== 'HEAD'
  return (status === 301 || status === 302) && method === 'POST'
}

function refuse(reason: string): RedirectDecision {
  return { kind: 'refuse', reason }
}

/** For messages: the query may hold secrets, and is not told. */
export function shownUrl(url: UrlParts): string {
  return formatUrl({ ...url, query: url.query === '' ? '' : '?…' })
}
