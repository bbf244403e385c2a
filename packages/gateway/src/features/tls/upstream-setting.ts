import { type Fields, fieldOf, fieldsOf, listOf } from '../../settings/problems/fields.ts'
import { type Finding, type Path, unused } from '../../settings/problems/problem.ts'
import { list } from '../../settings/schema/list.ts'
import { implies, type JsonSchema } from '../../settings/schema/schema-tree.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { boolean, oneOf, value } from '../../settings/schema/setting.ts'
import { filePath, type Kind, serverName, textKind } from '../../settings/values/kinds.ts'
import { parsed, refused } from '../../settings/values/parsed.ts'
import { pem } from './pem-kind.ts'
import { type CertificateConfig, KEY, passphrase, PASSPHRASE } from './setting.ts'

const PIN = 'sha256/[A-Za-z0-9+/]{43}='

const pin: Kind<string> = textKind(
  'a pin',
  '"sha256/" and the SHA-256 digest of the SubjectPublicKeyInfo of a certificate in base64 (RFC 7469 2.4)',
  (written) => (new RegExp(`^${PIN}$`).test(written) ? parsed(written) : refused('is not a pin')),
  { pattern: `^${PIN}$` },
)

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const

/** How upstreams are spoken to over TLS. */
export const upstreamTls = section('UpstreamTlsInput', () => ({
  ca: value(filePath, 'PEM file with the authorities to trust instead of the well-known ones.').optional(),
  cert: value(
    pem,
    'PEM file with the certificate that the gateway shows (mutual TLS), and those between it and an authority that the endpoints trust; or the PEM text itself.',
  ).optional(),
  key: value(pem, KEY).optional(),
  passphrase: value(passphrase, PASSPHRASE).optional(),
  servername: value(serverName, "The name to ask for and to verify, instead of the URL's host.").optional(),
  pins: list(value(pin))
    .min(1)
    .optional()
    .describe(
      "Public keys of which one must be in the endpoint's chain, beside all that is verified otherwise: each as sha256/BASE64, the digest of the SubjectPublicKeyInfo.",
    ),
  minVersion: oneOf(VERSIONS, 'The oldest version of TLS to speak.').prefault('TLSv1.2'),
  maxVersion: oneOf(VERSIONS, 'The newest version of TLS to speak.').prefault('TLSv1.3'),
  verify: boolean("Verify the endpoint's certificate; false is for tests only.", true),
}))

export type UpstreamTlsConfig = Read<typeof upstreamTls>

/** The certificate that the gateway shows, if it has one. */
export function clientCertificateOf({
  cert,
  key,
  passphrase: secret,
}: UpstreamTlsConfig): CertificateConfig | undefined {
  if (cert === undefined || key === undefined) return undefined
  return { cert, key, ...(secret !== undefined && { passphrase: secret }) }
}

/** What no setting of it shows alone. Looks at the configuration as it was written, as cross-checks.ts does. */
export function upstreamTlsChecks(written: unknown, path: Path, upstream: Fields): Finding[] {
  const { cert, key, passphrase: secret, minVersion, maxVersion } = fieldsOf(written)
  const findings: Finding[] = []
  const urls = listOf(upstream['endpoints']).map((endpoint) => fieldOf(endpoint, 'url'))
  const hasTls = urls.length === 0 || urls.some((url) => typeof url !== 'string' || /^https/i.test(url))
  const PLAIN = 'TLS is configured, but no endpoint has an https URL, so nothing would be encrypted'
  if (!hasTls) findings.push({ path, part: 'key', whole: true, problem: PLAIN })
  const allowed = 'cert and key together, or neither'
  if (cert !== undefined && key === undefined)
    findings.push({ path: [...path, 'cert'], part: 'key', problem: 'has no key beside it', allowed })
  if (key !== undefined && cert === undefined)
    findings.push({ path: [...path, 'key'], part: 'key', problem: 'has no cert beside it', allowed })
  if (secret !== undefined && key === undefined)
    findings.push(unused([...path, 'passphrase'], 'is without effect, as there is no key beside it'))
  if (minVersion === 'TLSv1.3' && maxVersion === 'TLSv1.2')
    findings.push({ path: [...path, 'maxVersion'], problem: 'is older than minVersion: no version is left' })
  return findings
}

/** The same, as far as JSON Schema can say it. */
export const upstreamTlsRules: readonly JsonSchema[] = [
  implies({ required: ['cert'] }, { required: ['key'] }),
  implies({ required: ['key'] }, { required: ['cert'] }),
  implies({ required: ['passphrase'] }, { required: ['key'] }),
  {
    not: {
      required: ['minVersion', 'maxVersion'],
      properties: { minVersion: { const: 'TLSv1.3' }, maxVersion: { const: 'TLSv1.2' } },
    },
  },
]
