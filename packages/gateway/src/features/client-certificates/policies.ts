import { X509Certificate } from 'node:crypto'
import { certificateBlocks } from '../tls/pem.ts'
import { type Authorities, type LoadedAuthorities, readAuthorities, trustIdentity } from './authorities.ts'
import { type ClientCertificatesConfig, type ClientDemand, clientDemands } from './setting.ts'

/** What is asked of the clients of some names. */
export interface ClientPolicy {
  readonly mode: ClientDemand['mode']
  readonly depth: number
  readonly authorities: LoadedAuthorities
  /** The same, one by one: parsed when they are asked for first. */
  readonly parsed: () => readonly X509Certificate[]
  /** Of the setting, not of what its files hold: a connection stays good for its names when these are rotated. */
  readonly identity: string
}

/** Whose clients are asked for certificates, by the name that they ask for. */
export class ClientPolicies {
  private readonly byName = new Map<string, ClientPolicy | undefined>()

  /** @param loaded those that were read already; others are read here */
  constructor(config: ClientCertificatesConfig | undefined, loaded: Authorities = new Map()) {
    for (const [name, demand] of clientDemands(config))
      this.byName.set(name, demand && policyOf(demand, loaded))
  }

  /** Undefined where no certificate is asked for. */
  of(name: string): ClientPolicy | undefined {
    if (this.byName.size > 1) {
      if (this.byName.has(name)) return this.byName.get(name)
      for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
        const wildcard = `*${name.slice(dot)}`
        if (this.byName.has(wildcard)) return this.byName.get(wildcard)
      }
    }
    return this.byName.get('')
  }
}

function policyOf({ mode, depth, trust }: ClientDemand, loaded: Authorities): ClientPolicy {
  const trusted = trustIdentity(trust)
  const authorities = loaded.get(trusted) ?? readAuthorities(trust)
  let certificates: readonly X509Certificate[] | undefined
  const parsed = (): readonly X509Certificate[] => {
    certificates ??= certificateBlocks(pemOf(authorities.ca)).map((each) => new X509Certificate(each))
    return certificates
  }
  return { mode, depth, authorities, parsed, identity: `${mode} ${depth} ${trusted}` }
}

/** As text. */
export function pemOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

/** Names are compared without case, and a dot at the end is none of theirs (RFC 6066 3). Whatever is no host name finds nothing. */
export function canonicalName(name: string): string {
  const lower = name.toLowerCase()
  return lower.endsWith('.') ? lower.slice(0, -1) : lower
}
