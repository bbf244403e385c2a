import { formatUrl, type UrlParts } from '../../message/reference.ts'
import { canonicalAuthority, InvalidTarget } from '../../message/target.ts'

const BEYOND_ASCII = /[\x80-\xff]/

/**
 * Where a Location leads, as the URL standard reads it (WHATWG Fetch 2.2.6, "location URL"): the request that follows is made of what
 * comes out here, so that nobody reads the text a second time. What would carry credentials, or lead to another scheme than http and
 * https, is refused.
 * @param location as it came, a character for each byte
 */
export function locationUrl(base: UrlParts, location: string): UrlParts | InvalidTarget {
  const parsed = URL.parse(decoded(location), formatUrl(base))
  if (parsed === null) return new InvalidTarget('it is no URL')
  const scheme = parsed.protocol.slice(0, -1)
  if (scheme !== 'http' && scheme !== 'https')
    return new InvalidTarget('its scheme is neither http nor https')
  if (parsed.username !== '' || parsed.password !== '') return new InvalidTarget('it holds credentials')
  const authority = canonicalAuthority(parsed.host, scheme === 'https' ? 443 : 80)
  if (authority instanceof InvalidTarget) return authority
  return { scheme, authority, path: parsed.pathname, query: queryOf(parsed) }
}

/** Servers send UTF-8 raw, and browsers read it as that; what is none is taken byte by byte. */
function decoded(location: string): string {
  if (!BEYOND_ASCII.test(location)) return location
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(location, 'latin1'))
  } catch {
    return location
  }
}

/** With its mark, also where nothing follows it: to an origin, `/a?` and `/a` may be two things. */
function queryOf({ href, search, hash }: URL): string {
  if (search !== '') return search
  return href.endsWith('?', href.length - hash.length) ? '?' : ''
}
