import type { Clock, Timer } from '@headgate/core'
import type { AcmeCertificates } from '../acme/acme-certificates.ts'
import type { LocalAuthority } from '../authority/local-authority.ts'
import type { GatewayConfig } from '../config/schema/schema.ts'
import type { LoadedCertificate } from '../features/tls/certificate.ts'
import type { Certificates } from '../features/tls/certificates.ts'
import type { ChallengeAnswers } from '../features/tls/challenges.ts'
import {
  acmeNames,
  acmeIdentity,
  acmeSettings,
  hasInternal,
  INTERNAL,
  internalNames,
  standInIdentity,
} from '../features/tls/managed.ts'
import type { RenewalState } from '../features/tls/renewals.ts'
import type { CertificateChange } from '../features/tls/watch.ts'
import { startFailure } from './start-failure.ts'

/** Who has them served. */
export interface ManagedOwner {
  replaceCertificates(renewed: Certificates, gone?: readonly string[]): Promise<void>
  certificateChanged(change: CertificateChange): void
  useChallenges(answers: ChallengeAnswers): Promise<void>
  /** An order of a certificate has ended, with one or without. */
  ordered(ok: boolean): void
}

/** The longest that a timer is armed for: 12 hours, so that a clock that is set is noticed. Milliseconds. */
const LONGEST_WAIT = 43_200_000

/** The certificates that are in no file of the configuration: the gateway makes or gets them, and renews them while it runs. */
export class ManagedCertificates {
  private readonly owner: ManagedOwner
  private readonly clock: Clock
  private readonly storage: string
  private readonly timer: Timer
  private authority: LocalAuthority | undefined
  private acme: AcmeCertificates | undefined
  /** Those of the local authority that are in force, by identity. */
  private made = new Map<string, LoadedCertificate>()

  /** @param storage folder for what is kept */
  constructor(owner: ManagedOwner, clock: Clock, storage: string) {
    this.owner = owner
    this.clock = clock
    this.storage = storage
    this.timer = clock.timer(() => void this.renew())
  }

  /** Those that a configuration needs, by their identity. What makes or gets them is loaded where there are some, and not before. */
  async ready(config: GatewayConfig): Promise<Certificates> {
    const found = new Map<string, LoadedCertificate>()
    const settings = acmeSettings(config)
    const acme = settings.size > 0 ? await this.acmeCertificates() : undefined
    for (const [identity, certificate] of (await acme?.ready(config)) ?? []) found.set(identity, certificate)
    for (const setting of settings.values()) {
      const covered = new Set(found.get(acmeIdentity(setting))?.facts.names)
      const missing = acmeNames(config, setting).filter((name) => !covered.has(name))
      if (missing.length > 0)
        found.set(standInIdentity(setting), await this.madeFor(standInIdentity(setting), missing))
    }
    if (hasInternal(config)) found.set(INTERNAL, await this.madeFor(INTERNAL, internalNames(config)))
    return found
  }

  /** Renews those in force from now on. */
  follow(config: GatewayConfig, certificates: Certificates): void {
    const before = this.made
    const stand = [...acmeSettings(config).values()].map((setting) => standInIdentity(setting))
    const own = hasInternal(config) ? [INTERNAL, ...stand] : stand
    this.made = new Map(
      own.flatMap((identity) => {
        const certificate = certificates.get(identity)
        return certificate === undefined ? [] : [[identity, certificate] as const]
      }),
    )
    this.acme?.follow(config)
    const internal = this.made.get(INTERNAL)
    if (internal !== undefined && !before.has(INTERNAL)) this.tell(internal)
    this.arm()
  }

  /** What is known of certificates that authorities are asked for, by identity. */
  get renewals(): ReadonlyMap<string, RenewalState> {
    return this.acme?.states ?? new Map()
  }

  /** Somebody may have mended what was wrong. */
  hurry(): void {
    this.acme?.hurry()
  }

  async stop(): Promise<void> {
    this.timer.disarm()
    await this.acme?.stop()
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

  /** The one in force, as long as it is for these names and not due; else a new one. */
  private async madeFor(identity: string, names: readonly string[]): Promise<LoadedCertificate> {
    const now = this.clock.wallTime()
    const known = this.made.get(identity)
    if (known !== undefined && isFor(known, names) && now < dueAt(known)) return known
    return (await this.localAuthority()).issue(names, now)
  }

  private arm(): void {
    const due = [...this.made.values()].map(dueAt)
    if (due.length === 0) return this.timer.disarm()
    const left = Math.min(...due) - this.clock.wallTime()
    return this.timer.arm(Math.min(LONGEST_WAIT, Math.max(1_000, left)))
  }

  private async renew(): Promise<void> {
    const now = this.clock.wallTime()
    for (const [identity, certificate] of this.made) {
      if (now < dueAt(certificate)) continue
      try {
        const renewed = (await this.localAuthority()).issue(certificate.facts.names, now)
        // Another configuration, or the certificate that it stood in for, may be in force by now.
        if (this.made.get(identity) !== certificate) continue
        this.made.set(identity, renewed)
        // oxlint-disable-next-line no-await-in-loop -- one swap after the other
        await this.owner.replaceCertificates(new Map([[identity, renewed]]))
      } catch (error) {
        const message = `tls: internal is not renewed: ${startFailure(error).message}`
        this.owner.certificateChanged({ applied: false, path: certificate.facts.from, message })
      }
    }
    this.arm()
  }

  private async acmeCertificates(): Promise<AcmeCertificates> {
    if (this.acme !== undefined) return this.acme
    const { AcmeCertificates } = await import('../acme/acme-certificates.ts')
    const { clock, storage, owner } = this
    this.acme = new AcmeCertificates({
      clock,
      storage,
      publish: (answers) => owner.useChallenges(answers),
      renewed: async (setting, certificate) => {
        const standIn = standInIdentity(setting)
        this.made.delete(standIn)
        await owner.replaceCertificates(new Map([[acmeIdentity(setting), certificate]]), [standIn])
      },
      told: (applied, message, path) => owner.certificateChanged({ applied, path, message }),
      ordered: (ok) => owner.ordered(ok),
    })
    return this.acme
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

function isFor({ facts }: LoadedCertificate, names: readonly string[]): boolean {
  const own = new Set(facts.names)
  return own.size === names.length && names.every((name) => own.has(name))
}
