import {
  type Handler,
  type MetricRegistry,
  type Policy,
  type RateLimitStore,
  TrafficError,
} from '@headgate/core'
import type { Authenticators } from '../authentication/authenticators.ts'
import { type AuthenticatedRoute, hasAuthentication } from '../authentication/setting.ts'
import { identityOf } from '../identity.ts'
import type { ExchangeRow } from '../layer.ts'
import type { Refusals } from '../refusals.ts'
import { fieldsOf } from '../../settings/problems/fields.ts'
import { rateLimitMetrics, routeRateLimits } from '../rate-limit/policy.ts'
import type { LimitedGateway } from '../rate-limit/setting.ts'
import { consumerLimits } from './limits.ts'
import type { ConsumedGateway } from './setting.ts'

/** Behind authentication, and in front of the limits of the route: what belongs to a consumer is looked at first. */
export const consumersLayer: ExchangeRow<
  { readonly route: AuthenticatedRoute; readonly config: ConsumedGateway & LimitedGateway },
  {
    readonly authenticators?: Pick<Authenticators, 'consumers'> | undefined
    readonly rateLimits: { get(id: string): RateLimitStore }
    readonly metrics: MetricRegistry
    readonly refusals?: Pick<Refusals, 'report'> | undefined
  }
> = {
  name: 'consumers',
  once: 'exchange',
  about: 'refuses consumers on routes that are not theirs, and beyond the limits that are',
  judged: false,
  build({ route, config }, { authenticators, rateLimits, metrics, refusals }) {
    const directory = authenticators?.consumers
    if (directory === undefined || directory.size === 0 || !hasAuthentication(route)) return undefined
    const limiting = (names: readonly string[]): Policy | undefined =>
      routeRateLimits(
        { name: route.name, rateLimit: names },
        consumerLimits(config, names),
        rateLimits,
        (id) => rateLimitMetrics(metrics, id),
      )
    return (next) => {
      // One for consumers with the same limits, made when the first of them comes.
      const limited = new Map<readonly string[], Handler>()
      const limitedBy = (names: readonly string[]): Handler => {
        const handler = limited.get(names) ?? limiting(names)?.(next) ?? next
        limited.set(names, handler)
        return handler
      }
      return function consumers(exchange) {
        const name = identityOf.of(exchange)?.consumer
        const consumer = name === undefined ? undefined : directory.get(name)
        if (consumer === undefined) return next(exchange)
        const { routes, limits } = consumer
        if (routes?.has(route.name) === false) {
          const reason = `the consumer ${consumer.name} may not use the route ${route.name}`
          refusals?.report(exchange, { by: 'consumers', name: consumer.name, reason })
          return Promise.reject(new TrafficError('forbidden', reason))
        }
        return limits.length === 0 ? next(exchange) : limitedBy(limits)(exchange)
      }
    }
  },
  tells: ({ config }) => ({ consumers: Object.keys(fieldsOf(config['consumers'])).length }),
}
