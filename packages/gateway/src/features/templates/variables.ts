import { type Exchange, fieldText, isToken } from '@headgate/core'
import type { GeoLookup } from '../geo/geo-place.ts'
import { type ClientCertificate, clientCertificate } from '../client-certificates/client-certificate.ts'
import { accessTokenOf, identityOf } from '../identity.ts'
import { takenVersion } from '../api-versions/taken-version.ts'

/** What a variable of templates stands for. */
export interface Variable {
  /** A part of the canonical request, or ours: it holds no control character. */
  readonly read: (exchange: Exchange, geo: GeoLookup) => string
  /**
   * What it may be, as far as it matters to who reads a URL: empty, and beginning with each character that ends or changes an
   * authority. A template is judged with each of them.
   */
  readonly examples: readonly string[]
  /** Whether it is a part of a URL already; anything else is escaped where it becomes one. */
  readonly isUrlText?: boolean
}

/** Stands for the host that was asked for, where a template is judged. */
export const ASKED_HOST = 'asked-host.invalid'

const PLACES = ['DE', 'unknown']
const NAMES = ['', 'partners']
/** What somebody else has chosen. */
const ANY = ['', 'x', '/x', '//x', '\\x', '@x', ':1', '?x', '#x', '.x', '../x', ' ']

const VARIABLES: Readonly<Record<string, Variable>> = {
  'api.version': {
    read: (exchange) => takenVersion.of(exchange) ?? '',
    examples: ['', '2', '2026-01-31'],
  },
  'client.address': {
    read: ({ clientAddress }) => clientAddress,
    examples: ['', '192.0.2.1', '2001:db8::1', '::1', 'fe80::1%eth0'],
  },
  ...Object.fromEntries(certificateVariables()),
  'geo.asn': { read: ({ clientAddress }, geo) => geo(clientAddress).asn, examples: PLACES },
  'geo.continent': { read: ({ clientAddress }, geo) => geo(clientAddress).continent, examples: PLACES },
  'geo.country': { read: ({ clientAddress }, geo) => geo(clientAddress).country, examples: PLACES },
  'geo.subdivision': { read: ({ clientAddress }, geo) => geo(clientAddress).subdivision, examples: PLACES },
  'identity.accessToken': { read: (exchange) => shown(accessTokenOf.of(exchange)), examples: ANY },
  'identity.authenticator': {
    read: (exchange) => identityOf.of(exchange)?.authenticator ?? '',
    examples: NAMES,
  },
  'identity.consumer': { read: (exchange) => shown(identityOf.of(exchange)?.consumer), examples: NAMES },
  'identity.groups': { read: (exchange) => listed(identityOf.of(exchange)?.groups), examples: NAMES },
  'identity.name': { read: (exchange) => shown(identityOf.of(exchange)?.name), examples: ANY },
  'identity.scopes': { read: (exchange) => listed(identityOf.of(exchange)?.scopes), examples: NAMES },
  'identity.subject': { read: (exchange) => shown(identityOf.of(exchange)?.subject), examples: ANY },
  'request.host': {
    read: ({ request }) => request.authority.host,
    // HTTP/1.0 does without.
    examples: ['', ASKED_HOST],
    isUrlText: true,
  },
  'request.id': { read: ({ id }) => id, examples: ['', 'id', '/id', '//id', '../id', ':1'] },
  'request.method': { read: ({ request }) => request.method, examples: ['GET', 'POST'] },
  'request.path': { read: ({ request }) => request.path, examples: ['/', '/path'], isUrlText: true },
  'request.query': { read: ({ request }) => request.query, examples: ['', '?', '?a=b'], isUrlText: true },
  'request.scheme': {
    read: ({ clientScheme }) => clientScheme,
    examples: ['http', 'https'],
    isUrlText: true,
  },
  'route.name': { read: ({ route }) => route, examples: ['route', 'other'] },
}

