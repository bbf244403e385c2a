import { knownOptions, type OptionNames } from '../../message/own-options.ts'
import { isIP } from 'node:net'
import { parseSetCookie, type SetCookie } from '../../fields/set-cookie.ts'
import type { UrlParts } from '../../message/reference.ts'

/** Options of `CookieJar`. */
export interface CookieJarOptions {
  /** Cookies kept for one domain; beyond that the one unused for longest goes. Default 50. */
  readonly maxPerDomain?: number
  /** Cookies kept in all. Default 3,000. */
  readonly maxTotal?: number
  /**
   * Whether a domain is a public suffix such as `co.uk`, below which strangers are neighbours: none of them may set a cookie for all.
   * By default only single labels as `com` are: there is no copy of the Public Suffix List in here, so give a function that
   * knows it where hosts of several owners below one such suffix share a jar.
   */
  readonly isPublicSuffix?: (domain: string) => boolean
}

const OPTIONS: OptionNames<CookieJarOptions> = { maxPerDomain: true, maxTotal: true, isPublicSuffix: true }

/** A cookie as the jar keeps it: what `JSON.stringify(jar)` shows, and `CookieJar.from` takes. */
export interface StoredCookie {
  readonly name: string
  readonly value: string
  readonly domain: string
  /** Sent to that host only, not to those below it. */
  readonly hostOnly: boolean
  readonly path: string
  readonly secure: boolean
  readonly httpOnly: boolean
  /** Milliseconds since 1970; null for as long as the jar. */
  readonly expires: number | null
}

interface Kept extends StoredCookie {
  /** In the order in which they were first set, and last used. */
  readonly created: number
  used: number
}

/** Keeps cookies as a user agent does (RFC 6265bis section 5.7), for a program: SameSite means nothing here. */
export class CookieJar {
  private readonly maxPerDomain: number
  private readonly maxTotal: number
  private readonly isPublicSuffix: (domain: string) => boolean
  private cookies: Kept[] = []
  private serial = 0

  constructor(given: CookieJarOptions = {}) {
    const options = knownOptions('CookieJar', given, OPTIONS)
    this.maxPerDomain = options.maxPerDomain ?? 50
    this.maxTotal = options.maxTotal ?? 3_000
    this.isPublicSuffix = options.isPublicSuffix ?? ((domain) => !domain.includes('.'))
  }

  /** A jar with what another one held. */
  static from(cookies: readonly StoredCookie[], options: CookieJarOptions = {}): CookieJar {
    const jar = new CookieJar(options)
    for (const cookie of cookies) jar.keep(cookie)
    return jar
  }

  get size(): number {
    return this.cookies.length
  }

  toJSON(): StoredCookie[] {
    return this.cookies.map(({ created: _created, used: _used, ...cookie }) => cookie)
  }

  /**
   * Takes a Set-Cookie value that `url` answered with.
   * @param now milliseconds since 1970
   * @returns whether it was kept, or removed another; what is not allowed is ignored, as in browsers
   */
  store(url: UrlParts, setCookie: string, now: number): boolean {
    const parsed = parseSetCookie(setCookie, now)
    const domain = parsed === undefined ? undefined : this.domainFor(url.authority.host, parsed.domain)
    if (parsed === undefined || domain === undefined) return false
    const hostOnly = domain === '' // and hence for the host that set it
    const cookie: StoredCookie = {
      name: parsed.name,
      value: parsed.value,
      domain: hostOnly ? url.authority.host : domain,
      hostOnly,
      path: parsed.path ?? defaultPath(url.path),
      secure: parsed.secure,
      httpOnly: parsed.httpOnly,
      expires: parsed.expires === Infinity ? null : parsed.expires,
    }
    if (!mayBeSet(cookie, parsed, url.scheme === 'https') || this.wouldHideSecure(cookie, url)) return false
    this.expire(now)
    this.keep(cookie)
    this.expire(now)
    return true
  }

  /** The value of Cookie for a request to `url`; undefined if there is none. */
  header(url: UrlParts, now: number): string | undefined {
    this.expire(now)
    const sent = this.cookies.filter((cookie) => matches(cookie, url))
    if (sent.length === 0) return undefined
    for (const cookie of sent) cookie.used = this.serial++
    // Longer paths first, then older ones (RFC 6265bis 5.8.3).
    sort(sent)
    return sent.map(({ name, value }) => (name === '' ? value : `${name}=${value}`)).join('; ')
  }

