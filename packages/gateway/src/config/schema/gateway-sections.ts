import { listenerProxyProtocol } from '../../features/proxy-protocol/setting.ts'
import { sessionTicketsSetting } from '../../features/tls/session-tickets.ts'
import { listenerTlsSetting } from '../../features/tls/setting.ts'
import { protocol } from '../../features/http2.ts'
import { list } from '../../settings/schema/list.ts'
import { named, nothing, type Read, section } from '../../settings/schema/section.ts'
import { boolean, integer, off, oneOf, time, value } from '../../settings/schema/setting.ts'
import { address, anyText, filePath } from '../../settings/values/kinds.ts'
import { once, zod } from '../../settings/schema/library.ts'

const listOfProtocols = () => list(value(protocol)).min(1).prefault(['h2', 'http/1.1'])

export const listener = section('ListenerInput', () => ({
  address: value(
    address,
    'Where to listen: host:port, :port for every address of the machine, or unix:/path.',
  ),
  tls: listenerTlsSetting()
    .optional()
    .describe(
      'Serve HTTPS with these certificates; internal: with some for development, of an authority that the gateway makes. Left out, the listener serves plain HTTP.',
    ),
  protocols: listOfProtocols().describe(
    'What is spoken, the most wanted first. With TLS the client chooses by ALPN; without, HTTP/2 is spoken with clients that begin with its preface.',
  ),
  proxyProtocol: listenerProxyProtocol()
    .optional()
    .describe('Take the address of clients from the PROXY protocol of load balancers in front.'),
  maxConnections: integer(
    'Open connections per worker, as far as there are file descriptors; beyond that, new ones are answered with 503.',
    50_000,
    1,
  ),
}))

export type ListenerConfig = Read<typeof listener>

const ENCODED_SLASH =
  'What becomes of %2F in a path: refuse answers 400, pass leaves it as it is, for router, policies and upstream alike.'
const SLASHES =
  'What becomes of runs of slashes in a path: merge makes them one, keep leaves them as they are, for router, policies and upstream alike.'

/** Of all listeners. */
export const gatewayTls = section('GatewayTlsInput', () => ({
  storage: value(
    filePath,
    'Folder for the keys and certificates that the gateway makes or gets by itself. Left out: tls in $STATE_DIRECTORY, $XDG_STATE_HOME/headgate or ~/.local/state/headgate.',
  ).optional(),
  sessionTickets: zod()
    .union([off(), sessionTicketsSetting()])
    .prefault(nothing)
    .describe('How clients resume their sessions, in all workers; off: each handshake is a full one.'),
}))

/** Of all routes. */
export const paths = section('PathsInput', () => ({
  encodedSlash: oneOf(['refuse', 'pass'], ENCODED_SLASH).prefault('refuse'),
  slashes: oneOf(['merge', 'keep'], SLASHES).prefault('merge'),
}))

/** Of one route: what it does not say is as for all. */
export const routePaths = section('RoutePathsInput', () => ({
  encodedSlash: oneOf(['refuse', 'pass'], ENCODED_SLASH).optional(),
  slashes: oneOf(['merge', 'keep'], SLASHES).optional(),
}))

// The settings of how the configuration itself is changed.

export const adminToken = once(() =>
  named(
    'AdminTokenInput',
    zod().union([
      section('AdminTokenVariableInput', () => ({
        env: value(anyText, 'The environment variable that holds it.'),
      }))(),
      section('AdminTokenFileInput', () => ({ file: value(filePath, 'The file that holds it.') }))(),
    ]),
  ),
)

export type AdminTokenConfig = Read<typeof adminToken>

export const reload = section('ReloadInput', () => ({
  watch: boolean('Reload when the configuration file changes.', true),
  interval: time(
    'How often the configuration is read again besides, for what cannot be watched: what programs print (${exec:…}). Left out: never.',
  ).optional(),
}))

export const versions = section('VersionsInput', () => ({
  directory: value(
    filePath,
    'Folder where applied configurations are kept. Left out: one for this file in $STATE_DIRECTORY, $XDG_STATE_HOME or ~/.local/state.',
  ).optional(),
  keep: integer('How many applied configurations are kept.', 20, 1, 1000),
}))
