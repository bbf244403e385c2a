import { limitRules } from './checks.ts'
import {
  type Exchange,
  LocalRateLimitStore,
  type MetricRegistry,
  type Policy,
  type QuotaLimit,
  rateLimits,
  type RateLimitStore,
} from '@headgate/core'
import { metric } from '../../metrics/metric.ts'
import { isWarming } from '../cache/warming/mark.ts'
import {
  type LimitedGateway,
  type LimitedRoute,
  type RateLimitConfig,
  rateLimitId,
  limitOf,
} from './setting.ts'
import type { ExchangeRow } from '../layer.ts'
import { fieldOf, fieldsOf } from '../../settings/problems/fields.ts'
import { type GeoLookup, knowNothing } from '../geo/geo-place.ts'
import { fieldCount, operationCount } from '../graphql/operation.ts'
import { rateLimitBypass, rateLimitKey } from './key.ts'
import { storeOptions } from './stores.ts'

const REQUESTS = metric({
  kind: 'counter',
  name: 'headgate_rate_limit_requests_total',
  labels: ['limit', 'decision'],
  help: 'Requests that a rate limit allowed or limited; the limits of a route are called route/limit.',
  sparse: true,
})

const STORE_ERRORS = metric({
  kind: 'counter',
  name: 'headgate_rate_limit_store_errors_total',
  labels: ['limit'],
  help: 'How often the store of the rate limit could not be asked: it failed, or did not answer in time.',
  sparse: true,
})

/** What a rate limit tells of itself. */
export interface RateLimitListener {
  /** A request was allowed, or limited. */
  readonly decided: (allowed: boolean) => void
  /** Its store could not be asked. */
  readonly storeFailed: () => void
}

/** Counts what a rate limit, by its id, tells. */
export function rateLimitMetrics(metrics: MetricRegistry, limit: string): RateLimitListener {
  const allowed = metrics.get(REQUESTS, { limit, decision: 'allowed' })
  const limited = metrics.get(REQUESTS, { limit, decision: 'limited' })
  const storeErrors = metrics.get(STORE_ERRORS, { limit })
  return {
    decided: (isAllowed) => (isAllowed ? allowed : limited).add(1),
    storeFailed: () => storeErrors.add(1),
  }
}

/** What a rate limit has decided since the start. */
export interface RateLimitTotals {
  readonly allowed: number
  readonly limited: number
}

/** That of a rate limit, by its id, in all threads. */
export function rateLimitTotals(metrics: MetricRegistry, limit: string): RateLimitTotals {
  return {
    allowed: metrics.total(REQUESTS, { limit, decision: 'allowed' }),
    limited: metrics.total(REQUESTS, { limit, decision: 'limited' }),
  }
}

/** How long a store is left alone, in milliseconds. */
const REST = 250

const RESTING = new Error('the store could not be asked a moment ago, and is left alone')

/**
 * A store that may fail. When it has, it is left alone for a moment: else each request would wait as long for it as the first
 * one did.
 */
class RestingStore implements RateLimitStore {
  readonly local = false
  private readonly store: RateLimitStore
  private asked = Number.NEGATIVE_INFINITY
  private restsUntil = Number.NEGATIVE_INFINITY

  constructor(store: RateLimitStore) {
    this.store = store
  }

  take(...[key, cost, now, maxWait]: Parameters<RateLimitStore['take']>): ReturnType<RateLimitStore['take']> {
    if (now < this.restsUntil) throw RESTING
    this.asked = now
    return this.store.take(key, cost, now, maxWait)
  }

  giveBack(key: string, cost: number, now: number): void | Promise<void> {
    return this.store.giveBack?.(key, cost, now)
  }

  /** To be told of each failure. */
  failed(error: unknown): void {
    if (error !== RESTING) this.restsUntil = this.asked + REST
  }
}

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
  const limits = route.rateLimit.map((written): QuotaLimit => {
    const id = rateLimitId(route.name, written)
    const limit = limitOf(written, config)
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
      key: (exchange) => (isWarming(exchange) || bypass?.(exchange) === true ? undefined : key(exchange)),
      units: unitsOf(route, limit),
      onDecision: decided,
    }
  })
  return rateLimits({ limits })
}

const EVENLY = { algorithm: 'gcra' } as const

/** One that may fail, and what holds then. */
function remoteStore(
  store: RateLimitStore,
  limit: RateLimitConfig,
  count: () => void,
): Pick<QuotaLimit, 'store' | 'onStoreError' | 'onFailure'> {
  const resting = new RestingStore(store)
  // For as long as a store fails, a quota of the calendar is one that comes back evenly.
  const local = { ...storeOptions(limit), ...(limit.rate.calendar && EVENLY), maxKeys: limit.maxKeys }
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
  return (route.rateLimit ?? []).some((written) => {
    const limit = limitOf(written, config)
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
  rules: [
    { at: [], rules: limitRules },
    { at: ['*'], rules: limitRules },
  ],
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
