import type { Exchange, HttpRequest } from '@headgate/core'
import { asksFor } from '../../../routing/conditions.ts'

/** Longer ones are forgotten, and the browser comes back to the front page: they are kept in a cookie. */
const LONGEST_RETURN = 1_500

/** Whether somebody looks at a page: only such a request can be sent to log in. A script cannot, and is told 401. */
export function isNavigation({ method, headers, upgrade }: HttpRequest): boolean {
  if (method !== 'GET' || upgrade !== undefined || headers.has('x-requested-with')) return false
  const mode = headers.get('sec-fetch-mode')
  if (mode !== undefined && mode !== 'navigate') return false
  return asksFor(headers.get('accept') ?? '', ['text/html'])
}

/** Whether a page of this very host asks, or nobody knows, as of old browsers. */
export function isFromHere({ request: { headers } }: Exchange, origin: string): boolean {
  const site = headers.get('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const from = headers.get('origin')
  return from === undefined || from === origin
}

/**
 * Where a browser is to come back to: a path of this host, and nothing that some browser takes for another one ("//host", "/\host").
 * @returns "/" for all else
 */
export function returnPath(written: string | null, ownPath: string): string {
  if (written === null || written.length > LONGEST_RETURN || !/^\/(?![/\\])[!-~]*$/.test(written)) return '/'
  if (written.includes('\\') || !URL.canParse(written, 'http://host.invalid')) return '/'
  const { host, pathname, search } = new URL(written, 'http://host.invalid')
  // Dots may lead to two slashes.
  const isElsewhere = host !== 'host.invalid' || pathname.startsWith('//')
  const isLogin = pathname === ownPath || pathname.startsWith(`${ownPath}/`)
  return isElsewhere || isLogin ? '/' : pathname + search
}
