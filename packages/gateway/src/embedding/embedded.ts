import {
  type Cancellable,
  type Clock,
  Exchange,
  type Handler,
  type HttpResponse,
  TrafficError,
} from '@headgate/core'
import {
  changedWeights,
  type CompiledSplits,
  type SplitWeights,
  switchedTo,
} from '../features/split/split-weights.ts'
import type { GatewayConfig } from '../config/schema/schema.ts'
import type { ConfigProblem } from '../settings/problems/problem.ts'
import type { Gateway } from '../gateway.ts'
import { Shown } from '../metrics/metric.ts'
import { type GeoFile, loadGeo } from '../features/geo/geo-files.ts'
import { GeoWatch } from '../features/geo/geo-watch.ts'
import { countGeoReload, geoReadings } from '../features/geo/geo.ts'

/**
 * What comes out of a client in the same program is an exchange that the client goes on to use: it counts its attempts in it, and
 * sends its request again. The gateway gets one of its own, as behind a socket, so that what either does with it stays its own.
 */
export function received(handler: Handler): Handler {
  return (exchange) => (exchange.attempts === 0 ? handler(exchange) : receive(exchange, handler))
}

async function receive(outer: Exchange, handler: Handler): Promise<HttpResponse> {
  const inner = new Exchange(outer.request.clone(), outer.clock, outer.peer)
  inner.deadline = outer.deadline
  inner.priority = outer.priority
  inner.inform = outer.inform
  inner.wire = outer.wire
  const worker: Cancellable = { cancelled: (error) => inner.cancel(error) }
  outer.occupy(worker)
  try {
    const response = await handler(inner)
    outer.onFinish((_outer, outcome) => inner.finish(outcome))
    return response
  } catch (thrown) {
    outer.release(worker)
    inner.finish({ status: undefined, error: TrafficError.from(thrown), bytesSent: 0, bytesReceived: 0 })
    throw thrown
  }
}

/** How a route of an embedded gateway splits its traffic. */
export interface EmbeddedSplit {
  /** By upstream: those that count. */
  readonly weights: Readonly<Record<string, number>>
  /**
   * Changes weights at once; upstreams that are not named keep theirs.
   * @throws TypeError if an upstream is not known, a weight is no whole number from 0 to 10000, or all would be 0
   */
  change(weights: Readonly<Record<string, number>>): void
  /**
   * Sends all traffic to one upstream, at once.
   * @throws TypeError if it is not one of the split
   */
  switchTo(upstream: string): void
  /** Gives it the weights of the configuration again. */
  reset(): void
}

/** @throws TypeError if there is no such route, or it has no split */
export function embeddedSplit(splits: CompiledSplits, route: string): EmbeddedSplit {
  const weights = splits.get(route)?.weights
  if (weights === undefined) throw new TypeError(`there is no route ${JSON.stringify(route)} with a split`)
  return {
    get weights() {
      return weights.byName
    },
    change: (wanted) => apply(route, weights, changedWeights(weights, wanted)),
    switchTo: (upstream) => apply(route, weights, switchedTo(weights, upstream)),
    reset: () => weights.change(weights.configured),
  }
}

function apply(route: string, weights: SplitWeights, next: readonly number[] | string): void {
  if (typeof next === 'string') throw new TypeError(`split of route ${route}: ${next}`)
  weights.change(next)
}

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
