import type { Clock } from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { countGeoReload, geoReadings } from '../features/geo/geo.ts'
import { type GeoFile, loadGeo } from '../features/geo/geo-files.ts'
import { GeoWatch } from '../features/geo/geo-watch.ts'
import { countCertificateChange } from '../features/tls/figures.ts'
import { type MaterialOwner, MaterialWatch } from '../features/tls/material-watch.ts'
import type { Gateway } from '../gateway.ts'
import { Shown } from '../metrics/metric.ts'
import type { ConfigProblem } from '../settings/problems/problem.ts'

/** The databases of addresses of a gateway without a supervisor, or what is wrong with them. */
export function embeddedGeo(geo: GatewayConfig['geo']): readonly GeoFile[] | ConfigProblem {
  try {
    return loadGeo(geo)
  } catch (error) {
    return { path: 'geo.database', message: error instanceof Error ? error.message : String(error) }
  }
}

/** Has a gateway in a program use its databases and certificates anew when they change on disk. */
export class EmbeddedFiles {
  private readonly geo: GeoWatch
  private readonly material: MaterialWatch

  constructor(gateway: Gateway, config: GatewayConfig, databases: readonly GeoFile[], clock: Clock) {
    this.geo = watchedGeo(gateway, databases, clock)
    this.geo.follow(config.geo)
    this.material = watchedMaterial(gateway, clock)
    this.material.follow(config)
  }

  stop(): void {
    this.geo.stop()
    this.material.stop()
  }
}

function watchedGeo(gateway: Gateway, files: readonly GeoFile[], clock: Clock): GeoWatch {
  let inForce = files
  const shown = new Shown()
  const show = (): void => shown.show(geoReadings(gateway.metrics, inForce))
  show()
  const owner = {
    get geoFiles() {
      return inForce
    },
    replaceGeo(file: GeoFile): Promise<void> {
      inForce = inForce.map((each) => (each.path === file.path ? file : each))
      gateway.useGeo(inForce)
      show()
      return Promise.resolve()
    },
    geoChanged({ applied, message }: { readonly applied: boolean; readonly message: string }) {
      countGeoReload(gateway.metrics, applied)
      if (!applied) warn(message)
    },
  }
  return new GeoWatch(owner, clock)
}

function watchedMaterial(gateway: Gateway, clock: Clock): MaterialWatch {
  const owner: MaterialOwner = {
    get certificates() {
      return gateway.tlsMaterial.certificates
    },
    get authorities() {
      return gateway.tlsMaterial.authorities
    },
    replace({ certificates = new Map(), authorities = new Map() }): Promise<void> {
      gateway.useMaterial({ certificates, authorities })
      return Promise.resolve()
    },
    changed({ applied, message }) {
      countCertificateChange(gateway.metrics, applied)
      if (!applied) warn(message)
    },
    warn,
  }
  return new MaterialWatch(owner, clock)
}

/** There is no log but that of the program. */
function warn(message: string): void {
  process.emitWarning(message, 'HeadgateWarning')
}
