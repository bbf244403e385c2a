import { isIPv6 } from 'node:net'
import { canonicalAuthority, InvalidTarget } from '@headgate/core'
import { parseSocketPath } from './address.ts'
import { didYouMean, parsed, type Parsed, refused } from './parsed.ts'

/**
 * The URL of an endpoint in its one spelling (lower case, default port and final slash left out), so that equal
 * ones are the same upstream. `http://host:port`, `https://host:port`, `h2c://host:port` (HTTP/2 without TLS), or over a unix socket
 * `unix:/run/app.sock` (plain HTTP), `https+unix:/run/app.sock` and `h2c+unix:/run/app.sock`. Credentials are refused, because they would end up in logs; a
 * path is refused, because the request's own path is forwarded as it came.
 */
export function parseUpstreamUrl(text: string): Parsed<string> {
  const [, unixScheme, socketPath] = /^((?:https\+|h2c\+)?unix:)(.*)$/s.exec(text) ?? []
  if (unixScheme !== undefined && socketPath !== undefined) {
    const path = parseSocketPath(socketPath)
    return path.ok ? parsed(`${unixScheme}${path.value}`) : path
  }
  const parts = /^(https?|h2c):\/\/([^/?#]*)(.*)$/is.exec(text)
  if (parts === null) return refused('is not the URL of an upstream', schemeHint(text))
  const [, scheme = '', authority = '', rest = ''] = parts
  if (authority.includes('@')) return refused('carries credentials', 'remove what stands before the "@"')
  const url = fromAuthority(scheme.toLowerCase(), authority)
  if (!url.ok || rest === '' || rest === '/') return url
  return refused(
    'has more than scheme, host and port',
    `${didYouMean(url.value)} The path of each request is forwarded unchanged`,
  )
}

function fromAuthority(scheme: string, text: string): Parsed<string> {
  const authority = canonicalAuthority(text, scheme === 'https' ? 443 : 80)
  if (authority instanceof InvalidTarget) return refused(`cannot be used: ${authority.reason}`)
  const { host } = authority
  if (host.startsWith('[') && !isIPv6(host.slice(1, -1)))
    return refused('does not hold an IPv6 address in its brackets')
  return parsed(`${scheme}://${authority.text}`)
}

function schemeHint(text: string): string | undefined {
  if (text.startsWith('/')) return didYouMean(`unix:${text}`)
  // As a host, a number would be an IPv4 address.
  if (/^\d{1,5}$/.test(text)) return didYouMean(`http://127.0.0.1:${text}`)
  const http2 = http2Hint(text)
  if (http2 !== undefined) return http2
  // A scheme is followed by something other than a port.
  const [, rest] = /^(?:[a-z][a-z0-9+.-]*:(?!\d))?(.*)$/is.exec(text) ?? []
  if (/^(?:http\+)?unix:/.test(text)) return didYouMean(`unix:${rest?.replace(/^\/+/, '/')}`)
  const meant = parseUpstreamUrl(`http://${rest?.replace(/^\/+/, '')}`)
  return meant.ok ? didYouMean(meant.value) : undefined
}

/** `grpc://host:port` and its like: HTTP/2 with TLS has the scheme of any other. */
function http2Hint(text: string): string | undefined {
  const [, secure, unix = '', rest] = /^(?:h2|http2|grpc)(s?)(\+unix)?:(?!\d)(.*)$/is.exec(text) ?? []
  if (rest === undefined) return undefined
  const scheme = secure === '' ? 'h2c' : 'https'
  const place = rest.replace(/^\/+/, unix === '' ? '' : '/')
  const meant = parseUpstreamUrl(unix === '' ? `${scheme}://${place}` : `${scheme}+unix:${place}`)
  if (!meant.ok) return undefined
  const further = secure === '' ? 'With TLS, write https and' : 'For HTTP/2 there,'
  return `${didYouMean(meant.value)} ${further} set protocols: [h2] of the upstream`
}

/** Names of groups hold neither, so that a reference is a name or a URL and never both. */
export function isUrlLike(reference: string): boolean {
  return reference.includes(':') || reference.includes('/')
}

/** What an endpoint is called in logs and metrics, by its canonical URL: `host:port`, or `unix:/path`. */
export function endpointName(url: string): string {
  const [, scheme, authority] = /^(https?|h2c):\/\/(.*)$/.exec(url) ?? []
  if (authority === undefined) return url.replace(/^(?:https|h2c)\+/, '')
  return /:\d+$/.test(authority) ? authority : `${authority}:${scheme === 'https' ? 443 : 80}`
}
