import type { SharedKind } from '../../shared.ts'
import {
  CertificateError,
  certificateIdentity,
  loadCertificate,
  type LoadedCertificate,
} from './certificate.ts'
import { managedIdentities } from './managed.ts'
import { isInlinePem, pemPlace } from './pem.ts'
import { type CertificateConfig, certificatesOf, type ListenerTlsConfig } from './setting.ts'
import { clientCertificateOf, type UpstreamTlsConfig } from './upstream-setting.ts'

/** Those of a configuration, by the identity of their setting. */
export type Certificates = ReadonlyMap<string, LoadedCertificate>

/** The kind of those in force among what threads share: once in memory, however many workers. */
export const CERTIFICATES: SharedKind<Certificates> = { name: 'certificates' }

/** What of a configuration says which certificates there are. */
export interface CertifiedConfig {
  readonly listeners: readonly { readonly tls?: ListenerTlsConfig | undefined }[]
  readonly upstreams?: Readonly<Record<string, { readonly tls?: UpstreamTlsConfig | undefined }>>
}

/** Those that listeners serve, and those that upstreams are shown. Each setting once, though several may have it. */
export function certificateConfigs({
  listeners,
  upstreams = {},
}: CertifiedConfig): ReadonlyMap<string, CertificateConfig> {
  const served = listeners.flatMap(({ tls }) => (tls === undefined ? [] : certificatesOf(tls)))
  const shown = Object.values(upstreams).flatMap(({ tls }) => (tls && clientCertificateOf(tls)) ?? [])
  return new Map([...served, ...shown].map((each) => [certificateIdentity(each), each]))
}

/**
 * The certificates of a configuration.
 * @param previous those whose files hold what they held are not read again; where one is broken now, the one from before stays
 * @throws Error if one cannot be used, and there is none from before
 */
export function loadCertificates(config: CertifiedConfig, previous: Certificates = new Map()): Certificates {
  const loaded = new Map<string, LoadedCertificate>()
  for (const [identity, each] of certificateConfigs(config)) {
    const known = previous.get(identity)
    try {
      loaded.set(identity, loadCertificate(each, known))
    } catch (error) {
      if (known === undefined)
        throw new Error(`${nameOf(each)} ${reasonOf(refusalOf(error, each))}`, { cause: error })
      loaded.set(identity, known)
    }
  }
  return loaded
}

/** Those of one listener, in their order. Throws where one is not among them, and cannot be read. */
export function listenerCertificates(tls: ListenerTlsConfig, loaded: Certificates): LoadedCertificate[] {
  const written = certificatesOf(tls).map(
    (each) => loaded.get(certificateIdentity(each)) ?? loadCertificate(each),
  )
  const managed = managedIdentities(tls).flatMap((identity) => loaded.get(identity) ?? [])
  if (written.length === 0 && managed.length === 0)
    throw new Error('certificates that the gateway makes or gets by itself are for headgate run')
  return [...written, ...managed]
}

/** By which identities a listener's certificates are known, in their order. */
export function servedIdentities(tls: ListenerTlsConfig): string[] {
  return [...certificatesOf(tls).map(certificateIdentity), ...managedIdentities(tls)]
}

/** For a message. */
export function nameOf({ cert }: CertificateConfig): string {
  return `the certificate ${cert.includes('\n') ? 'in the configuration' : cert}`
}

/** Why what files hold cannot be used. */
export interface RefusedMaterial {
  /** The path of its first file, or `inline`. */
  readonly place: string
  /** In words that continue a sentence about the certificate, or the authorities. */
  readonly problem: string
  /** Undefined where the problem says it. */
  readonly remedy?: string | undefined
}

export function refusalOf(error: unknown, { cert, key }: CertificateConfig): RefusedMaterial {
  if (!(error instanceof CertificateError)) return { place: pemPlace(cert), problem: messageOf(error) }
  const { setting, message, remedy } = error
  const place = pemPlace(cert)
  if (setting === 'cert') return { place, problem: message, remedy }
  const file = setting === 'key' && !isInlinePem(key) ? ` ${key}` : ''
  return { place, problem: `cannot be used: its ${setting}${file} ${message}`, remedy }
}

/** Problem and remedy, for a message. */
export function reasonOf({ problem, remedy }: RefusedMaterial): string {
  return remedy === undefined ? problem : `${problem}; ${remedy}`
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
