import { resolve } from 'node:path'
import { type Fields, fieldOf, fieldsOf, isFields, listOf } from '../../settings/problems/fields.ts'
import { findEach, type Finding, type Path, unused } from '../../settings/problems/problem.ts'
import { anyOfKeys, implies, type JsonSchema } from '../../settings/schema/schema-tree.ts'
import { acmeChecks, acmeFiles } from './acme-checks.ts'
import { clientCertificateChecks, trustChecks, trustedFiles } from '../client-certificates/checks.ts'
import { CertificateError, keyError, loadCertificate } from './certificate.ts'
import { inFolder } from './pem.ts'
import type { CertificateConfig, ListenerTlsConfig } from './setting.ts'
import type { UpstreamTlsConfig } from './upstream-setting.ts'

/** The configuration with the paths of files made absolute. */
export function upstreamTlsFiles(tls: UpstreamTlsConfig, folder: string): UpstreamTlsConfig {
  const { ca, cert, key } = tls
  return {
    ...tls,
    ...(ca !== undefined && { ca: resolve(folder, ca) }),
    ...(cert !== undefined && { cert: inFolder(cert, folder) }),
    ...(key !== undefined && { key: inFolder(key, folder) }),
  }
}

/** The same for listeners. */
export function tlsFiles(tls: ListenerTlsConfig, folder: string): ListenerTlsConfig {
  const { cert, key, certificates, acme, clientCertificates } = tls
  return {
    ...tls,
    ...(acme && { acme: acmeFiles(acme, folder) }),
    ...(clientCertificates && { clientCertificates: trustedFiles(clientCertificates, folder) }),
    ...(cert !== undefined && { cert: inFolder(cert, folder) }),
    ...(key !== undefined && { key: inFolder(key, folder) }),
    ...(certificates && {
      certificates: certificates.map((each) => ({
        ...each,
        cert: inFolder(each.cert, folder),
        key: inFolder(each.key, folder),
      })),
    }),
  }
}

/** What no setting of a listener's TLS shows alone. Looks at the configuration as it was written, as cross-checks.ts does. */
export function tlsChecks(input: Fields): Finding[] {
  return findEach(listOf(fieldOf(input, 'listeners')), (listener, index) => {
    const tls = fieldOf(listener, 'tls')
    return isFields(tls)
      ? [
          ...settingChecks(tls, ['listeners', index, 'tls']),
          ...acmeChecks(tls, input, ['listeners', index, 'tls', 'acme']),
        ]
      : []
  })
}

/** The same, as far as JSON Schema can say it. */
export const tlsRules: readonly JsonSchema[] = [
  anyOfKeys(['cert', 'key', 'certificates', 'internal', 'acme']),
  implies({ required: ['cert'] }, { required: ['key'] }),
  implies({ required: ['key'] }, { required: ['cert'] }),
  implies({ required: ['passphrase'] }, { required: ['key'] }),
]

const NEEDED = 'cert and key, certificates: [{ cert: ..., key: ... }], internal: true, or acme: { ... }'

function settingChecks(tls: Fields, path: Path): Finding[] {
  const { cert, key, certificates, passphrase, internal, acme } = tls
  if (
    cert === undefined &&
    key === undefined &&
    certificates === undefined &&
    internal !== true &&
    acme === undefined
  )
    return [{ path, part: 'key', problem: 'names no certificate', allowed: NEEDED }]
  const findings: Finding[] = []
  if (cert !== undefined && key === undefined)
    findings.push({ path: [...path, 'cert'], part: 'key', problem: 'has no key beside it', allowed: NEEDED })
  if (key !== undefined && cert === undefined)
    findings.push({ path: [...path, 'key'], part: 'key', problem: 'has no cert beside it', allowed: NEEDED })
  if (passphrase !== undefined && key === undefined)
    findings.push(unused([...path, 'passphrase'], 'is without effect, as there is no key beside it'))
  return [...findings, ...clientCertificateChecks(tls['clientCertificates'], [...path, 'clientCertificates'])]
}

/** Whether the certificates of a listener, or that of an upstream, can be read and used. */
export function certificateChecks(tls: unknown, path: Path, folder: string): Finding[] {
  const listed = findEach(listOf(fieldOf(tls, 'certificates')), (each, index) =>
    entryChecks(each, [...path, 'certificates', index], folder),
  )
  const trusted = trustChecks(fieldOf(tls, 'clientCertificates'), [...path, 'clientCertificates'], folder)
  return [...entryChecks(tls, path, folder), ...listed, ...trusted]
}

function entryChecks(entry: unknown, path: Path, folder: string): Finding[] {
  const { cert, key, passphrase } = fieldsOf(entry)
  if (!isReadable(cert) || !isReadable(key)) return []
  const config: CertificateConfig = {
    cert: inFolder(cert, folder),
    key: inFolder(key, folder),
    ...(typeof passphrase === 'string' && { passphrase }),
  }
  return errorsOf(config).map(({ setting, message, remedy }) => ({
    path: [...path, setting],
    problem: message,
    // Where the file is one, that is not what is wrong with it.
    ...(/^cannot be (?:read|used)/.test(message) && remedy === undefined && { allowed: 'a PEM file' }),
    hint: remedy,
  }))
}

/** Of both files, so that they are told together. */
function errorsOf(config: CertificateConfig): CertificateError[] {
  try {
    loadCertificate(config)
    return []
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    const other = error.setting === 'cert' ? keyError(config) : undefined
    return other === undefined ? [error] : [error, other]
  }
}

function isReadable(written: unknown): written is string {
  return typeof written === 'string' && written.trim() !== '' && !written.includes('\0')
}