  clear(): void {
    this.cookies = []
  }

  /** The domain of a cookie; empty for the host alone, undefined if the host may not set one for it (5.7 steps 8 to 10). */
  private domainFor(host: string, asked: string): string | undefined {
    if (asked === '' || asked === host)
      return asked === '' || isAddress(host) || this.isPublicSuffix(asked) ? '' : asked
    return this.isPublicSuffix(asked) || !domainMatches(host, asked) ? undefined : asked
  }

  /** A page that came without TLS may be anybody's: it must not stand in for a cookie that came with it (5.7 step 16). */
  private wouldHideSecure(cookie: StoredCookie, url: UrlParts): boolean {
    if (cookie.secure || url.scheme === 'https') return false
    return this.cookies.some(
      (other) =>
        other.secure &&
        other.name === cookie.name &&
        (domainMatches(other.domain, cookie.domain) || domainMatches(cookie.domain, other.domain)) &&
        pathMatches(cookie.path, other.path),
    )
  }

  private keep(cookie: StoredCookie): void {
    const index = this.cookies.findIndex(
      (other) =>
        other.name === cookie.name &&
        other.domain === cookie.domain &&
        other.hostOnly === cookie.hostOnly &&
        other.path === cookie.path,
    )
    const before = index < 0 ? undefined : this.cookies.splice(index, 1)[0]
    const used = this.serial++
    this.cookies.push({ ...cookie, created: before?.created ?? used, used })
    this.evict(
      this.cookies.filter(({ domain }) => domain === cookie.domain),
      this.maxPerDomain,
    )
    this.evict(this.cookies, this.maxTotal)
  }

  private evict(among: readonly Kept[], limit: number): void {
    if (among.length <= limit) return
    const oldest = among.reduce((one, other) => (other.used < one.used ? other : one))
    this.cookies = this.cookies.filter((cookie) => cookie !== oldest)
  }

  private expire(now: number): void {
    const over = ({ expires }: Kept): boolean => expires !== null && expires <= now
    if (this.cookies.some(over)) this.cookies = this.cookies.filter((cookie) => !over(cookie))
  }
}

/** Rules that a cookie must keep to whoever sets it: Secure, and the promises of its prefix (RFC 6265bis 4.1.3, 5.7). */
function mayBeSet(cookie: StoredCookie, parsed: SetCookie, secureOrigin: boolean): boolean {
  if (cookie.secure && !secureOrigin) return false
  // A cookie without a name could be read back as one with that prefix.
  const prefixed = (cookie.name === '' ? cookie.value : cookie.name).toLowerCase()
  if (cookie.name === '') return !prefixed.startsWith('__secure-') && !prefixed.startsWith('__host-')
  if (prefixed.startsWith('__host-')) {
    return cookie.secure && cookie.hostOnly && parsed.domain === '' && parsed.path === '/'
  }
  return !prefixed.startsWith('__secure-') || cookie.secure
}

function matches(cookie: StoredCookie, { scheme, authority, path }: UrlParts): boolean {
  if (cookie.secure && scheme !== 'https') return false
  const { host } = authority
  if (cookie.hostOnly ? host !== cookie.domain : !domainMatches(host, cookie.domain)) return false
  return pathMatches(path, cookie.path)
}

/** RFC 6265bis 5.1.3. */
function domainMatches(host: string, domain: string): boolean {
  return host === domain || (host.endsWith(`.${domain}`) && !isAddress(host))
}

/** An IP address has no domain above it, in none of its forms. */
function isAddress(host: string): boolean {
  return host.startsWith('[') || isIP(host) !== 0 || /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/.test(host)
}

/** RFC 6265bis 5.1.4. */
function pathMatches(path: string, cookiePath: string): boolean {
  if (!path.startsWith(cookiePath)) return false
  return path.length === cookiePath.length || cookiePath.endsWith('/') || path[cookiePath.length] === '/'
}

/** RFC 6265bis 5.1.4. */
function defaultPath(path: string): string {
  const end = path.lastIndexOf('/')
  return end <= 0 ? '/' : path.slice(0, end)
}

function sort(cookies: Kept[]): void {
  cookies.sort((one, other) => other.path.length - one.path.length || one.created - other.created)
}
