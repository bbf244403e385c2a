import { parseSocketPath } from './address.ts'
import { didYouMean, parsed, refused } from './parsed.ts'
import type { Parsed } from './parsed.ts'

/** Where an endpoint is reached. */
export type UpstreamUrl =
  | {
      readonly kind: 'tcp'
      readonly scheme: 'http' | 'https'
      /** A host name or an IP address, without brackets. */
      readonly host: string
      readonly port: number
    }
  /** Plain HTTP over a unix socket. */
  | { readonly kind: 'unix'; readonly path: string }

/**
 * `http://host:port`, `https://host:port` (ports 80 and 443 may be left out) or `unix:/run/app.sock` (plain HTTP
 * over a unix socket). Credentials are refused, because they would end up in logs; a path is refused, because
 * the request's own path is forwarded as it came.
 */
export function parseUpstreamUrl(text: string): Parsed<UpstreamUrl> {
  if (text.startsWith('unix:')) {
    const path = parseSocketPath(text.slice('unix:'.length))
    return path.ok ? parsed({ kind: 'unix', path: path.value }) : path
  }
  const parts = /^(https?):\/\/([^/?#]*)(.*)$/i.exec(text)
  if (parts === null) return refused('is not the URL of an upstream', schemeHint(text))
  const [, , authority = '', rest = ''] = parts
  if (authority.includes('@')) return refused('carries credentials', 'remove what is before the "@"')
  if (rest !== '' && rest !== '/') {
    return refused('has more than scheme, host and port', `${didYouMean(`${parts[1]}://${authority}`)} Paths are forwarded unchanged`)
  }
  return fromAuthority(text, authority)
}

function fromAuthority(text: string, authority: string): Parsed<UpstreamUrl> {
  // URL drops tabs and turns "\" into "/": what it would change silently is refused before.
  const url = /[\s\\%]/.test(authority) ? null : URL.parse(text)
  if (url === null || url.hostname === '') return refused('is not a URL with a valid host and port')
  if (url.port === '0') return refused('has port 0')
  const scheme = url.protocol === 'https:' ? 'https' : 'http'
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port)
  return parsed({ kind: 'tcp', scheme, host: url.hostname.replace(/^\[|\]$/g, ''), port })
}

function schemeHint(text: string): string | undefined {
  if (text.startsWith('/')) return didYouMean(`unix:${text}`)
  const bare = text.replace(/^[a-z][a-z0-9+.-]*:\/*(?=[^\d/])/i, '')
  const meant = `http://${bare.replace(/^\/+/, '')}`
  return parseUpstreamUrl(meant).ok ? didYouMean(meant) : undefined
}

/** One spelling per upstream: lower case, default port and final slash left out. */
export function formatUpstreamUrl(url: UpstreamUrl): string {
  if (url.kind === 'unix') return `unix:${url.path}`
  const host = url.host.includes(':') ? `[${url.host}]` : url.host
  const isDefault = url.port === (url.scheme === 'https' ? 443 : 80)
  return isDefault ? `${url.scheme}://${host}` : `${url.scheme}://${host}:${url.port}`
}

/** Names of groups hold neither, so that a reference is a name or a URL and never both. */
export function isUrlLike(reference: string): boolean {
  return reference.includes(':') || reference.includes('/')
}
