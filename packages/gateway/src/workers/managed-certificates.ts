import type { Clock, Timer } from '@headgate/core'
import type { LocalAuthority } from '../authority/local-authority.ts'
import type { GatewayConfig } from '../config/schema/schema.ts'
import type { LoadedCertificate } from '../features/tls/certificate.ts'
import type { Certificates } from '../features/tls/certificates.ts'
import { hasInternal, INTERNAL, internalNames } from '../features/tls/managed.ts'
import type { CertificateChange } from '../features/tls/watch.ts'
import { startFailure } from './start-failure.ts'

/** Who has them served. */
export interface ManagedOwner {
  replaceCertificates(renewed: Certificates): Promise<void>
  certificateChanged(change: CertificateChange): void
}

/** The longest that a timer is armed for: 12 hours, so that a clock that is set is noticed. Milliseconds. */
const LONGEST_WAIT = 43_200_000

/** The certificates that are in no file of the configuration: the gateway makes them, and renews them while it runs. */
export class ManagedCertificates {
  private readonly owner: ManagedOwner
  private readonly clock: Clock
  private readonly storage: string
  private readonly timer: Timer
  private authority: LocalAuthority | undefined
  /** The one of the local authority. */
  private internal: LoadedCertificate | undefined

  /** @param storage folder for what is kept */
  constructor(owner: ManagedOwner, clock: Clock, storage: string) {
    this.owner = owner
    this.clock = clock
    this.storage = storage
    this.timer = clock.timer(() => void this.renew())
  }

  /** Those that a configuration needs, by their identity. What makes them is loaded where there are some, and not before. */
  async ready(config: GatewayConfig): Promise<Certificates> {
    if (!hasInternal(config)) return new Map()
    const names = internalNames(config)
    const now = this.clock.wallTime()
    const { internal } = this
    const isKept = internal !== undefined && covers(internal, names) && now < dueAt(internal)
    return new Map([[INTERNAL, isKept ? internal : (await this.localAuthority()).issue(names, now)]])
  }

  /** Renews those in force from now on. */
  follow(config: GatewayConfig, certificates: Certificates): void {
    const before = this.internal
    this.internal = hasInternal(config) ? certificates.get(INTERNAL) : undefined
    if (this.internal === undefined) return this.timer.disarm()
    this.arm(this.internal)
    if (before === undefined) this.tell(this.internal)
  }

  stop(): void {
    this.timer.disarm()
  }

  private tell({ facts }: LoadedCertificate): void {
    const path = this.authority?.path
    const trust =
      path === undefined
        ? 'is in memory only, so that nobody can trust it for longer than this gateway runs'
        : `is ${path}; "headgate certs trust" tells how to have it trusted`
    const message = `tls: internal serves ${facts.names.join(', ')}, for development; the authority ${trust}`
    this.owner.certificateChanged({ applied: true, path: path ?? facts.from, message })
  }

  private arm(certificate: LoadedCertificate): void {
    const left = dueAt(certificate) - this.clock.wallTime()
    this.timer.arm(Math.min(LONGEST_WAIT, Math.max(1_000, left)))
  }

  private async renew(): Promise<void> {
    const { internal } = this
    if (internal === undefined) return
    if (this.clock.wallTime() < dueAt(internal)) return this.arm(internal)
    try {
      const authority = await this.localAuthority()
      const renewed = authority.issue(internal.facts.names, this.clock.wallTime())
      await this.owner.replaceCertificates(new Map([[INTERNAL, renewed]]))
      // Another configuration may be in force by now.
      if (this.internal === internal) this.internal = renewed
    } catch (error) {
      const message = `tls: internal is not renewed: ${startFailure(error).message}`
      this.owner.certificateChanged({ applied: false, path: internal.facts.from, message })
    }
    if (this.internal !== undefined) this.arm(this.internal)
  }

  /** Where its folder cannot be used, one in memory: a gateway that starts is worth more. */
  private async localAuthority(): Promise<LocalAuthority> {
    if (this.authority !== undefined) return this.authority
    const { LocalAuthority } = await import('../authority/local-authority.ts')
    const now = this.clock.wallTime()
    try {
      this.authority = LocalAuthority.open(this.storage, now)
    } catch (error) {
      this.authority = LocalAuthority.inMemory(now)
      const message = `tls: the local authority cannot be kept in ${this.storage}: ${startFailure(error).message}`
      this.owner.certificateChanged({ applied: false, path: this.storage, message })
    }
    return this.authority
  }
}

/** Two thirds of its life. */
function dueAt({ facts: { notBefore, notAfter } }: LoadedCertificate): number {
  return notBefore + ((notAfter - notBefore) * 2) / 3
}

function covers({ facts }: LoadedCertificate, names: readonly string[]): boolean {
  const own = new Set(facts.names)
  return own.size === names.length && names.every((name) => own.has(name))
}
