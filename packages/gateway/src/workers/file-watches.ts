import type { Clock } from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { countGeoReload } from '../features/geo/geo.ts'
import type { GeoFile } from '../features/geo/geo-files.ts'
import { type GeoChange, GeoWatch } from '../features/geo/geo-watch.ts'
import type { Certificates } from '../features/tls/certificates.ts'
import { ExpiryAlarm } from '../features/tls/expiry-alarm.ts'
import { countCertificateChange } from '../features/tls/figures.ts'
import { type CertificateChange, CertificateWatch } from '../features/tls/watch.ts'
import type { Deployment } from './deployment.ts'

export type FileEvent =
  /** A database of addresses has changed on disk. */
  | ({ readonly type: 'geo' } & GeoChange)
  /** The files of a certificate have changed. */
  | ({ readonly type: 'certificate' } & CertificateChange)

/** Databases of addresses and certificates: they are put in force in all workers when their files change. */
export class FileWatches {
  private readonly geo: GeoWatch
  private readonly certificates: CertificateWatch
  private readonly expiryAlarm: ExpiryAlarm

  /** @param notify told of certificates that will soon expire */
  constructor(
    deployment: Deployment,
    clock: Clock,
    onEvent: (event: FileEvent) => void,
    notify: (message: string) => void,
  ) {
    this.geo = new GeoWatch(geoOwner(deployment, onEvent), clock)
    this.certificates = new CertificateWatch(certificateOwner(deployment, onEvent), clock)
    this.expiryAlarm = new ExpiryAlarm(clock, () => deployment.certificates.values(), notify)
  }

  /** Why some certificates are not those that are in their files. */
  get refusedCertificates(): ReadonlyMap<string, string> {
    return this.certificates.refused
  }

  follow(config: GatewayConfig): void {
    this.geo.follow(config.geo)
    this.certificates.follow(config)
    this.expiryAlarm.start()
  }

  /** Reads those again whose files are others now. */
  async refresh(): Promise<void> {
    await Promise.all([this.geo.refresh(), this.certificates.refresh()])
  }

  stop(): void {
    this.geo.stop()
    this.certificates.stop()
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
): ConstructorParameters<typeof CertificateWatch>[0] {
  return {
    get certificates() {
      return deployment.certificates
    },
    replaceCertificates: (renewed: Certificates) => deployment.replaceCertificates(renewed),
    certificateChanged(change: CertificateChange) {
      countCertificateChange(deployment.metrics, change.applied)
      onEvent({ type: 'certificate', ...change })
    },
  }
}
