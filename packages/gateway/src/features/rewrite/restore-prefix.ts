import {
  canonicalAuthority,
  type Exchange,
  fact,
  type HeaderList,
  type HttpRequest,
  InvalidTarget,
  type Policy,
  type UrlParts,
  urlParts,
} from '@headgate/core'

/** The paths of a route, outside and inside: what begins with `inside` at the upstream begins with `outside` for the client. */
export interface Cut {
  readonly outside: string
  /** Empty where the front of the path was cut off. */
  readonly inside: string
}

/** What was cut out of a path on its way; undefined if nothing was. By whole segments, as it was cut. */
function cutBetween(asked: string, sent: string): Cut | undefined {
  if (asked === sent) return undefined
  let end = asked.length
  let sentEnd = sent.length
  while (end > 0 && sentEnd > 0 && asked.charCodeAt(end - 1) === sent.charCodeAt(sentEnd - 1)) {
    end--
    sentEnd--
  }
  const slash = asked.indexOf('/', end)
  const kept = slash < 0 ? 0 : asked.length - slash
  const outside = asked.slice(0, asked.length - kept)
  // Of /api, nothing is left to send: then it is "/".
  const inside = sent.slice(0, sent.length - kept).replace(/\/$/, '')
  return { outside, inside }
}

/**
 * The path as clients know it, of one as the upstream knows it. One that begins as clients know it already comes from an upstream
 * that honours X-Forwarded-Prefix; that, and one of another part of the upstream, is returned as it is.
 * @param path with one "/" in front; a query and a fragment may follow
 */
function outsidePath(path: string, { outside, inside }: Cut): string {
  if (beginsWith(path, outside) || !beginsWith(path, inside)) return path
  return outside + path.slice(inside.length)
}

/** By whole segments: /api is no prefix of /apis. */
function beginsWith(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false
  const behind = path[prefix.length]
  return behind === undefined || behind === '/' || behind === '?' || behind === '#'
}

/** The target as the client wrote it, in canonical form, where the route cuts the path. */
const askedTarget = fact<Pick<HttpRequest, 'path' | 'authority'>>('asked target')

/** Remembers what was asked for. In front of all that cuts the path. */
export function keepAsked(): Policy {
  return (next) =>
    function keepAsked(exchange) {
      const { path, authority } = exchange.request
      askedTarget.state(exchange, { path, authority })
      return next(exchange)
    }
}

/** The URL that a client knows for what the upstream is asked for: where the path is made anew, there is none but that of the upstream. */
export function askedUrl(exchange: Exchange): UrlParts {
  return { ...urlParts(exchange.request), ...askedTarget.of(exchange) }
}

/**
 * Tells the upstream what was cut off the front of the path, in X-Forwarded-Prefix, so that it makes links that lead back. What
 * is there by now comes from a trusted proxy, which cut its part before.
 */
export function tellPrefix(): Policy {
  return (next) =>
    function tellPrefix(exchange) {
      const { request } = exchange
      const cut = cutOf(exchange)
      if (cut?.inside === '') {
        const before = request.headers.get('x-forwarded-prefix') ?? ''
        request.headers.set('x-forwarded-prefix', before.replace(/\/$/, '') + cut.outside)
      }
      return next(exchange)
    }
}

/**
 * What the answer may depend on beside the target that the upstream sees, as upstreams are told it, and links lead back to it; empty
 * where the route changes neither host nor path.
 */
export function askedOutside(exchange: Exchange): string {
  const asked = askedTarget.of(exchange)
  if (asked === undefined) return ''
  const { outside, inside } = cutOf(exchange) ?? NOTHING_CUT
  return JSON.stringify([exchange.clientScheme, asked.authority.text, outside, inside])
}

const NOTHING_CUT: Cut = { outside: '', inside: '' }

/**
 * Puts what was cut off the path back into the places that an upstream names in its responses: Location, Content-Location, the
 * URL of Refresh, and the Path of cookies. Right around the upstream: what the gateway itself says is meant as it is written.
 * @param ownCookie of the gateway, which is none of the upstream's
 */
export function restorePrefix(ownCookie: string | undefined): Policy {
  return (next) =>
    function restorePrefix(exchange) {
      return next(exchange).then((response) => {
        const cut = cutOf(exchange)
        if (cut !== undefined) restoreIn(response.headers, exchange, cut, ownCookie)
        return response
      })
    }
}

function cutOf(exchange: Exchange): Cut | undefined {
  const asked = askedTarget.of(exchange)
  return asked === undefined ? undefined : cutBetween(asked.path, exchange.request.path)
}

function restoreIn(headers: HeaderList, exchange: Exchange, cut: Cut, ownCookie: string | undefined): void {
  const link = (reference: string): string => outsideReference(reference, exchange, cut)
  change(headers, 'location', link)
  change(headers, 'content-location', link)
  change(headers, 'refresh', (value) => outsideRefresh(value, link))
  change(headers, 'set-cookie', (cookie) =>
    nameOf(cookie) === ownCookie ? cookie : outsideCookie(cookie, cut),
  )
}

/** Line by line, in their order. */
function change(headers: HeaderList, name: string, changed: (value: string) => string): void {
  if (!headers.has(name)) return
  const values = headers.getAll(name)
  headers.delete(name)
  for (const value of values) headers.add(name, changed(value))
}

