import type { Clock } from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { countGeoReload } from '../features/geo/geo.ts'
import type { GeoFile } from '../features/geo/geo-files.ts'
import { type GeoChange, GeoWatch } from '../features/geo/geo-watch.ts'
import { type LoadedAuthorities, TRUSTED } from '../features/client-certificates/authorities.ts'
import type { TrustConfig } from '../features/client-certificates/setting.ts'
import type { LoadedCertificate } from '../features/tls/certificate.ts'
import type { CertificateConfig } from '../features/tls/setting.ts'
import { ExpiryAlarm } from '../features/tls/expiry-alarm.ts'
import { countCertificateChange } from '../features/tls/figures.ts'
import type { ChallengeAnswers } from '../features/tls/challenges.ts'
import { countOrder } from '../features/tls/renewals.ts'
import {
  type CertificateChange,
  type CertificateOwner,
  CertificateWatch,
  SERVED,
} from '../features/tls/watch.ts'
import type { Deployment } from './deployment.ts'
import type { ManagedOwner } from './managed-certificates.ts'

export type FileEvent =
  /** A database of addresses has changed on disk. */
  | ({ readonly type: 'geo' } & GeoChange)
  /** The files of a certificate, or of authorities, have changed. */
  | ({ readonly type: 'certificate' } & CertificateChange)

/** Databases of addresses and certificates: they are put in force in all workers when their files change. */
export class FileWatches {
  private readonly geo: GeoWatch
  private readonly certificates: CertificateWatch<GatewayConfig, CertificateConfig, LoadedCertificate>
  private readonly authorities: CertificateWatch<GatewayConfig, TrustConfig, LoadedAuthorities>
  private readonly expiryAlarm: ExpiryAlarm

  /** @param notify told of certificates that will soon expire */
  constructor(
    deployment: Deployment,
    clock: Clock,
    onEvent: (event: FileEvent) => void,
    notify: (message: string) => void,
  ) {
    this.geo = new GeoWatch(geoOwner(deployment, onEvent), clock)
    this.certificates = new CertificateWatch(SERVED, certificateOwner(deployment, onEvent), clock)
    this.authorities = new CertificateWatch(TRUSTED, trustedOwner(deployment, onEvent), clock)
    this.expiryAlarm = new ExpiryAlarm(clock, () => deployment.certificates.values(), notify)
  }

  /** Why some certificates, or authorities, are not those that are in their files, by the identity of their setting. */
  get refusedCertificates(): ReadonlyMap<string, string> {
    return new Map([...this.certificates.refused, ...this.authorities.refused])
  }

  follow(config: GatewayConfig): void {
    this.geo.follow(config.geo)
    this.certificates.follow(config)
    this.authorities.follow(config)
    this.expiryAlarm.start()
  }

  /** Reads those again whose files are others now. */
  async refresh(): Promise<void> {
    await Promise.all([this.geo.refresh(), this.certificates.refresh(), this.authorities.refresh()])
  }

  stop(): void {
    this.geo.stop()
    this.certificates.stop()
    this.authorities.stop()
    this.expiryAlarm.stop()
  }
}

function geoOwner(
  deployment: Deployment,
  onEvent: (event: FileEvent) => void,
): ConstructorParameters<typeof GeoWatch>[0] {
  return {
    get geoFiles() {
      return deployment.geo
    },
    replaceGeo: (file: GeoFile) => deployment.replaceGeo(file),
    geoChanged(change: GeoChange) {
      countGeoReload(deployment.metrics, change.applied)
      onEvent({ type: 'geo', ...change })
    },
  }
}

/** Puts certificates in force, and counts and tells what came of each. */
export function certificateOwner(
  deployment: Deployment,
  onEvent: (event: FileEvent) => void,
): CertificateOwner<LoadedCertificate> & ManagedOwner {
  return {
    get inForce() {
      return deployment.certificates
    },
    replaceCertificates: (certificates, gone?: readonly string[]) =>
      deployment.replaceTlsMaterial({ certificates }, gone),
    useChallenges: (answers: ChallengeAnswers) => deployment.useChallenges(answers),
    ordered: (ok: boolean) => countOrder(deployment.metrics, ok),
    certificateChanged: toldBy(deployment, onEvent),
  }
}

function trustedOwner(
  deployment: Deployment,
  onEvent: (event: FileEvent) => void,
): CertificateOwner<LoadedAuthorities> {
  return {
    get inForce() {
      return deployment.authorities
    },
    replaceCertificates: (authorities) => deployment.replaceTlsMaterial({ authorities }),
    certificateChanged: toldBy(deployment, onEvent),
  }
}

function toldBy(
  { metrics }: Deployment,
  onEvent: (event: FileEvent) => void,
): (change: CertificateChange) => void {
  return (change) => {
    countCertificateChange(metrics, change.applied)
    onEvent({ type: 'certificate', ...change })
  }
}
