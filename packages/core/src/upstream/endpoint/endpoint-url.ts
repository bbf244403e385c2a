import { isIP } from 'node:net'
import { type Authority, canonicalAuthority, InvalidTarget } from '../../message/target.ts'
import type { ConnectTarget } from '../connect/connect.ts'
import type { HandshakeListener } from '../connect/tls-failure.ts'
import { TlsOrigin, type TlsOptions } from '../connect/tls.ts'

const FORMS = 'http://host[:port], https://host[:port], h2c://host[:port], unix:/path or https+unix:/path'

/**
 * Where the URL of an endpoint leads: an address, without a path or credentials.
 * @param tls used where the URL says https
 * @param handshakes told of those of TLS; nobody by default
 * @throws TypeError if it is none of those, or names more than an address
 */
export function endpointTarget(
  url: string,
  tls: TlsOptions = {},
  handshakes?: HandshakeListener,
): ConnectTarget {
  const unix = /^(https\+|http\+|h2c\+)?unix:(\/[^\0]+)$/.exec(url)
  if (unix !== null) {
    const path = unix[2] as string // a group that always takes part in the match
    return unix[1] === 'https+'
      ? { kind: 'unix', path, tls: new TlsOrigin('localhost', tls, handshakes) }
      : { kind: 'unix', path, tls: undefined }
  }
  const parts = /^(https?|h2c):\/\/([^/?#@]+)\/?$/i.exec(url)
  // The URL is not told: it may hold a password.
  if (parts === null && url.includes('@')) throw new TypeError(`an endpoint's URL holds "@": write ${FORMS}`)
  if (parts === null)
    throw new TypeError(`${JSON.stringify(url)} is not the URL of an endpoint: write ${FORMS}`)
  const secure = parts[1]?.toLowerCase() === 'https'
  const defaultPort = secure ? 443 : 80
  const authority = canonicalAuthority(parts[2] ?? '', defaultPort)
  if (authority instanceof InvalidTarget) throw new TypeError(`${JSON.stringify(url)}: ${authority.reason}`)
  const bracketed = authority.host.startsWith('[')
  const host = bracketed ? authority.host.slice(1, -1) : authority.host
  if (bracketed && isIP(host) !== 6)
    throw new TypeError(`${JSON.stringify(url)}: ${host} is not an IPv6 address`)
  const port = authority.port ?? defaultPort
  return secure
    ? { kind: 'tcp', host, port, tls: new TlsOrigin(host, tls, handshakes) }
    : { kind: 'tcp', host, port, tls: undefined }
}

/**
 * The same origin, under its own name for TLS, at one of its addresses.
 * @throws TypeError if that is no IP address, or the target has none
 */
export function atAddress(target: ConnectTarget, address: string): ConnectTarget {
  if (target.kind === 'unix') throw new TypeError('address: a unix socket has none')
  if (isIP(address) === 0) throw new TypeError(`address: ${JSON.stringify(address)} is not an IP address`)
  return { ...target, host: address }
}

/**
 * The same origin, under its own name for TLS, behind a unix socket.
 * @throws TypeError if that is no absolute path
 */
export function atSocket(target: ConnectTarget, path: string): ConnectTarget {
  if (!path.startsWith('/') || path.includes('\0'))
    throw new TypeError(`socketPath: ${JSON.stringify(path)} is not an absolute path`)
  return { kind: 'unix', path, tls: target.tls }
}

const LOCALHOST: Authority = { host: 'localhost', port: undefined, text: 'localhost' }

/** What Host says to an endpoint that is asked under its own name. */
export function endpointAuthority(target: ConnectTarget): Authority {
  if (target.kind === 'unix') return LOCALHOST
  const host = target.host.includes(':') ? `[${target.host}]` : target.host
  const authority = canonicalAuthority(`${host}:${target.port}`, target.tls === undefined ? 80 : 443)
  return authority instanceof InvalidTarget ? LOCALHOST : authority
}
