import { type Exchange, type Policy, type Scheme, TrafficError } from '@headgate/core'
import { someCookie } from '../routing/conditions.ts'
import { fieldOf, listOf } from '../settings/problems/fields.ts'
import type { Finding, Path } from '../settings/problems/problem.ts'
import { once } from '../settings/schema/library.ts'
import { list } from '../settings/schema/list.ts'
import { type Read, section } from '../settings/schema/section.ts'
import { offOrOn, value } from '../settings/schema/setting.ts'
import { token } from '../settings/values/request-field.ts'
import { originTest, webOrigin } from './cors/origin.ts'
import type { ExchangeRow, Route } from './layer.ts'
import type { Refusals } from './refusals.ts'

const csrf = section('CsrfInput', () => ({
  trustedOrigins: list(value(webOrigin))
    .prefault([])
    .describe('Pages of other origins that may send what changes something: https://admin.shop.example.'),
  sessionCookies: list(value(token))
    .prefault([])
    .describe(
      'Cookies of sessions: a request that has one, and does not say where it comes from, is refused. Without them it passes, as no browser of today sends it.',
    ),
}))

export type CsrfConfig = Read<typeof csrf>

/** With the defaults, with some of its own, or none. */
export const csrfSetting = once(() => offOrOn(csrf()))

/** In front of authentication: what a page sends in the name of who looks at it is no try of theirs. */
export const csrfLayer: ExchangeRow<
  { readonly route: Route<'csrf', CsrfConfig | false> },
  { readonly refusals?: Refusals | undefined },
  unknown
> = {
  name: 'csrf',
  once: 'exchange',
  about: 'refuses what pages of other sites send in the name of who looks at them',
  checks: csrfChecks,
  build: ({ route }, { refusals }) => (route.csrf ? refuseCrossSite(route.csrf, refusals) : undefined),
  tells: ({ route }) => route.csrf || undefined,
}

function csrfChecks(written: unknown, path: Path): Finding[] {
  const index = listOf(fieldOf(written, 'trustedOrigins')).indexOf('*')
  if (index < 0) return []
  const problem = 'trusts every page, so that nothing would be refused'
  return [{ path: [...path, 'trustedOrigins', index], problem, hint: 'csrf: false says that this is meant' }]
}

/** Methods that change nothing (RFC 9110 9.2.1), as far as browsers send them. */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

function refuseCrossSite({ trustedOrigins, sessionCookies }: CsrfConfig, refusals?: Refusals): Policy {
  const isTrusted = originTest(trustedOrigins)
  return (next) =>
    function csrf(exchange) {
      const { request } = exchange
      // A WebSocket begins with GET, is held by no policy of browsers, and may change anything.
      if (SAFE.has(request.method) && request.upgrade === undefined) return next(exchange)
      const reason = refusalOf(exchange, isTrusted, sessionCookies)
      if (reason === undefined) return next(exchange)
      refusals?.report(exchange, { by: 'csrf', reason })
      return Promise.reject(new TrafficError('forbidden', reason))
    }
}

/** As CrossOriginProtection of Go and the cheat sheet of OWASP say: by what browsers tell and pages cannot change. */
function refusalOf(
  { request, clientScheme }: Exchange,
  isTrusted: (origin: string) => boolean,
  sessionCookies: readonly string[],
): string | undefined {
  const site = request.headers.get('sec-fetch-site')
  const origin = request.headers.get('origin')
  if (site === 'same-origin' || site === 'none') return undefined
  if (origin !== undefined && isTrusted(origin)) return undefined
  if (site !== undefined) return 'a page of another origin sends it'
  if (origin !== undefined)
    return isOwn(origin, request.authority, clientScheme) ? undefined : 'a page of another origin sends it'
  return sessionCookies.some((name) => someCookie(request.headers, name, () => true))
    ? 'it has the cookie of a session, and does not say from where it comes'
    : undefined
}

/** Browsers that do not tell the site tell the origin, which is to be that of the request; http where it is https, somebody on the network may be. */
function isOwn(origin: string, { text }: { readonly text: string }, scheme: Scheme): boolean {
  const url = URL.canParse(origin) ? new URL(origin) : undefined
  if (url === undefined || url.origin !== origin) return false
  if (scheme === 'https' && url.protocol !== 'https:') return false
  const own = `${url.protocol}//${text}`
  return URL.canParse(own) && new URL(own).host === url.host
}
