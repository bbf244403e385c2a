import { canonicalName } from '../features/client-certificates/policies.ts'
import type { LoadedCertificate } from '../features/tls/certificate.ts'
import type { ListenerTlsConfig } from '../features/tls/setting.ts'

/** What is served for some names: one certificate, or one for each kind of key, between which OpenSSL chooses by what the client can. */
export interface CertificateGroup {
  /** Which of its table. */
  readonly number: number
  readonly certificates: readonly LoadedCertificate[]
  /** Of all names that lead here and can be served by it: tickets are good for the same ones only. */
  readonly names: readonly string[]
}

/** Which certificate is for which name: one look-up, however many there are, and a second one for wildcards. */
export class CertificateTable {
  private readonly byName = new Map<string, CertificateGroup>()
  private readonly fallback: CertificateGroup | undefined

  /** @param certificates at least one; among those for the same name and of the same kind of key, the first counts */
  constructor(certificates: readonly LoadedCertificate[], unknownNames: ListenerTlsConfig['unknownNames']) {
    const groups = new Map<string, CertificateGroup>()
    const numbers = new Map(certificates.map((each, index) => [each, index]))
    const groupOf = (members: readonly LoadedCertificate[]): CertificateGroup => {
      const key = members.map((each) => numbers.get(each)).join(' ')
      const group = groups.get(key) ?? {
        number: groups.size,
        certificates: members,
        names: members.flatMap(({ facts }) => facts.names),
      }
      groups.set(key, group)
      return group
    }
    for (const [name, members] of byName(certificates)) this.byName.set(name, groupOf(members))
    const [first] = certificates
    // With the same names for another kind of key, that one is as good.
    if (unknownNames === 'default' && first !== undefined)
      this.fallback = this.byName.get(first.facts.names[0] ?? '') ?? groupOf([first])
  }

  /**
   * @param serverName as the client wrote it; undefined: it asks for none
   * @returns undefined where it is to be refused
   */
  choose(serverName: string | undefined): CertificateGroup | undefined {
    if (serverName === undefined) return this.fallback
    const name = canonicalName(serverName)
    const dot = name.indexOf('.')
    return (
      this.byName.get(name) ?? (dot > 0 ? this.byName.get(`*${name.slice(dot)}`) : undefined) ?? this.fallback
    )
  }
}

function byName(certificates: readonly LoadedCertificate[]): Map<string, LoadedCertificate[]> {
  const found = new Map<string, LoadedCertificate[]>()
  for (const each of certificates) {
    for (const name of each.facts.names) {
      const others = found.get(name)
      if (others === undefined) found.set(name, [each])
      else if (others.every(({ keyType }) => keyType !== each.keyType)) others.push(each)
    }
  }
  return found
}
