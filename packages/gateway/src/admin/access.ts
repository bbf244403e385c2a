import { createHash, timingSafeEqual } from 'node:crypto'
import { BlockList, isIP, isIPv6 } from 'node:net'
import type { HttpRequest } from '@headgate/core'
import { type AdminAnswer, problem } from '../admin-api/operation.ts'
import { LARGEST_SECRET, readPlainFile } from '../plain-file.ts'
import { whyUnreadable } from '../settings/read/read-text.ts'
import type { Address } from '../settings/values/address.ts'
import { StartError } from '../workers/start-failure.ts'
import type { AdminTokenConfig } from '../config/schema/gateway-sections.ts'

/** Who may do what. */
export interface Access {
  readonly address: Address
  /** Undefined: none is asked for. */
  readonly token: string | undefined
}

/** Why a request may not do what it wants to; undefined if it may. */
export function denied(
  request: HttpRequest,
  changes: boolean,
  { address, token }: Access,
): AdminAnswer | undefined {
  if (token !== undefined && !bears(request, token)) {
    return problem(401, 'Unauthorized', 'send "Authorization: Bearer TOKEN" with the token of admin.token', {
      'www-authenticate': 'Bearer',
    })
  }
  if (!changes) return undefined
  // Any page that a browser shows may send a POST to this machine; only those of this server may mean it.
  if (isForeign(request)) {
    return problem(403, 'Forbidden', 'pages of other origins may change nothing here')
  }
  if (token === undefined && !isLocal(address)) {
    return problem(403, 'Forbidden', 'changes through an address that is not loopback need admin.token')
  }
  return undefined
}

function bears({ headers }: HttpRequest, token: string): boolean {
  const sent = /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1] ?? ''
  // Of their hashes: in a time that does not even tell the length.
  return timingSafeEqual(hash(sent), hash(token))
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function isForeign({ headers, authority }: HttpRequest): boolean {
  const origin = headers.get('origin')
  if (origin === undefined) return headers.get('sec-fetch-site') === 'cross-site'
  return URL.canParse(origin) ? new URL(origin).host !== authority.text : true
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

function isLocal(address: Address): boolean {
  if (address.kind === 'unix' || address.host === 'localhost') return true
  return LOOPBACK.check(address.host, isIPv6(address.host) ? 'ipv6' : 'ipv4')
}

/**
 * Whether a Host field may be trusted to come from somebody who means this server. A web page can have its own name
 * resolve to 127.0.0.1 after it was loaded, and the browser then lets it read what this server answers (DNS
 * rebinding): but it cannot make the browser send another Host than that name.
 * @param host as it was sent, canonical and without the port
 * @param hosts that are allowed, too: `headgate.internal`, or `*.internal` for all below it
 */
export function isHostAllowed(host: string, address: Address, hosts: readonly string[] = []): boolean {
  // No browser reaches a unix socket.
  if (address.kind === 'unix') return true
  const name = host.replace(/^\[(.*)\]$/, '$1')
  if (isIP(name) !== 0 || name === 'localhost' || name === address.host.toLowerCase()) return true
  return hosts.some((each) => (each.startsWith('*.') ? name.endsWith(each.slice(1)) : name === each))
}

/**
 * Reads the token of the admin endpoints.
 * @throws StartError if there is none where it should be: the endpoints must not be open by mistake
 */
export function readToken(
  token: AdminTokenConfig | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (token === undefined) return undefined
  const [place, found] =
    'env' in token
      ? [`the environment variable ${token.env}`, env[token.env]?.trim()]
      : [token.file, contentOf(token.file)]
  if (found === undefined || found === '') {
    throw new StartError({ message: `admin.token: there is no token in ${place}` })
  }
  if (/\s/.test(found))
    throw new StartError({ message: `admin.token: what ${place} holds has white space in it` })
  return found
}

function contentOf(file: string): string {
  try {
    return readPlainFile(file, LARGEST_SECRET).toString('utf8').trim()
  } catch (error) {
    throw new StartError({ message: `admin.token: ${file} cannot be read: ${whyUnreadable(error)}` })
  }
}
