import type { Exchange } from '@headgate/core'
import type { Condition } from '../../../routing/conditions.ts'
import { allHold } from '../../../routing/conditions.ts'
import { type ClientCertificate, clientCertificate } from '../../client-certificates/client-certificate.ts'
import { clientCertificateConditions, partsTest } from '../../client-certificates/match.ts'
import type { Identity } from '../../identity.ts'
import { ABSENT, type Authenticator, type Verdict } from '../authenticator.ts'
import type { ClientCertificateAuthenticatorConfig, SUBJECTS } from './setting.ts'

type Subject = (typeof SUBJECTS)[number]

const CALLED: Readonly<Record<Subject, string>> = {
  uri: 'URI',
  dns: 'DNS name',
  email: 'e-mail address',
  cn: 'CN',
}
const SEPARATORS: Readonly<Record<Subject, string>> = { uri: '/', dns: '.', email: '@', cn: '.' }

/**
 * Certificates that clients have shown on their connection, and that its listener has verified. What a field says of a certificate
 * (Client-Cert, X-Forwarded-Client-Cert) is none of them: anybody can send it.
 */
export class ClientCertificateAuthenticator implements Authenticator {
  readonly name: string
  /** No scheme is registered for it; a 401 has to name one all the same (RFC 9110 15.5.2). */
  readonly challenge = 'ClientCertificate realm="headgate"'
  private readonly subject: Subject
  private readonly conditions: readonly Condition[]
  private readonly groups: readonly { readonly name: string; readonly has: (subject: string) => boolean }[]
  /** What is made of a certificate once, for all requests of its connection. */
  private readonly verdicts = new WeakMap<ClientCertificate, Verdict>()

  constructor(name: string, { subject, match, groups }: ClientCertificateAuthenticatorConfig) {
    this.name = name
    this.subject = subject
    this.conditions = match === undefined ? [] : clientCertificateConditions(match)
    this.groups = Object.entries(groups).map(([group, patterns]) => {
      const tests = patterns.map((pattern) => partsTest(pattern, SEPARATORS[subject]))
      return { name: group, has: (one) => tests.some((test) => test(one)) }
    })
  }

  verify(exchange: Exchange): Verdict {
    const certificate = clientCertificate.of(exchange)
    if (certificate === undefined) return ABSENT
    const known = this.verdicts.get(certificate)
    if (known !== undefined) return known
    const verdict = allHold(this.conditions, exchange) ? this.judge(certificate) : ABSENT
    this.verdicts.set(certificate, verdict)
    return verdict
  }

  /** Of whoever has a certificate of that name: for explanations. */
  identity(subject: string): Identity {
    const groups = this.groups.filter(({ has }) => has(subject)).map(({ name }) => name)
    const { name: authenticator } = this
    return {
      kind: 'client-certificate',
      authenticator,
      subject,
      name: subject,
      groups,
      scopes: [],
      claims: {},
    }
  }

  private judge(certificate: ClientCertificate): Verdict {
    const { commonName, names } = certificate
    const subject = this.subject === 'cn' ? commonName : names[this.subject][0]
    if (subject === undefined || subject === '')
      return { kind: 'rejected', reason: `the client certificate has no ${CALLED[this.subject]}` }
    const { issuer, fingerprint, serial, subject: whole } = certificate
    const claims = { issuer, fingerprint, serial, subject: whole }
    return { kind: 'known', identity: { ...this.identity(subject), claims } }
  }
}
