import { isIPv6 } from 'node:net'

/**
 * The one canonical view of host and path (RFC 3986 6.2.2, RFC 9110 4.2.3). Routing, policies, cache keys and
 * forwarding all use what is made here, so no two of them can see two different requests. What cannot be made
 * canonical without changing its meaning is refused.
 */

/** Why a host or a path was refused, for the message of the 400. */
export class InvalidTarget {
  readonly reason: string

  constructor(reason: string) {
    this.reason = reason
  }
}

/** A host and port, canonical: lower case, no trailing dot, no default port. */
export interface Authority {
  /** Without the port; an IPv6 address in brackets. */
  readonly host: string
  readonly port: number | undefined
  /** `host` or `host:port`. */
  readonly text: string
}

/** What a path may hold that not every server reads alike. */
export interface PathForm {
  /** `%2F`: a slash within a segment to some, the end of the segment to others. */
  readonly encodedSlash: 'refuse' | 'pass'
  /** Runs of slashes: one slash to some, empty segments to others. */
  readonly slashes: 'merge' | 'keep'
}

/** Nothing that has two readings. */
export const STRICT_PATHS: PathForm = Object.freeze({ encodedSlash: 'refuse', slashes: 'merge' })

const PLAIN = 1
/** Bytes that a path may hold but that make a closer look necessary: % . / ; */
const LOOK = 2
const PATH_BYTES = new Uint8Array(128)
for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~!$&'()*+,=:@") {
  PATH_BYTES[char.charCodeAt(0)] = PLAIN
}
for (const char of '%./;') PATH_BYTES[char.charCodeAt(0)] = LOOK
// Browsers send these raw, and they mean nothing special to anyone (WHATWG URL's path percent-encode set).
for (const char of '|[]^') PATH_BYTES[char.charCodeAt(0)] = PLAIN

/**
 * The canonical form of an absolute path: unreserved characters decoded, hex digits in upper case, `.` and
 * `..` resolved, runs of slashes merged (an origin that merges them must not see another path than the router).
 * Refused: control bytes, backslash, `%00`, `%2F`, `%5C`, `..` above the root, `..;`, and over-long or
 * otherwise invalid UTF-8 in escapes, which different decoders read differently.
 * @param form where `%2F` passes, a `.` or `..` beside one is refused; where runs of slashes are kept, a `..` behind one is
 */
export function canonicalPath(path: string, form: PathForm = STRICT_PATHS): string | InvalidTarget {
  let closer = false
  for (let index = 0; index < path.length; index++) {
    const code = path.charCodeAt(index)
    const kind = code < 128 ? PATH_BYTES[code] : 0
    if (kind === PLAIN) continue
    if (kind !== LOOK)
      return new InvalidTarget(`the path holds ${byteName(code)}, which must be percent-encoded`)
    if (code !== SLASH || path.charCodeAt(index + 1) === SLASH) closer = true
  }
  if (path.charCodeAt(0) !== SLASH) return new InvalidTarget('the path does not start with "/"')
  return closer ? resolve(path, form) : path
}

const SLASH = 0x2f

function resolve(path: string, { encodedSlash, slashes }: PathForm): string | InvalidTarget {
  const decoded = path.includes('%') ? canonicalEscapes(path, encodedSlash === 'pass') : path
  if (decoded instanceof InvalidTarget) return decoded
  const segments: string[] = []
  const parts = decoded.split('/')
  for (let index = 1; index < parts.length; index++) {
    const part = parts[index] as string // within the array
    const last = index === parts.length - 1
    if (part === '..') {
      if (segments.length === 0) return new InvalidTarget('".." leads above the root')
      if (segments.pop() === '')
        return new InvalidTarget('".." behind "//" is read differently by different servers')
      if (last) segments.push('')
    } else if (part === '.' || (part === '' && slashes === 'merge')) {
      if (last) segments.push('')
    } else if (/^\.\.?(?:;|%3B)/.test(part)) {
      // Some servers drop ";..." before they resolve dots and see another path (Tomcat's "/..;/").
      return new InvalidTarget('a "." or ".." segment carries parameters')
    } else if (DOTS_BESIDE_SLASH.test(part)) {
      // Who decodes the slash sees a "." or ".." segment.
      return new InvalidTarget('"." or ".." stands beside "%2F"')
    } else segments.push(part)
  }
  return `/${segments.join('/')}`
}

const DOTS_BESIDE_SLASH = /(?:^|%2F)\.\.?(?:;[^%]*|%3B.*)?%2F|%2F\.\.?(?:;|%3B|%2F|$)/

const ESCAPE = /%([0-9A-Fa-f]{2})?/g
const UNRESERVED = /[A-Za-z0-9\-._~]/

