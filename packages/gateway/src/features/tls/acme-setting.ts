import { list } from '../../settings/schema/list.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { oneOf, timeOr0, value } from '../../settings/schema/setting.ts'
import { anyText, filePath, hostPattern, type Kind, textKind } from '../../settings/values/kinds.ts'
import { parsed, refused } from '../../settings/values/parsed.ts'

const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory'
/** Of one certificate: what the best known authority takes. */
const MOST_NAMES = 100

const email: Kind<string> = textKind(
  'an e-mail address',
  'an e-mail address, such as ops@shop.example',
  (written) =>
    /^[^\s@,?]+@[^\s@,?]+$/.test(written) ? parsed(written) : refused('is not an e-mail address'),
  { pattern: '^[^\\s@,?]+@[^\\s@,?]+$' },
)

const directoryUrl: Kind<string> = textKind(
  'the URL of a directory',
  'the URL of a directory (RFC 8555), which begins with https://',
  (written) =>
    /^https:\/\/[^/?#@\s]+(?:[/?][^#\s]*)?$/.test(written) && URL.canParse(written)
      ? parsed(written)
      : refused('is not the URL of a directory'),
  { pattern: '^https://[^/?#@\\s]+(?:[/?][^#\\s]*)?$' },
)

/** Nobody agrees by a default. */
const agreement: Kind<true> = {
  allowed: 'true, once you have read the terms of the authority',
  json: { const: true },
  parse: (written) => (written === true ? parsed(true) : refused('is no agreement')),
}

const hmacKey: Kind<string> = textKind(
  'a key',
  'the key in base64url that the authority gave you: ${NAME} of the environment, or ${file:PATH}',
  (written) => (/^[\w-]{8,}=*$/.test(written) ? parsed(written) : refused('is not base64url')),
  { pattern: '^[A-Za-z0-9_-]{8,}=*$', writeOnly: true },
)

const externalAccount = section('AcmeExternalAccountInput', () => ({
  keyId: value(anyText, 'The id of the key.'),
  hmacKey: value(hmacKey, 'The key: ${NAME} of the environment, or ${file:PATH}.'),
}))

const dns = section('AcmeDnsInput', () => ({
  command: list(value(anyText))
    .min(1)
    .optional()
    .describe(
      'A program and its arguments; it is called with present or cleanup, the name of the TXT record and its value behind them, and ends with 0 when that is done.',
    ),
  module: value(
    filePath,
    'A module of JavaScript in place of a command: it exports present(name, value) and cleanup(name, value).',
  ).optional(),
  wait: timeOr0(
    'How long records take to be seen everywhere; the authority is told to look after it.',
  ).prefault('0'),
}))

/** A certificate of a public authority. */
export const acmeSetting = section('AcmeInput', () => ({
  email: value(
    email,
    'Where the authority writes to, as when something is wrong with the account.',
  ).optional(),
  names: list(value(hostPattern))
    .min(1)
    .max(MOST_NAMES)
    .optional()
    .describe(
      'The names of the certificate. Left out: the hosts of all routes (match.host), but for wildcards.',
    ),
  agreeToTerms: value(agreement, 'That you agree to the terms of the authority; its directory names them.'),
  directory: value(directoryUrl, 'The authority, by the URL of its directory.').prefault(LETS_ENCRYPT),
  ca: value(
    filePath,
    'Certificates (PEM) by which that of the authority itself is checked. Left out: those that Node trusts.',
  ).optional(),
  challenge: oneOf(
    ['http-01', 'tls-alpn-01', 'dns-01'],
    'How control of the names is proved: http-01 on port 80, tls-alpn-01 on port 443, dns-01 by a record. Left out: dns-01 where dns says how, else tls-alpn-01, and http-01 in turn with it where a listener has no TLS.',
  ).optional(),
  dns: dns().optional().describe('How records are set, for dns-01; wildcards need it.'),
  key: oneOf(
    ['p256', 'p384', 'rsa2048'],
    'The kind of key: ECDSA P-256 or P-384, or RSA of 2,048 bits.',
  ).prefault('p256'),
  externalAccount: externalAccount()
    .optional()
    .describe('Binds the account to one that you have with the authority (external account binding).'),
}))

export type AcmeConfig = Read<typeof acmeSetting>
