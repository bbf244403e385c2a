import { once, zod } from '../../settings/schema/library.ts'
import { list } from '../../settings/schema/list.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { integer, oneOf, time, value } from '../../settings/schema/setting.ts'
import { flag, type Kind, textKind } from '../../settings/values/kinds.ts'
import { parsed, refused } from '../../settings/values/parsed.ts'
import type * as z from '../../settings/schema/zod.ts'
import { acmeSetting } from './acme-setting.ts'
import { clientCertificates } from '../client-certificates/setting.ts'
import { ownChoices } from './own-choices.ts'
import { pem } from './pem-kind.ts'

export const passphrase: Kind<string> = textKind(
  'a passphrase',
  'the passphrase of the key: ${NAME} of the environment, or ${file:PATH}',
  (written) => (written === '' ? refused('is empty') : parsed(written)),
  { minLength: 1, writeOnly: true },
)

const CERT = 'PEM file with the certificate chain, the own certificate first; or the PEM text itself.'
export const KEY = 'PEM file with the private key (PKCS#8, PKCS#1 or SEC1); or the PEM text itself.'
export const PASSPHRASE =
  'What opens the key, where it is encrypted: ${NAME} of the environment, or ${file:PATH}.'

const certificate = section('CertificateInput', () => ({
  cert: value(pem, CERT),
  key: value(pem, KEY),
  passphrase: value(passphrase, PASSPHRASE).optional(),
}))

export type CertificateConfig = Read<typeof certificate>

/** How a listener serves HTTPS. */
const listenerTls = section('ListenerTlsInput', () => ({
  cert: value(pem, `${CERT} For one certificate; several stand in certificates.`).optional(),
  key: value(pem, KEY).optional(),
  passphrase: value(passphrase, PASSPHRASE).optional(),
  certificates: list(certificate())
    .min(1)
    .optional()
    .describe(
      'Several certificates: the name that a client asks for (SNI) chooses, an exact one before a wildcard. Of the same name there may be one for RSA and one for ECDSA.',
    ),
  internal: value(
    flag,
    'Whether certificates come from an authority of this machine, for development: the gateway makes both. `tls: internal` says the same.',
  ).optional(),
  acme: acmeSetting()
    .optional()
    .describe(
      'A certificate of a public authority, which the gateway gets and renews by itself (ACME, RFC 8555).',
    ),
  unknownNames: oneOf(
    ['default', 'refuse'],
    'What clients get that ask for a name of no certificate, or for none: default is the first certificate, refuse ends the handshake.',
  ).prefault('default'),
  preset: oneOf(
    ['modern', 'intermediate'],
    'Versions and cipher suites, as Mozilla recommends them: modern is TLS 1.3 alone, intermediate has the safe suites of TLS 1.2, too.',
  ).prefault('intermediate'),
  ...ownChoices(),
  clientCertificates: clientCertificates()
    .optional()
    .describe('Ask clients for certificates (mutual TLS). Left out: nobody is asked.'),
  maxHandshakes: integer(
    'Handshakes at once per worker; beyond that, the connection is closed whose handshake has lasted longest, if that is a second or more, else the new one.',
    1000,
    1,
  ),
  handshakeTimeout: time('How long a handshake may take, from the connection on.').prefault('10s'),
}))

/** The word `internal` stands for a section that says no more. */
export const listenerTlsSetting = once(() =>
  zod().union([
    oneOf(['internal']).transform(
      (): z.output<ReturnType<typeof listenerTls>> => listenerTls().parse({ internal: true }),
    ),
    listenerTls(),
  ]),
)

export type ListenerTlsConfig = Read<typeof listenerTls>

/** All certificates of a listener, the default one first. */
export function certificatesOf(tls: ListenerTlsConfig): readonly CertificateConfig[] {
  const { cert, key, passphrase: secret, certificates = [] } = tls
  if (cert === undefined || key === undefined) return certificates
  return [{ cert, key, ...(secret !== undefined && { passphrase: secret }) }, ...certificates]
}
