import {
  type Clock,
  copyExchange,
  type Exchange,
  type Handler,
  HttpResponse,
  TrafficError,
} from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import type { RouteConfig } from '../config/schema/route-schema.ts'
import { type RateLimitConfig, rateLimitId, resolveRateLimits } from '../features/rate-limit/setting.ts'
import { type RateLimitListener, routeRateLimits } from '../features/rate-limit/policy.ts'
import { RateLimitStores } from '../features/rate-limit/stores.ts'
import type { GeoLookup } from '../features/geo/geo-place.ts'
import type { RecordedRequest } from './recorded-request.ts'

/** What a rate limit would have done. */
export interface LimitFigures {
  readonly limit: string
  readonly allowed: number
  readonly limited: number
  /** Requests of which the log does not tell by what they are limited. */
  readonly unknown: number
}

interface Count {
  allowed: number
  limited: number
  unknown: number
}

/** Kinds of keys that a line has. */
const KNOWN_KEYS = ['client-ip', 'country', 'route', 'global', 'header']

/**
 * What rate limits would do with the requests of a log, by the gateway's own limits and the times of its lines. An estimate:
 * nobody knows how clients that are refused go on, and requests of several workers stand in the log in the order of their ends.
 */
export class LimitEstimate {
  private readonly config: GatewayConfig
  private readonly geo: GeoLookup
  private readonly limits: ReadonlyMap<string, RateLimitConfig>
  private readonly stores: RateLimitStores
  private readonly counts = new Map<string, Count>()
  /** By route, and by what of its limits can be judged. */
  private readonly handlers = new Map<RouteConfig, Map<string, Handler>>()

  constructor(config: GatewayConfig, clock: Clock, geo: GeoLookup) {
    this.config = config
    this.geo = geo
    this.limits = resolveRateLimits(config)
    this.stores = new RateLimitStores(config, clock)
  }

  get figures(): LimitFigures[] {
    return Array.from(this.counts, ([limit, count]) => ({ limit, ...count }))
  }

  async count(route: RouteConfig, recorded: RecordedRequest, exchange: Exchange): Promise<void> {
    if (route.rateLimit === undefined) return
    const judged = route.rateLimit.filter((limit) => {
      const id = rateLimitId(route.name, limit)
      const known = this.isKnown(id, recorded)
      if (!known) this.countOf(id).unknown++
      return known
    })
    if (judged.length === 0) return
    try {
      await this.handlerOf(route, judged)(copyExchange(exchange, exchange.request, { apart: true }))
    } catch (error) {
      // Refused, which has been counted.
      if (!(error instanceof TrafficError)) throw error
    }
  }

  private handlerOf(route: RouteConfig, rateLimit: NonNullable<RouteConfig['rateLimit']>): Handler {
    const ofRoute = this.handlers.get(route) ?? new Map<string, Handler>()
    this.handlers.set(route, ofRoute)
    const key = rateLimit.map((limit) => rateLimitId(route.name, limit)).join()
    const known = ofRoute.get(key)
    if (known !== undefined) return known
    const listenerOf = (id: string): RateLimitListener => {
      const count = this.countOf(id)
      return { decided: (isAllowed) => count[isAllowed ? 'allowed' : 'limited']++, storeFailed() {} }
    }
    const policy = routeRateLimits({ ...route, rateLimit }, this.config, this.stores, listenerOf, this.geo)
    const handler = policy?.(passed) ?? passed
    ofRoute.set(key, handler)
    return handler
  }

  private isKnown(id: string, { fields }: RecordedRequest): boolean {
    const { key, bypass } = this.limits.get(id) as RateLimitConfig // of this configuration
    return (
      key.every(
        (each) => KNOWN_KEYS.includes(each.kind) && (!('name' in each) || fields.isKnown(each.name)),
      ) && Object.keys(bypass.headers).every((name) => fields.isKnown(name))
    )
  }

  private countOf(id: string): Count {
    const known = this.counts.get(id)
    if (known !== undefined) return known
    const count = { allowed: 0, limited: 0, unknown: 0 }
    this.counts.set(id, count)
    return count
  }
}

const passed: Handler = () => Promise.resolve(new HttpResponse(204))