function canonicalEscapes(path: string, passesSlash: boolean): string | InvalidTarget {
  let refused: InvalidTarget | undefined
  let beyondAscii = false
  const canonical = path.replace(ESCAPE, (escape, hex: string | undefined) => {
    if (hex === undefined) refused ??= new InvalidTarget('"%" is not followed by two hex digits')
    const byte = Number.parseInt(hex ?? '0', 16)
    if (byte < 0x20 || byte === 0x7f || (byte === SLASH && !passesSlash) || byte === 0x5c) {
      refused ??= new InvalidTarget(`${escape} in the path is read differently by different servers`)
    }
    if (byte > 0x7f) beyondAscii = true
    const char = String.fromCharCode(byte)
    return byte < 0x80 && UNRESERVED.test(char) ? char : escape.toUpperCase()
  })
  if (refused !== undefined) return refused
  if (beyondAscii && !isUtf8(canonical))
    return new InvalidTarget('the escapes in the path are not valid UTF-8')
  return canonical
}

function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}

/** The query as sent, "?" included: not normalised, as its meaning is the origin's; only bytes are checked. */
export function checkQuery(query: string): InvalidTarget | undefined {
  for (let index = 0; index < query.length; index++) {
    const code = query.charCodeAt(index)
    if (code <= 0x20 || code >= 0x7f || code === 0x23) {
      return new InvalidTarget(`the query holds ${byteName(code)}, which must be percent-encoded`)
    }
  }
  return undefined
}

function byteName(code: number): string {
  return code > 0x20 && code < 0x7f
    ? JSON.stringify(String.fromCharCode(code))
    : `byte 0x${code.toString(16)}`
}

const REG_NAME = /^[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?)*$/
const IPV6 = /^\[[0-9a-f:.]{2,45}\]$/

/** One table for each default port: the same text means another authority under another scheme. */
const knownPlain = new Map<string, Authority>()
const knownSecure = new Map<string, Authority>()
/** Hosts in use are few, forged ones many: the table of parsed hosts is emptied when it is full. */
const KNOWN_LIMIT = 1024

/**
 * The canonical form of `host[:port]` as in Host or a request target (RFC 9110 7.2, RFC 3986 3.2.2).
 * @param defaultPort the port that is left out: 80 for http, 443 for https
 */
export function canonicalAuthority(raw: string, defaultPort: number): Authority | InvalidTarget {
  const known = defaultPort === 443 ? knownSecure : knownPlain
  if (defaultPort !== 443 && defaultPort !== 80) return parseAuthority(raw, defaultPort)
  const found = known.get(raw)
  if (found !== undefined) return found
  const authority = parseAuthority(raw, defaultPort)
  if (authority instanceof InvalidTarget) return authority
  if (known.size >= KNOWN_LIMIT) known.clear()
  known.set(raw, authority)
  return authority
}

function canonicalHost(host: string): string | undefined {
  if (host.length > 255) return undefined
  if (!host.startsWith('[')) return REG_NAME.test(host) ? host : undefined
  if (!IPV6.test(host) || !isIPv6(host.slice(1, -1))) return undefined
  // One address has many spellings; the URL standard's serialiser knows the one of RFC 5952.
  return new URL(`http://${host}`).hostname
}

function parseAuthority(raw: string, defaultPort: number): Authority | InvalidTarget {
  const match = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d{0,5}))?$/.exec(raw)
  const host = canonicalHost(match?.[1]?.toLowerCase().replace(/\.$/, '') ?? '')
  if (match === null || host === undefined) {
    return new InvalidTarget('the host is not a host name or an address with an optional port')
  }
  const digits = match[2]
  const port = digits === undefined || digits === '' ? undefined : Number(digits)
  if (port !== undefined && (port < 1 || port > 65535))
    return new InvalidTarget('the port is not within 1 to 65535')
  if (port === undefined || port === defaultPort) return { host, port: undefined, text: host }
  return { host, port, text: `${host}:${port}` }
}

/** What a request is for, canonical. */
export interface RequestTarget {
  readonly authority: Authority
  readonly path: string
  readonly query: string
}

/** A target in origin-form, a path with or without a query (RFC 9112 3.2.1), as over HTTP/2 (RFC 9113 8.3.1). */
export function originForm(
  target: string,
  authority: Authority,
  paths: PathForm,
): RequestTarget | InvalidTarget {
  const mark = target.indexOf('?')
  const path = canonicalPath(mark < 0 ? target : target.slice(0, mark), paths)
  if (path instanceof InvalidTarget) return path
  if (mark < 0) return { authority, path, query: '' }
  const query = target.slice(mark)
  return checkQuery(query) ?? { authority, path, query }
}
