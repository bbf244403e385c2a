import {
  cache,
  type CacheStore,
  type Exchange,
  foreseeCache,
  type Foresight,
  type MetricRegistry,
} from '@headgate/core'
import { isFields } from '../../settings/problems/fields.ts'
import { takenVersion } from '../api-versions/taken-version.ts'
import type { ExchangeRow, Route } from '../layer.ts'
import { type AuthenticatedRoute, hasAuthentication } from '../authentication/setting.ts'
import { identityKey, identityOf } from '../identity.ts'
import { askedOutside, askedUrl } from '../rewrite/restore-prefix.ts'
import { cacheMetrics } from './figures.ts'
import type { CacheConfig, CachedRoute } from './setting.ts'

/** What a route keeps its responses in. */
export interface CacheContext {
  readonly store: CacheStore
  /** Where nothing is sent, in place of the cache: told what it would do. */
  readonly foreseen?: ((foresight: Foresight) => void) | undefined
}

/**
 * Outside of all that makes attempts, so that what is answered from it costs none, and inside of all that changes the request: the
 * key has what the upstream would be asked.
 */
export const cacheLayer: ExchangeRow<
  {
    readonly route: CachedRoute &
      Route<'apiVersions', unknown> &
      Route<'rewrite', unknown> &
      AuthenticatedRoute
  },
  { readonly cache?: CacheContext | undefined; readonly metrics: MetricRegistry },
  CacheConfig
> = {
  name: 'cache',
  once: 'exchange',
  about: 'answers from what the upstream has answered before, as RFC 9111 allows it',
  judged: false,
  towardsUpstream: 'only',
  build({ route }, { cache: opened, metrics }) {
    const { name, cache: config, apiVersions, rewrite } = route
    const isPerCaller =
      hasAuthentication(route) && config !== undefined && config !== false && config.key.callers === 'each'
    if (config === undefined || config === false) return undefined
    if (opened === undefined) throw new TypeError(`route ${name}: there is no memory for its cache`)
    const { outcome, revalidated, storeFailed } = cacheMetrics(metrics, name)
    const { ttl, statuses, staleWhileRevalidate, staleIfError, tags, ignore, fields } = config
    const { store, foreseen } = opened
    const options = {
      store,
      route: name,
      target: askedUrl,
      key:
        apiVersions === undefined && rewrite === undefined && !isPerCaller
          ? config.key
          : { ...config.key, identity: isPerCaller ? askedForByWhom : askedFor },
      ttl: { ...statuses, ...(ttl !== undefined && { default: ttl }) },
      staleWhileRevalidate,
      staleIfError,
      tags,
      bypass: bypassOf(config.bypass),
      ignoreRequestControl: ignore.includes('request-directives'),
      ignoreResponseControl: ignore.includes('response-directives'),
      storeSetCookie: ignore.includes('set-cookie'),
      status: fields,
      onOutcome: outcome,
      onRevalidated: revalidated,
      onStoreError: storeFailed,
    }
    return foreseen === undefined
      ? cache(options)
      : foreseeCache(options, (_exchange, told) => foreseen(told))
  },
  tells: ({ route }) => (isFields(route['cache']) ? route['cache'] : undefined),
}

/** What the upstream and its answer depend on, and what it is asked for does not show: the version, and what was cut off or exchanged. */
function askedFor(exchange: Exchange): string {
  return `${takenVersion.of(exchange) ?? ''}\n${askedOutside(exchange)}`
}

/** The same, and who asks: what one caller is told is nobody else's. */
function askedForByWhom(exchange: Exchange): string {
  const identity = identityOf.of(exchange)
  return `${identity === undefined ? '' : identityKey(identity)}\n${askedFor(exchange)}`
}

/** Undefined if all requests are for the cache. */
function bypassOf({
  headers,
  cookies,
}: CacheConfig['bypass']): ((exchange: Exchange) => boolean) | undefined {
  if (headers.length === 0 && cookies.length === 0) return undefined
  return ({ request }) => {
    if (headers.some((name) => request.headers.has(name))) return true
    const sent = cookies.length === 0 ? undefined : request.headers.get('cookie')
    if (sent === undefined) return false
    const names = new Set(sent.split(/[;,]/).map((pair) => pair.split('=', 1)[0]?.trim()))
    return cookies.some((name) => names.has(name))
  }
}
