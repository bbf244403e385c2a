import type { Clock } from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { countGeoReload } from '../features/geo/geo.ts'
import type { GeoFile } from '../features/geo/geo-files.ts'
import { type GeoChange, GeoWatch } from '../features/geo/geo-watch.ts'
import { countCertificateChange } from '../features/tls/figures.ts'
import type { RefusedMaterial } from '../features/tls/certificates.ts'
import type { ChallengeAnswers } from '../features/tls/challenges.ts'
import { type MaterialOwner, MaterialWatch } from '../features/tls/material-watch.ts'
import { countOrder } from '../features/tls/renewals.ts'
import type { CertificateChange } from '../features/tls/watch.ts'
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
  private readonly material: MaterialWatch

  /** @param notify told of what keeps clients away, such as certificates that will soon expire */
  constructor(
    deployment: Deployment,
    clock: Clock,
    onEvent: (event: FileEvent) => void,
    notify: (message: string) => void,
  ) {
    this.geo = new GeoWatch(geoOwner(deployment, onEvent), clock)
    this.material = new MaterialWatch(materialOwner(deployment, onEvent, notify), clock)
  }

  /** Why some certificates, or authorities, are not those that are in their files, by the identity of their setting. */
  get refusedCertificates(): ReadonlyMap<string, RefusedMaterial> {
    return this.material.refused
  }

  follow(config: GatewayConfig): void {
    this.geo.follow(config.geo)
    this.material.follow(config)
  }

  /** Reads those again whose files are others now. */
  async refresh(): Promise<void> {
    await Promise.all([this.geo.refresh(), this.material.refresh()])
  }

  stop(): void {
    this.geo.stop()
    this.material.stop()
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

/** For those that the gateway makes or gets by itself. */
export function managedOwner(deployment: Deployment, onEvent: (event: FileEvent) => void): ManagedOwner {
  return {
    replaceCertificates: (certificates, gone?: readonly string[]) =>
      deployment.replaceTlsMaterial({ certificates }, gone),
    useChallenges: (answers: ChallengeAnswers) => deployment.useChallenges(answers),
    ordered: (ok: boolean) => countOrder(deployment.metrics, ok),
    certificateChanged: toldBy(deployment, onEvent),
  }
}

function materialOwner(
  deployment: Deployment,
  onEvent: (event: FileEvent) => void,
  warn: (message: string) => void,
): MaterialOwner {
  return {
    get certificates() {
      return deployment.certificates
    },
    get authorities() {
      return deployment.authorities
    },
    replace: (renewed) => deployment.replaceTlsMaterial(renewed),
    changed: toldBy(deployment, onEvent),
    warn,
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
