import { own } from '../../message/own-options.ts'
import { canonicalAuthority, InvalidTarget } from '../../message/target.ts'
import type { GuardedPlace } from '../guard/guard.ts'
import { type NoProxy, parseNoProxy } from './no-proxy.ts'
import type { TlsOptions } from '../connect/tls.ts'

/** A proxy through which connections are made. */
export interface ProxyOptions {
  /**
   * `http://` or `https://` for HTTP CONNECT, `socks5://` (names are resolved here) or `socks5h://` (by the proxy); with
   * `user:password@` where the proxy wants it, escaped as in every URL.
   */
  readonly url: string
  /**
   * How a proxy of HTTP is asked for origins of http: by `connect`, as undici asks, for a tunnel in which it sees nothing; or by
   * `absolute-form`, as curl asks, for whole URLs, where it allows tunnels to port 443 only, as Squid does. Then it is the proxy that
   * resolves the name, so with an address guard it is always `connect`. Default `connect`.
   */
  readonly http?: 'connect' | 'absolute-form' | undefined
  /** Hosts that are reached directly: see NO_PROXY. None by default. */
  readonly noProxy?: string | readonly string[]
  /** For a proxy of https; verification against the public CAs by default. */
  readonly tls?: TlsOptions
}

/** `environment`: as HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say, in lower or upper case. */
export type ProxySetting = ProxyOptions | 'environment'

/** The same, checked; text is the URL of a proxy. @throws TypeError if it is not valid; it does not tell the URL, which may hold a password */
export function proxySetting(setting: ProxyOptions | string): ProxySetting {
  if (setting === 'environment') return setting
  const options: ProxyOptions = typeof setting === 'string' ? own({ url: setting }) : setting
  parseProxy(own(options))
  return options
}

/** A proxy, taken apart. */
export interface Proxy {
  readonly kind: 'http-connect' | 'socks5'
  readonly host: string
  readonly port: number
  /** How it is asked for origins of http. */
  readonly http: 'connect' | 'absolute-form'
  /** Whether the proxy itself is spoken to through TLS. */
  readonly secure: boolean
  readonly tls: TlsOptions | undefined
  readonly credentials: ProxyCredentials | undefined
  /** Who resolves the names of the targets; with an address guard it is always us. */
  readonly names: 'local' | 'remote'
}

export interface ProxyCredentials {
  readonly user: string
  readonly password: string
}

/** The environment as far as it matters; `process.env` fits. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The proxy for a place; undefined if it is reached directly.
 * @throws TypeError if the setting is not valid; it does not tell the URL, which may hold a password
 */
export function proxyFor(
  place: GuardedPlace,
  setting: ProxySetting,
  environment: Environment,
): Proxy | undefined {
  const options = setting === 'environment' ? fromEnvironment(place.scheme, environment) : own(setting)
  if (options === undefined) return undefined
  const noProxy: NoProxy = parseNoProxy(options.noProxy ?? '')
  return noProxy.matches(place.host, place.port) ? undefined : parseProxy(options)
}

function fromEnvironment(scheme: 'http' | 'https', environment: Environment): ProxyOptions | undefined {
  const of = (name: string): string | undefined =>
    environment[name] || environment[name.toUpperCase()] || undefined
  // In a CGI process HTTP_PROXY is the request's header field "Proxy" (httpoxy, CVE-2016-5385).
  const isCgi = environment['REQUEST_METHOD'] !== undefined
  const own = scheme === 'http' && isCgi ? environment['http_proxy'] || undefined : of(`${scheme}_proxy`)
  const url = own ?? of('all_proxy')
  return url === undefined ? undefined : { url: withScheme(url), noProxy: of('no_proxy') ?? '' }
}

/** `proxy:3128` is what many environments say. */
function withScheme(url: string): string {
  return url.includes('://') ? url : `http://${url}`
}

const KINDS = {
  http: { kind: 'http-connect', secure: false, port: 80, names: 'remote' },
  https: { kind: 'http-connect', secure: true, port: 443, names: 'remote' },
  socks5: { kind: 'socks5', secure: false, port: 1080, names: 'local' },
  socks5h: { kind: 'socks5', secure: false, port: 1080, names: 'remote' },
} as const

function parseProxy({ url, tls, http = 'connect' }: ProxyOptions): Proxy {
  if (http !== 'connect' && http !== 'absolute-form')
    throw new TypeError(`proxy.http is ${JSON.stringify(http)}; allowed: "connect" or "absolute-form"`)
  const match = /^(https?|socks5h?):\/\/(?:([^@/?#]*)@)?([^@/?#]+)\/?$/i.exec(url)
  if (match === null)
    throw invalid(
      'it is not of the form http://, https://, socks5:// or socks5h://[user:password@]host[:port]',
    )
  const { port: defaultPort, ...kind } = KINDS[(match[1] ?? '').toLowerCase() as keyof typeof KINDS]
  const authority = canonicalAuthority(match[3] ?? '', defaultPort)
  if (authority instanceof InvalidTarget) throw invalid(authority.reason)
  const host = authority.host.startsWith('[') ? authority.host.slice(1, -1) : authority.host
  const credentials = match[2] === undefined ? undefined : parseCredentials(match[2], kind.kind)
  if (http === 'absolute-form' && kind.kind === 'socks5')
    throw new TypeError('proxy.http: SOCKS proxies open tunnels only: leave it out')
  return { ...kind, http, host, port: authority.port ?? defaultPort, tls, credentials }
}

function parseCredentials(text: string, kind: Proxy['kind']): ProxyCredentials {
  const colon = text.indexOf(':')
  const user = unescaped(colon < 0 ? text : text.slice(0, colon))
  const password = colon < 0 ? '' : unescaped(text.slice(colon + 1))
  // RFC 7617 section 2; RFC 1929 section 2.
  if (kind === 'http-connect' && user.includes(':'))
    throw invalid('a user of Basic authentication has no ":"')
  if (kind === 'socks5' && ![user, password].every((each) => Buffer.byteLength(each) <= 255 && each !== '')) {
    throw invalid('user and password of SOCKS5 have 1 to 255 bytes each')
  }
  return { user, password }
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid('user or password hold "%" without two hex digits; write %25')
  }
}

function invalid(reason: string): TypeError {
  return new TypeError(`proxy.url is not valid: ${reason}`)
}
