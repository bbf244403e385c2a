import type { MetricRegistry } from '@headgate/core'
import { metric, type Reading } from '../../metrics/metric.ts'
import type { LoadedCertificate } from './certificate.ts'

const EXPIRY = metric({
  kind: 'gauge',
  name: 'headgate_tls_certificate_expiry_seconds',
  labels: ['name', 'key'],
  help: 'When the certificate in force for a name expires, in seconds since 1970-01-01 UTC: of several with the same kind of key, the one that expires first.',
})

const CHANGES = metric({
  kind: 'counter',
  name: 'headgate_tls_certificate_changes_total',
  labels: ['result'],
  help: 'Certificates whose files changed, and that were applied, or refused with the one before left in force.',
})

/** Names that are shown: each is a series, and ten thousand of them would be most of the page. */
const MOST_NAMES = 1_000

/** Those in force, by the first of their names. */
export function expiryReadings(
  metrics: MetricRegistry,
  certificates: Iterable<Pick<LoadedCertificate, 'facts'>>,
): Reading[] {
  const first = new Map<string, { name: string; key: string; notAfter: number }>()
  for (const { facts } of certificates) {
    const { key, notAfter } = facts
    const [name = facts.from] = facts.names
    const known = first.get(`${name} ${key}`)
    if (known === undefined ? first.size >= MOST_NAMES : known.notAfter <= notAfter) continue
    first.set(`${name} ${key}`, { name, key, notAfter })
  }
  return Array.from(first.values(), ({ name, key, notAfter }) => [
    metrics.get(EXPIRY, { name, key }),
    notAfter / 1000,
  ])
}

/** The files of a certificate have changed. */
export function countCertificateChange(metrics: MetricRegistry, applied: boolean): void {
  metrics.get(CHANGES, { result: applied ? 'applied' : 'refused' }).add(1)
}
