import type { UrlParts } from './reference.ts'
import { canonicalAuthority, canonicalPath, checkQuery, InvalidTarget } from './target.ts'

/** RFC 3986 appendix B, without the capturing of what is dropped: scheme, authority, path, query; no fragment. */
const REFERENCE = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(\?[^#]*)?/

/** What servers send raw though it must be escaped, bytes of UTF-8 above all: browsers escape it, and so do we. */
const RAW = /[ "<>`{}\u0080-\u00ff]/g

/**
 * What a reference, as in Location or Link, means where it was found (RFC 3986 section 5.2). The result is canonical, as the
 * target of every request; what has no canonical form is refused, and so is what would carry credentials or lead to
 * another scheme than http and https.
 */
export function resolveReference(base: UrlParts, reference: string): UrlParts | InvalidTarget {
  // Where one reader sees "/", another sees none: "https:\\host", "/\host" (WHATWG URL 4.4, "relative slash state").
  if (/[\\\t]/.test(reference)) return new InvalidTarget('it holds a backslash or a tab')
  const [, named, authorityText, rawPath = '', query] = REFERENCE.exec(reference) ?? []
  const scheme = named === undefined ? base.scheme : named.toLowerCase()
  if (scheme !== 'http' && scheme !== 'https')
    return new InvalidTarget(`its scheme is neither http nor https`)
  if (named !== undefined && authorityText === undefined)
    return new InvalidTarget('it names a scheme but no host')
  if (authorityText?.includes('@')) return new InvalidTarget('it holds credentials')
  const authority =
    authorityText === undefined
      ? base.authority
      : canonicalAuthority(authorityText, scheme === 'https' ? 443 : 80)
  if (authority instanceof InvalidTarget) return authority
  if (authorityText === undefined && rawPath === '') {
    return checked({ scheme, authority, path: base.path, query: query ?? base.query })
  }
  const absolute = authorityText !== undefined || rawPath.startsWith('/')
  const path = canonicalPath(withoutDots(escaped(absolute ? rawPath || '/' : merged(base.path, rawPath))))
  if (path instanceof InvalidTarget) return path
  return checked({ scheme, authority, path, query: query ?? '' })
}

function checked(parts: UrlParts): UrlParts | InvalidTarget {
  const query = escaped(parts.query)
  return checkQuery(query) ?? { ...parts, query: query === '?' ? '' : query }
}

/** RFC 3986 5.2.3. */
function merged(base: string, path: string): string {
  return `${base.slice(0, base.lastIndexOf('/') + 1)}${path}` || '/'
}

/** RFC 3986 5.2.4: in a reference, unlike in a request, ".." above the root has a meaning: the root. */
function withoutDots(path: string): string {
  if (!path.includes('/.')) return path
  const kept: string[] = []
  const segments = path.split('/').slice(1)
  for (const [index, segment] of segments.entries()) {
    const last = index === segments.length - 1
    if (segment === '..') kept.pop()
    if (segment !== '.' && segment !== '..') kept.push(segment)
    else if (last) kept.push('')
  }
  return `/${kept.join('/')}`
}

function escaped(text: string): string {
  return text.replace(RAW, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
}
