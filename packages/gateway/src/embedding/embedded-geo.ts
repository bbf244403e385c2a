import type { Clock } from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import type { ConfigProblem } from '../settings/problems/problem.ts'
import type { Gateway } from '../gateway.ts'
import { Shown } from '../metrics/metric.ts'
import { type GeoFile, loadGeo } from '../features/geo/geo-files.ts'
import { GeoWatch } from '../features/geo/geo-watch.ts'
import { countGeoReload, geoReadings } from '../features/geo/geo.ts'

/** The databases of addresses of a gateway without a supervisor, or what is wrong with them. */
export function embeddedGeo(geo: GatewayConfig['geo']): readonly GeoFile[] | ConfigProblem {
  try {
    return loadGeo(geo)
  } catch (error) {
    return { path: 'geo.database', message: error instanceof Error ? error.message : String(error) }
  }
}

/** Has it use them anew when they change on disk. */
export function watchEmbeddedGeo(
  gateway: Gateway,
  geo: GatewayConfig['geo'],
  files: readonly GeoFile[],
  clock: Clock,
): GeoWatch {
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
      if (!applied) process.emitWarning(message, 'HeadgateWarning')
    },
  }
  const watch = new GeoWatch(owner, clock)
  watch.follow(geo)
  return watch
}
