import { type AdminOperation, json, operation } from '../admin-api/operation.ts'
import { type Described, list, members, TEXT, TIME, WHOLE } from '../admin-api/schema.ts'
import { certificateIdentity } from '../features/tls/certificate.ts'
import { STAND_IN } from '../features/tls/managed.ts'
import type { RenewalState } from '../features/tls/renewals.ts'
import { reasonOf, servedIdentities } from '../features/tls/certificates.ts'
import { concernsOf, daysLeft } from '../features/tls/concerns.ts'
import { clientCertificateOf } from '../features/tls/upstream-setting.ts'
import { listenerUrl } from '../listen/listener-set.ts'
import type { Supervisor } from '../workers/supervisor.ts'

const RENEWAL = members({
  /** The URL of its directory. */
  directory: TEXT,
  /** When it is renewed, or tried again. */
  next: TIME,
  /** In a row. */
  failures: WHOLE,
  /** Why the last try failed. */
  'reason?': TEXT,
})
const CERTIFICATE = members({
  /** The path of its file, `inline`, `internal`, or the authority that was asked for it. */
  from: TEXT,
  listeners: list(TEXT),
  /** Those that are shown it (mutual TLS). */
  upstreams: list(TEXT),
  names: list(TEXT),
  subject: TEXT,
  issuer: TEXT,
  /** As `ECDSA P-256`. */
  key: TEXT,
  notBefore: TIME,
  notAfter: TIME,
  /** Whole ones; negative where it has expired. */
  daysLeft: WHOLE,
  /** SHA-256, in hex. */
  fingerprint: TEXT,
  /** What clients may refuse it for, today or soon. */
  concerns: list(TEXT),
  /** Of those that the gateway gets from an authority, or that stand in for one. */
  'renewal?': RENEWAL,
  /** Why it is not the one that is in the file now. */
  'refused?': TEXT,
})
const CERTIFICATES = members({ certificates: list(CERTIFICATE) })

export type CertificatesAnswer = Described<typeof CERTIFICATES>
type CertificateView = CertificatesAnswer['certificates'][number]

type CertificateSource = Pick<
  Supervisor,
  'config' | 'listeners' | 'certificates' | 'refusedCertificates' | 'renewals'
>

/** `GET /certificates`: those that listeners serve and upstreams are shown, and nothing of their keys but of which kind they are. */
export function certificateOperations(source: CertificateSource, wallTime: () => number): AdminOperation[] {
  return [
    operation({
      method: 'GET',
      path: '/certificates',
      about:
        'the certificates of all listeners and upstreams: names, issuer, days left, kind of key, and where they are from',
      id: 'listCertificates',
      result: CERTIFICATES,
      answers: { 200: 'the certificates, that which expires first before the others' },
      handle: () => json<CertificatesAnswer>({ certificates: views(source, wallTime()) }),
    }),
  ]
}

function views(
  { config: { upstreams }, listeners, certificates, refusedCertificates, renewals }: CertificateSource,
  now: number,
): CertificateView[] {
  const served = new Map<string, string[]>()
  for (const { config, port } of listeners) {
    for (const identity of config.tls === undefined ? [] : servedIdentities(config.tls)) {
      served.set(identity, [...(served.get(identity) ?? []), listenerUrl(config, port)])
    }
  }
  const shown = new Map<string, string[]>()
  for (const [name, { tls }] of Object.entries(upstreams)) {
    const certificate = tls && clientCertificateOf(tls)
    if (certificate === undefined) continue
    const identity = certificateIdentity(certificate)
    shown.set(identity, [...(shown.get(identity) ?? []), name])
  }
  const found = [...certificates].map(([identity, { facts }]): CertificateView => {
    const { from, names, subject, issuer, key, notBefore, notAfter, fingerprint } = facts
    const refused = refusedCertificates.get(identity)
    const renewal = renewals.get(identity.replace(STAND_IN, ''))
    return {
      from,
      listeners: served.get(identity) ?? [],
      upstreams: shown.get(identity) ?? [],
      names,
      subject,
      issuer,
      key,
      notBefore: new Date(notBefore).toISOString(),
      notAfter: new Date(notAfter).toISOString(),
      daysLeft: daysLeft(notAfter, now),
      fingerprint,
      concerns: concernsOf(facts, now, served.has(identity)).map(({ problem }) => problem),
      ...(renewal && { renewal: renewalView(renewal) }),
      ...(refused && { refused: reasonOf(refused) }),
    }
  })
  return found.sort((one, other) => one.daysLeft - other.daysLeft)
}

function renewalView({
  directory,
  next,
  failures,
  reason,
}: RenewalState): NonNullable<CertificateView['renewal']> {
  return { directory, next: new Date(next).toISOString(), failures, ...(reason !== undefined && { reason }) }
}
