import type { Clock } from '@headgate/core'
import {
  type Authorities,
  type LoadedAuthorities,
  TRUSTED,
  type TrustingConfig,
} from '../client-certificates/authorities.ts'
import type { TrustConfig } from '../client-certificates/setting.ts'
import type { LoadedCertificate } from './certificate.ts'
import type { Certificates, CertifiedConfig, RefusedMaterial } from './certificates.ts'
import { type CoveredConfig, nameWarnings } from './coverage.ts'
import { ExpiryAlarm } from './expiry-alarm.ts'
import type { CertificateConfig } from './setting.ts'
import { type CertificateChange, CertificateWatch, SERVED } from './watch.ts'

/** Who has certificates and authorities in force, as a process with workers or a gateway in a program. */
export interface MaterialOwner {
  readonly certificates: Certificates
  readonly authorities: Authorities
  /** Puts them in force in place of those of the same setting. */
  replace(renewed: { certificates?: Certificates; authorities?: Authorities }): Promise<void>
  changed(change: CertificateChange): void
  /** Told what keeps clients away, today or soon. */
  warn(message: string): void
}

type WatchedConfig = CertifiedConfig & TrustingConfig & CoveredConfig

/** All that is done about certificates and authorities in force: their files are watched, and what is wrong with them is told. */
export class MaterialWatch {
  private readonly owner: MaterialOwner
  private readonly certificates: CertificateWatch<CertifiedConfig, CertificateConfig, LoadedCertificate>
  private readonly authorities: CertificateWatch<TrustingConfig, TrustConfig, LoadedAuthorities>
  private readonly alarm: ExpiryAlarm
  private config: WatchedConfig | undefined
  /** Of the names of certificates, when that was looked at last. */
  private told: ReadonlySet<string> = new Set()

  constructor(owner: MaterialOwner, clock: Clock) {
    this.owner = owner
    const changed = (change: CertificateChange): void => owner.changed(change)
    const served = {
      get inForce() {
        return owner.certificates
      },
      replaceCertificates: async (certificates: Certificates) => {
        await owner.replace({ certificates })
        this.lookAtNames()
      },
      certificateChanged: changed,
    }
    const trusted = {
      get inForce() {
        return owner.authorities
      },
      replaceCertificates: (authorities: Authorities) => owner.replace({ authorities }),
      certificateChanged: changed,
    }
    this.certificates = new CertificateWatch(SERVED, served, clock)
    this.authorities = new CertificateWatch(TRUSTED, trusted, clock)
    this.alarm = new ExpiryAlarm(clock, owner, (message) => owner.warn(message))
  }

  /** Why some are not what is in their files, by the identity of their setting. */
  get refused(): ReadonlyMap<string, RefusedMaterial> {
    return new Map([...this.certificates.refused, ...this.authorities.refused])
  }

  /** Looks after those of a configuration from now on, and no others. */
  follow(config: WatchedConfig): void {
    this.config = config
    this.certificates.follow(config)
    this.authorities.follow(config)
    this.alarm.start()
    this.lookAtNames()
  }

  /** Looks at all files now: where nothing tells of a change, as on some network file systems. */
  async refresh(): Promise<void> {
    await Promise.all([this.certificates.refresh(), this.authorities.refresh()])
  }

  stop(): void {
    this.certificates.stop()
    this.authorities.stop()
    this.alarm.stop()
  }

  /** What was told before is not told again. */
  private lookAtNames(): void {
    if (this.config === undefined) return
    const found = nameWarnings(this.config, this.owner.certificates)
    for (const each of found) if (!this.told.has(each)) this.owner.warn(`tls: ${each}`)
    this.told = new Set(found)
  }
}
