import { limits, loadShed, type Policy, times } from '@headgate/core'
import { GRAPHQL_DEFAULTS } from '../routing/graphql/defaults.ts'
import { writtenSize } from '../settings/values/units.ts'
import { rateLimitMetrics } from '../rate-limit/metrics.ts'
import { limitsAskForOperation, routeRateLimits } from '../rate-limit/policy.ts'
import { importance } from '../routing/importance.ts'
import { graphqlPolicy } from '../routing/graphql/policy.ts'
import { routeTimes } from '../times.ts'
import type { ExchangeContext, ExchangeLayer, ExchangeSetting, ShownExchange } from './layer.ts'

// What an exchange must pass before anything is done for it.

export const importanceLayer: ExchangeLayer = {
  name: 'importance',
  once: 'exchange',
  about: 'gives the exchange its priority, where it is not the usual one',
  build: ({ route }) => importance(route.importance),
  tells: ({ route }) => route.importance,
}

export const timesLayer: ExchangeLayer = {
  name: 'timeouts',
  once: 'exchange',
  about: 'gives the exchange the time limits of its route, where they are not those of the whole gateway',
  build({ route, config }) {
    const own = routeTimes(route, config)
    return own && times(own)
  },
  tells({ route: { timeouts = {}, minimumByteRate } }) {
    const { attempt: _, ...own } = timeouts
    return { ...own, minimumByteRate }
  },
}

export const loadSheddingLayer: ExchangeLayer = {
  name: 'loadShedding',
  once: 'exchange',
  about: 'refuses requests while the process is overloaded, the least important ones first',
  judged: false,
  build: (_, { load }) => load && loadShed(load),
  tells: ({ config }) => config.loadShedding,
}

export const bodyLimitLayer: ExchangeLayer = {
  name: 'limits.body',
  once: 'exchange',
  about: 'refuses requests with too much content',
  judged: false,
  build({ route, config }) {
    const body = route.limits?.body ?? config.limits.body
    return body === undefined ? undefined : limits({ body })
  },
  tells: ({ route, config }) => route.limits?.body ?? config.limits?.body,
}

export const rateLimitLayer: ExchangeLayer = {
  name: 'rateLimit',
  once: 'exchange',
  about: 'refuses requests beyond the rate limits of the route',
  judged: false,
  build: ({ route, config }, { rateLimits, metrics, geo }) =>
    routeRateLimits(route, config, rateLimits, (id) => rateLimitMetrics(metrics, id), geo),
  tells: ({ route, config }) =>
    [route.rateLimit ?? []]
      .flat()
      .map((limit) => (typeof limit === 'string' ? { name: limit, ...config.rateLimits?.[limit] } : limit)),
}

const graphql: Pick<ExchangeLayer, 'name' | 'once' | 'judged' | 'tells'> = {
  name: 'graphql',
  once: 'exchange',
  judged: false,
  tells: ({ route }: ShownExchange) =>
    route.graphql ?? { ...GRAPHQL_DEFAULTS, maxSize: writtenSize(GRAPHQL_DEFAULTS.maxSize) },
}

function judgesGraphql(
  { route }: ExchangeSetting,
  { metrics }: Pick<ExchangeContext, 'metrics'>,
): Policy | undefined {
  return graphqlPolicy(route, metrics)
}

/** It stands behind `forwarding`: only from there on is it known whom the peer speaks for. */
export const countedGraphqlLayer: ExchangeLayer = {
  ...graphql,
  about:
    'reads the operation, and refuses what is beyond the limits; here, where rate limits count by operation',
  build: (setting, context) =>
    limitsAskForOperation(setting.route, setting.config) ? judgesGraphql(setting, context) : undefined,
}

/** A request that is over a rate limit costs no reading. */
export const graphqlLayer: ExchangeLayer = {
  ...graphql,
  about: 'the same; here, where rate limits do not ask for the operation',
  build: (setting, context) =>
    limitsAskForOperation(setting.route, setting.config) ? undefined : judgesGraphql(setting, context),
}
