import {
  type AccessLog,
  type Clock,
  type Exchange,
  type Handler,
  LoadGauge,
  MetricRegistry,
  ProcessStore,
  RetryBudget,
  sentFields,
  upstreamSteps,
} from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { resolveUpstreams } from '../config/upstreams.ts'
import { ipRanges } from '../settings/values/address.ts'
import { Kept } from '../kept.ts'
import type { RouteContext } from '../layers/layer.ts'
import { Authenticators } from '../features/authentication/authenticators.ts'
import { RateLimitStores } from '../features/rate-limit/stores.ts'
import { makeUpstreamGuard } from '../upstreams/upstream-guard.ts'
import type { GeoLookup } from '../features/geo/geo-place.ts'
import { balancingOptions } from '../features/balancing.ts'
import { loopMark } from '../features/forwarding.ts'

/**
 * What routes are compiled with to see what they do, without anything being sent.
 * @param end where requests end, in place of the upstream of that name
 */
export function dryRunContext(
  config: GatewayConfig,
  clock: Clock,
  geo: GeoLookup,
  end: (name: string) => Handler,
): RouteContext {
  const metrics = new MetricRegistry()
  const upstreams = resolveUpstreams(config)
  const { loadShedding } = config
  const kept = new Kept()
  const rateLimits = new RateLimitStores(config, clock)
  return {
    clock,
    metrics,
    accessLog: config.accessLog === false ? undefined : NO_LOG,
    trustedProxies: ipRanges(config.trustedProxies),
    rateLimits,
    cache: { id: '', store: new ProcessStore() },
    geo,
    loopKey: SHOWN_KEY,
    load: loadShedding && new LoadGauge({ limits: loadShedding, measure: () => NO_LOAD }),
    authenticators: new Authenticators(config, clock, kept, { sends: false, rateLimits }),
    kept,
    codeEnd: end('code'),
    upstreamNamed(name) {
      const upstream = upstreams.get(name)
      if (upstream === undefined) throw new TypeError(`there is no upstream ${name}`)
      const guard = makeUpstreamGuard(name, upstream, clock, metrics)
      const steps = upstreamSteps({ ...balancingOptions(upstream, config.zone), gate: guard.gate })
      return { upstream: { handler: end(name), steps }, budget: new RetryBudget(clock), guard }
    },
  }
}

/** Requests get a mark of each gateway's own: what is shown has one, too, and its value is nobody's. */
const SHOWN_KEY: Uint8Array = new Uint8Array(32)

const NO_LOG: AccessLog = { record() {} }
const NO_LOAD = { eventLoopDelay: 0, memory: 0 }

/** What stands for the mark by which a gateway knows its own requests: random, and another one in each gateway. */
const MARK = '(random)'

/**
 * The fields of the request as the upstream gets them, without Host: those of the policies, and those that say how its content is
 * framed and what its connection is to become.
 * @param route its name
 */
export function sentHead(sent: Exchange, route: string): readonly (readonly [name: string, value: string])[] {
  const mark = loopMark(SHOWN_KEY, route)
  const [, ...fields] = sentFields(sent.request)
  return fields.map(([name, value]) => [name, name === 'cdn-loop' ? value.replace(mark, MARK) : value])
}
