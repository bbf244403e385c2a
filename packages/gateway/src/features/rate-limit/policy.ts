import {
  type Exchange,
  LocalRateLimitStore,
  type MetricRegistry,
  type Policy,
  type QuotaLimit,
  rateLimits,
  type RateLimitStore,
} from '@headgate/core'
import {
  type LimitedGateway,
  type LimitedRoute,
  type RateLimitConfig,
  rateLimitId,
  resolveRateLimits,
} from './setting.ts'
import type { ExchangeRow } from '../layer.ts'
import { fieldOf, fieldsOf } from '../../settings/problems/fields.ts'
import { type GeoLookup, knowNothing } from '../geo/geo-place.ts'
import { fieldCount, operationCount } from '../graphql/operation-key.ts'
import { rateLimitBypass, rateLimitKey } from './key.ts'
import { type RateLimitListener, rateLimitMetrics } from './metrics.ts'
import { RestingStore } from './resting-store.ts'
import { storeOptions } from './stores.ts'

/** Whether a route takes several operations in one request. */
export interface TakenOperations {
  readonly graphql?: { readonly maxBatch: number } | undefined
}

/** The limits of a route as a policy; undefined if it has none. */
export function routeRateLimits(
  route: LimitedRoute & TakenOperations,
  config: LimitedGateway,
  stores: { get(id: string): RateLimitStore },
  listenerOf: (id: string) => RateLimitListener,
  geo: GeoLookup = knowNothing,
): Policy | undefined {
  if (route.rateLimit === undefined) return undefined
  const all = resolveRateLimits({ ...config, routes: [route] })
  const limits = route.rateLimit.map((written): QuotaLimit => {
    const id = rateLimitId(route.name, written)
    const limit = all.get(id)
    if (limit === undefined) throw new TypeError(`route ${route.name}: there is no rate limit ${id}`)
    const key = rateLimitKey(limit.key, route.name, geo)
    const bypass = rateLimitBypass(limit.bypass)
    const store = stores.get(id)
    const { decided, storeFailed } = listenerOf(id)
    return {
      ...storeOptions(limit),
      name: typeof written === 'string' ? written : written.name,
      fields: limit.fields,
      ...(store.local ? { store } : remoteStore(store, limit, storeFailed)),
      key: bypass === undefined ? key : (exchange) => (bypass(exchange) ? undefined : key(exchange)),
      units: unitsOf(route, limit),
      onDecision: decided,
    }
  })
  return rateLimits({ limits })
}

/** One that may fail, and what holds then. */
function remoteStore(
  store: RateLimitStore,
  limit: RateLimitConfig,
  count: () => void,
): Pick<QuotaLimit, 'store' | 'onStoreError' | 'onFailure'> {
  const resting = new RestingStore(store)
  const local = { ...storeOptions(limit), maxKeys: limit.maxKeys }
  return {
    store: resting,
    onStoreError: limit.onStoreError === 'local' ? new LocalRateLimitStore(local) : limit.onStoreError,
    onFailure(error) {
      resting.failed(error)
      count()
    },
  }
}

/** Undefined for one unit. None takes more than may come at once: it would wait for ever. */
function unitsOf(
  route: TakenOperations,
  limit: RateLimitConfig,
): ((exchange: Exchange) => number) | undefined {
  const { rate, burst = rate.requests, cost } = limit
  if (cost === 'graphql-fields') return (exchange) => Math.min(fieldCount(exchange), burst)
  return takesBatches(route) ? (exchange) => Math.min(operationCount(exchange), burst) : undefined
}

function takesBatches({ graphql }: TakenOperations): boolean {
  return graphql !== undefined && graphql.maxBatch > 0
}

/** Whether the limits of a route must know the operation of a request. */
export function limitsAskForOperation(
  route: LimitedRoute & TakenOperations,
  config: LimitedGateway,
): boolean {
  if (takesBatches(route)) return true
  const limits = resolveRateLimits({ ...config, routes: [route] })
  return (route.rateLimit ?? []).some((written) => {
    const limit = limits.get(rateLimitId(route.name, written))
    return limit?.cost !== undefined || limit?.key.some(({ kind }) => kind.startsWith('graphql-'))
  })
}

export const rateLimitLayer: ExchangeRow<
  { readonly route: LimitedRoute & TakenOperations; readonly config: LimitedGateway },
  {
    readonly rateLimits: { get(id: string): RateLimitStore }
    readonly metrics: MetricRegistry
    readonly geo?: GeoLookup | undefined
  }
> = {
  name: 'rateLimit',
  once: 'exchange',
  about: 'refuses requests beyond the rate limits of the route',
  judged: false,
  build: ({ route, config }, { rateLimits, metrics, geo }) =>
    routeRateLimits(route, config, rateLimits, (id) => rateLimitMetrics(metrics, id), geo),
  tells: ({ route, config }) =>
    [route['rateLimit'] ?? []]
      .flat()
      .map((limit: unknown) =>
        typeof limit === 'string'
          ? { name: limit, ...fieldsOf(fieldOf(config['rateLimits'], limit)) }
          : limit,
      ),
}
