import type { Policy } from '../../message/handler.ts'
import { urlParts } from '../../message/reference.ts'
import type { CookieJar } from './cookie-jar.ts'

/** Options of `cookies`. */
export interface CookiesOptions {
  readonly jar: CookieJar
}

/**
 * Sends the cookies of a jar, and keeps those that come. Stands within `redirect`, so that each hop sends and sets its own. What the
 * caller puts into Cookie goes first, and counts where the jar has a cookie of the same name.
 */
export function cookies({ jar }: CookiesOptions): Policy {
  return (next) =>
    async function cookies(exchange) {
      const { request, clock } = exchange
      // As it is asked for: what is behind this policy may rewrite it.
      const url = urlParts(request)
      const kept = jar.header(url, clock.wallTime())
      if (kept !== undefined) request.headers.put('cookie', joined(request.headers.get('cookie'), kept))
      const response = await next(exchange)
      if (response.headers.has('set-cookie')) {
        const now = clock.wallTime()
        for (const value of response.headers.getAll('set-cookie')) jar.store(url, value, now)
      }
      return response
    }
}

/** The caller's cookies, and those of the jar with other names. */
export function joined(own: string | undefined, kept: string): string {
  if (own === undefined || own === '') return kept
  const names = new Set(own.split(';').map(nameOf))
  const rest = kept.split('; ').filter((pair) => !names.has(nameOf(pair)))
  return [own, ...rest].join('; ')
}

function nameOf(pair: string): string {
  const equals = pair.indexOf('=')
  return equals < 0 ? '' : pair.slice(0, equals).trim()
}
