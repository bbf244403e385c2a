import { type Read, section } from '../../settings/schema/section.ts'
import { integer, oneOf, value } from '../../settings/schema/setting.ts'
import { address, filePath } from '../../settings/values/kinds.ts'

const tls = section('ListenerTlsInput', () => ({
  cert: value(filePath, 'PEM file with the certificate chain, the own certificate first.'),
  key: value(filePath, 'PEM file with the private key.'),
  minVersion: oneOf(['TLSv1.2', 'TLSv1.3'], 'The oldest version of TLS that is accepted.').prefault(
    'TLSv1.2',
  ),
}))

export type ListenerTlsConfig = Read<typeof tls>

export const listener = section('ListenerInput', () => ({
  address: value(
    address,
    'Where to listen: host:port, :port for every address of the machine, or unix:/path.',
  ),
  tls: tls()
    .optional()
    .describe('Serve HTTPS with this certificate; left out, the listener serves plain HTTP.'),
  maxConnections: integer(
    'Open connections per worker, as far as there are file descriptors; beyond that, new ones are answered with 503.',
    50_000,
    1,
  ),
}))

export type ListenerConfig = Read<typeof listener>