const ABSOLUTE = /^(https?):\/\/([^/?#@\s]+)(?![^/?#])(.*)$/i
const WITH_SCHEME = /^[a-z][a-z\d+.-]*:/i

/** A reference (RFC 3986 4.1) as clients need it. One that leads elsewhere, or that readers take for different things, stays. */
function outsideReference(reference: string, exchange: Exchange, cut: Cut): string {
  // To browsers, a backslash is a slash, and a tab is nothing: "/\evil.example" and "/<tab>/evil.example" name hosts.
  if (/[\\\t]/.test(reference)) return reference
  const [, scheme, host = '', rest = ''] = ABSOLUTE.exec(reference) ?? []
  if (scheme !== undefined) {
    const origin = outsideOrigin(scheme.toLowerCase(), host, exchange)
    return origin === undefined
      ? reference
      : origin + outside(rest.startsWith('/') ? rest : `/${rest}`, exchange, cut)
  }
  if (reference.startsWith('/'))
    return reference.startsWith('//') ? reference : outside(reference, exchange, cut)
  if (WITH_SCHEME.test(reference) || /^(?:[?#]|$)/.test(reference)) return reference
  return relative(reference, exchange, cut)
}

/**
 * Clients resolve it against what they asked for, which mostly comes to the same; but not with /api, which is "/" to the
 * upstream, nor with more ".." than the upstream has segments.
 */
function relative(reference: string, exchange: Exchange, cut: Cut): string {
  const asked = askedTarget.of(exchange)
  const { request } = exchange
  if (asked?.path !== cut.outside && !reference.includes('..')) return reference
  const { pathname, search, hash } = new URL(reference, `http://localhost${request.path}`)
  return outside(pathname + search + hash, exchange, cut)
}

/** `.` and `..`, which would have the path begin with another segment than it seems to. */
const DOTS = /\/(?:\.|%2e){1,2}(?:[/?#]|$)/i

function outside(path: string, { request }: Exchange, cut: Cut): string {
  let plain = path
  if (DOTS.test(path)) {
    const { pathname, search, hash } = new URL(`http://localhost${path}`)
    plain = pathname + search + hash
  }
  // With what a proxy in front has cut off: that one puts its part back, or is not to have it twice.
  const told = request.headers.get('x-forwarded-prefix')
  return told !== undefined && told !== '' && beginsWith(plain, told) ? plain : outsidePath(plain, cut)
}

/**
 * The origin that clients know, of a URL's: that one itself, or that which the upstream was called by. Undefined if it is
 * another one.
 */
function outsideOrigin(scheme: string, host: string, exchange: Exchange): string | undefined {
  const asked = askedTarget.of(exchange)
  const { request, clientScheme, endpoint } = exchange
  const port = scheme === 'https' ? 443 : 80
  const named = authorityText(host, port)
  if (named === undefined || asked === undefined) return undefined
  const told = request.headers.get('x-forwarded-host')?.split(',')[0]?.trim()
  const known = (told === undefined ? undefined : authorityText(told, port)) ?? asked.authority.text
  const isKnown = named === known || named === authorityText(asked.authority.text, port)
  // An upstream that is called in the clear names itself so, also where TLS ends here.
  if (isKnown) return scheme === clientScheme || scheme === 'http' ? `${clientScheme}://${host}` : undefined
  const isCalled = named === request.authority.text || named === authorityText(endpoint, port)
  if (!isCalled) return undefined
  return known === '' ? '' : `${clientScheme}://${known}`
}

/** Undefined for what is none, as the path of a socket. */
function authorityText(text: string, defaultPort: number): string | undefined {
  const authority = canonicalAuthority(text, defaultPort)
  return authority instanceof InvalidTarget ? undefined : authority.text
}

const REFRESH = /^([\d.\s]*[;,]\s*url\s*=\s*["']?)([^"'\s][^"']*)/i

function outsideRefresh(value: string, link: (reference: string) => string): string {
  return value.replace(REFRESH, (_, before: string, url: string) => before + link(url))
}

function nameOf(cookie: string): string {
  return /^[^=;]*/.exec(cookie)?.[0].trim() ?? ''
}

const PATH = /^(\s*path\s*=\s*)(\/(?!\/).*)$/i

/** Only a Path that is one (RFC 6265 5.2.4); without it, the browser takes it from what it asked for. */
function outsideCookie(cookie: string, cut: Cut): string {
  // Browsers take it with Path=/ alone (RFC 6265bis 4.1.3.2).
  if (/^\s*__Host-/i.test(cookie)) return cookie
  const [pair = '', ...attributes] = cookie.split(';')
  const changed = attributes.map((each) =>
    each.replace(PATH, (_, before: string, path: string) => before + cookiePath(path.trimEnd(), cut)),
  )
  return [pair, ...changed].join(';')
}

/** `/api`, not `/api/`: the latter would not hold for a request of `/api` itself (RFC 6265 5.1.4). */
function cookiePath(path: string, cut: Cut): string {
  return path === `${cut.inside}/` && !beginsWith(path, cut.outside) ? cut.outside : outsidePath(path, cut)
}