/** Of the certificate that the client has shown; empty where it has shown none. */
function certificateVariables(): [string, Variable][] {
  const parts: Record<string, (certificate: ClientCertificate) => string | undefined> = {
    dns: ({ names }) => names.dns[0],
    email: ({ names }) => names.email[0],
    fingerprint: ({ fingerprint }) => fingerprint,
    issuer: ({ issuer }) => issuer,
    name: ({ name }) => name,
    serial: ({ serial }) => serial,
    subject: ({ subject }) => subject,
    uri: ({ names }) => names.uri[0],
  }
  return Object.entries(parts).map(([part, read]): [string, Variable] => [
    `client.certificate.${part}`,
    {
      read(exchange) {
        const certificate = clientCertificate.of(exchange)
        return (certificate && read(certificate)) ?? ''
      },
      examples: ANY,
    },
  ])
}

/** As they are written, for messages. */
export const VARIABLE_NAMES: readonly string[] = [
  ...Object.keys(VARIABLES),
  'params.NAME',
  'request.headers.NAME',
  'identity.claims.NAME',
]

export const PARAMS = 'params.'
const HEADERS = 'request.headers.'
const CLAIMS = 'identity.claims.'

/** The variable of that name, or why there is none. */
export function variableNamed(name: string): Variable | string {
  const known = Object.hasOwn(VARIABLES, name) ? VARIABLES[name] : undefined
  if (known !== undefined) return known
  if (/^params\.[A-Za-z_]\w*$/.test(name)) return parameter(name.slice(PARAMS.length))
  if (name.startsWith(CLAIMS)) return claim(name.slice(CLAIMS.length))
  if (name.startsWith(HEADERS)) return headerField(name.slice(HEADERS.length))
  return `has an unknown variable "\${${name}}"`
}

/** A segment of a canonical path. */
function parameter(name: string): Variable {
  return {
    read: ({ params }) => (Object.hasOwn(params, name) ? (params[name] ?? '') : ''),
    examples: ['x', '@x', ':1', '.x', ';x', '%2Fx'],
    isUrlText: true,
  }
}

/** Texts, numbers and flags as they are, anything else as JSON; empty where there is none. */
function claim(name: string): Variable {
  return {
    read(exchange) {
      const { claims = {} } = identityOf.of(exchange) ?? {}
      const value = Object.hasOwn(claims, name) ? claims[name] : undefined
      if (value === undefined || value === null) return ''
      return shown(typeof value === 'string' ? value : JSON.stringify(value))
    },
    examples: ANY,
  }
}

function listed(words: readonly string[] = []): string {
  return shown(words.join(' '))
}

/** Without control characters, which no field may hold. */
function shown(text = ''): string {
  return text.replaceAll(/\p{Cc}/gu, ' ')
}

/** What opens doors must not be copied to where it may be kept or shown. */
const SECRETS = new Set(['authorization', 'cookie', 'proxy-authorization', 'set-cookie', 'x-api-key'])

/** Ends at this connection, or is what the gateway says in its own words. */
const NOT_FORWARDED = new Set(
  'connection forwarded host keep-alive proxy proxy-connection te trailer transfer-encoding upgrade via x-real-ip'.split(
    ' ',
  ),
)

/** All lines of the name as one value; empty where there is none. Whoever sends a request chooses it. */
function headerField(written: string): Variable | string {
  const name = written.toLowerCase()
  if (!isToken(name)) return `has "\${${HEADERS}${written}}", which names no header field`
  if (SECRETS.has(name)) return `would copy a secret: "\${${HEADERS}${written}}"`
  if (NOT_FORWARDED.has(name) || name.startsWith('x-forwarded'))
    return `has "\${${HEADERS}${written}}", which anybody may claim or which ends at the gateway; there are \${request.host}, \${request.scheme} and \${client.address}`
  return {
    read: ({ request }) => fieldText(request.headers.get(name) ?? ''),
    examples: ['', 'x', '/x', '//x', '\\x', '@x', ':1', '?x', '#x', '.x', '../x', '\tx', ' '],
  }
}
