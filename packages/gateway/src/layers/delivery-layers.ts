import { concurrency, type Exchange, fallback, parseRequestTimeout, timeout } from '@headgate/core'
import { standInMetrics } from '../metrics/route-metrics.ts'
import { routeLimiter } from '../resilience/metrics.ts'
import { makeLimiter } from '../resilience/upstream-guard.ts'
import { mirror, mirrorMetrics } from '../routing/traffic/mirror.ts'
import { respondWith } from '../routing/transform/answers.ts'
import type { ExchangeLayer } from './layer.ts'

// What stands around the delivery of a request: copies, stand-ins, the time that all attempts have together.

export const mirrorLayer: ExchangeLayer = {
  name: 'mirror',
  once: 'exchange',
  about: 'sends a copy to a further upstream',
  judged: false,
  build: ({ route }, { leadTo, metrics }) =>
    route.mirror &&
    mirror(route.mirror, leadTo('mirror', route.mirror.upstream), mirrorMetrics(metrics, route.name)),
  tells: ({ route }) => route.mirror,
}

export const fallbackLayer: ExchangeLayer = {
  name: 'fallback',
  once: 'exchange',
  about: 'answers in another way where the upstream fails',
  judged: false,
  build({ route }, { leadTo, metrics, geo }) {
    if (route.fallback === undefined) return undefined
    const { respond, upstream, statuses } = route.fallback
    const { fallbacks } = standInMetrics(metrics, route.name)
    const onFallback = (): void => fallbacks.add(1)
    if (respond !== undefined) return fallback({ answer: respondWith(respond, geo), statuses, onFallback })
    if (upstream === undefined) throw new TypeError(`route ${route.name}: its fallback leads nowhere`)
    return fallback({ answer: leadTo('fallback', upstream), forwards: true, statuses, onFallback })
  },
  tells: ({ route }) => route.fallback,
}

export const timeoutLayer: ExchangeLayer = {
  name: 'timeout',
  once: 'exchange',
  about: 'gives the exchange up that takes too long, all its attempts together',
  build({ route, config }) {
    const exchange = route.timeout ?? config.timeouts.exchange
    if (exchange === undefined && !config.deadlines) return undefined
    return timeout({ exchange, asked: config.deadlines ? askedTimeout : undefined })
  },
  tells: ({ route, config }) => ({ exchange: route.timeout ?? config.timeouts?.exchange }),
}

/** What the client itself gives the exchange. */
function askedTimeout({ request }: Exchange): number | undefined {
  return parseRequestTimeout(request.headers)
}

export const routeConcurrencyLayer: ExchangeLayer = {
  name: 'concurrency',
  once: 'exchange',
  about: 'lets only so many exchanges of the route on at the same time',
  judged: false,
  build({ route: { name, concurrency: config } }, { parts, clock, metrics }) {
    if (config === undefined) return undefined
    // Kept by a reload that leaves the setting as it is: those under way hold its slots.
    const make = () => makeLimiter(routeLimiter(name), config, clock, metrics)
    return concurrency({ limiter: parts.keep(['concurrency', config], make) })
  },
  tells: ({ route }) => route.concurrency,
}
