import { clientSeer, Exchange, type Handler, HttpResponse, InvalidTarget, type Peer } from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import type { RouteConfig } from '../config/schema/route-schema.ts'
import { resolveUpstreams } from '../config/upstreams.ts'
import { ipRanges } from '../settings/values/address.ts'
import { dryRunContext } from '../explain/dry-run.ts'
import type { RouteContext } from '../layers/layer.ts'
import { NO_ROUTE } from '../metrics/route-metrics.ts'
import { routeHandler } from '../route.ts'
import { neededFields, RouteSearch, type UnsureRoute, upstreamsTaken } from './route-search.ts'
import { endpointName } from '../settings/values/upstream-url.ts'
import { LimitEstimate } from './limit-estimate.ts'
import { NotRecorded, type RecordedRequest } from './recorded-request.ts'
import { ReplayClock } from './replay-clock.ts'
import { reasonOf, type Unsure, type Verdict } from './compare.ts'
import { geoLookup } from '../features/geo/geo-files.ts'
import type { GeoLookup } from '../features/geo/geo-place.ts'
import { takenVersion } from '../features/api-versions/taken-version.ts'

/** What an upstream was asked. */
interface Arrival {
  readonly upstream: string
  readonly target: string
}

/** What becomes of recorded requests under a configuration. They go through the stacks of its routes, and nothing is sent. */
export class Evaluator {
  readonly limits: LimitEstimate
  private readonly clock = new ReplayClock()
  private readonly config: GatewayConfig
  private readonly search: RouteSearch
  private readonly context: RouteContext
  private readonly seeClient: ((exchange: Exchange) => void) | undefined
  private readonly upstreams: ReturnType<typeof resolveUpstreams>
  /** Made when they are first taken. */
  private readonly handlers = new Map<RouteConfig, Handler>()
  private arrival: Arrival | undefined

  constructor(config: GatewayConfig) {
    const geo: GeoLookup = geoLookup(config)
    this.config = config
    this.search = new RouteSearch(config, geo)
    this.upstreams = resolveUpstreams(config)
    this.seeClient = clientSeer(ipRanges(config.trustedProxies))
    this.context = {
      ...dryRunContext(config, this.clock, geo, (name) => this.arrive(name)),
      // A line of a log does not tell enough for them: of content, and of what other requests were doing at that moment.
      leavesOut: ({ judged }) => judged === false,
    }
    this.limits = new LimitEstimate(config, this.clock, geo)
  }

  async judge(recorded: RecordedRequest): Promise<Verdict | Unsure> {
    this.clock.at(recorded.time)
    const exchange = this.exchangeOf(recorded)
    const { found, unsure } = this.search.find(recorded, exchange.clientAddress)
    exchange.request.path = recorded.request.path
    const [first] = unsure
    if (first !== undefined) {
      const last = !(found instanceof InvalidTarget) && found.kind === 'found' ? found.route.name : NO_ROUTE
      return unsureOf(first, unsure, last)
    }
    if (found instanceof InvalidTarget) return refusal(400)
    if (found.kind !== 'found') return refusal(found.kind === 'not_found' ? 404 : 405)
    const { route, params } = found
    const missing = neededFields(route).find((name) => !recorded.fields.isKnown(name))
    if (missing !== undefined) {
      const unsureRoute = { route: route.name, missing: new NotRecorded(`header ${missing}`, missing) }
      return unsureOf(unsureRoute, [unsureRoute], route.name)
    }
    exchange.params = params
    await this.limits.count(route, recorded, exchange)
    return this.bodyRefusal(route, recorded) ?? this.run(route, exchange)
  }

  private bodyRefusal(route: RouteConfig, { outcome }: RecordedRequest): Verdict | Unsure | undefined {
    const limit = route.limits?.body ?? this.config.limits.body
    if (limit === undefined) return undefined
    if (outcome.bytesReceived > limit) return refusal(413, route.name)
    if (outcome.error !== 'request_body_too_large') return undefined
    const missing = new NotRecorded('the size of content that was refused')
    return unsureOf({ route: route.name, missing }, [{ route: route.name, missing }], route.name)
  }

  private exchangeOf({ request: asked, fields, client, peer: address, scheme }: RecordedRequest): Exchange {
    const request = asked.clone()
    request.headers = fields.copy()
    if (address !== client) {
      request.headers.put('x-forwarded-for', client)
      if (scheme !== undefined) request.headers.put('x-forwarded-proto', scheme)
    }
    const peer: Peer = { address, port: 0, encrypted: scheme === 'https' }
    const exchange = new Exchange(request, this.clock, peer)
    this.seeClient?.(exchange)
    return exchange
  }

  private async run(route: RouteConfig, exchange: Exchange): Promise<Verdict> {
    const response = await this.handlerOf(route)(exchange)
    const arrival = this.takeArrival()
    const { status } = response
    exchange.finish({ status, error: undefined, bytesSent: 0, bytesReceived: 0 })
    const common = { kind: 'known', route: route.name, version: takenVersion.of(exchange) ?? '' } as const
    if (arrival !== undefined) {
      const upstreams = upstreamsTaken(route, arrival.upstream)
      const endpoints = this.endpointsOf([
        ...upstreams,
        ...(route.fallback?.upstream === undefined ? [] : [route.fallback.upstream]),
      ])
      return { ...common, answer: { by: 'upstream' }, upstreams, endpoints, target: arrival.target }
    }
    const by =
      exchange.error !== undefined ? 'refusal' : status >= 300 && status < 400 ? 'redirect' : 'fixed answer'
    const target = response.headers.get('location')
    return { ...common, answer: { by, status }, upstreams: [], endpoints: NONE, target }
  }

  private handlerOf(route: RouteConfig): Handler {
    const known = this.handlers.get(route)
    if (known !== undefined) return known
    const handler = routeHandler(route, this.config, this.context)
    this.handlers.set(route, handler)
    return handler
  }

  private takeArrival(): Arrival | undefined {
    const { arrival } = this
    this.arrival = undefined
    return arrival
  }

  private arrive(upstream: string): Handler {
    return ({ request }) => {
      const { authority, path, query } = request
      this.arrival = { upstream, target: `${authority.text}${path}${query}` }
      return Promise.resolve(new HttpResponse(204))
    }
  }

  private endpointsOf(upstreams: readonly string[]): ReadonlySet<string> | undefined {
    const names = new Set<string>()
    for (const name of upstreams) {
      const { endpoints = [] } = this.upstreams.get(name) ?? {}
      for (const { url } of endpoints) {
        if (url === undefined) return undefined
        names.add(endpointName(url))
      }
    }
    return names
  }
}

const NONE: ReadonlySet<string> = new Set()

function refusal(status: 400 | 404 | 405 | 413, route: string = NO_ROUTE): Verdict {
  const answer = { by: 'refusal', status } as const
  return { kind: 'known', route, answer, upstreams: [], endpoints: NONE, target: undefined, version: '' }
}

function unsureOf({ route, missing }: UnsureRoute, unsure: readonly UnsureRoute[], last: string): Unsure {
  return {
    kind: 'unsure',
    possible: [...new Set([...unsure.map((each) => each.route), last])],
    question: JSON.stringify([unsure.map((each) => [each.route, each.missing.what]), last]),
    reason: reasonOf(route, missing),
    field: missing.field,
  }
}
