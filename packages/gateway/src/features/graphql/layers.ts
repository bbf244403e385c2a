import type { MetricRegistry, Policy } from '@headgate/core'
import type { LimitedGateway, LimitedRoute } from '../rate-limit/setting.ts'
import type { ExchangeRow } from '../layer.ts'
import { type GraphqlRoute, isGraphqlRoute } from './conditions.ts'
import { writtenSize } from '../../settings/values/units.ts'
import { limitsAskForOperation } from '../rate-limit/policy.ts'
import { graphqlErrors } from './error-response.ts'
import { graphqlPolicy } from './policy.ts'
import { GRAPHQL_DEFAULTS } from './setting.ts'

export interface JudgedExchange {
  readonly route: GraphqlRoute & LimitedRoute
  readonly config: LimitedGateway
}

const graphql: Pick<ExchangeRow, 'name' | 'once' | 'judged' | 'tells'> = {
  name: 'graphql',
  once: 'exchange',
  judged: false,
  tells: ({ route }) =>
    route['graphql'] ?? { ...GRAPHQL_DEFAULTS, maxSize: writtenSize(GRAPHQL_DEFAULTS.maxSize) },
}

function judgesGraphql(
  { route }: JudgedExchange,
  { metrics }: { readonly metrics: MetricRegistry },
): Policy | undefined {
  return graphqlPolicy(route, metrics)
}

/** It stands behind `forwarding`: only from there on is it known whom the peer speaks for. */
export const countedGraphqlLayer: ExchangeRow<JudgedExchange, { readonly metrics: MetricRegistry }> = {
  ...graphql,
  about:
    'reads the operation, and refuses what is beyond the limits; here, where rate limits count by operation',
  build: (setting, context) =>
    limitsAskForOperation(setting.route, setting.config) ? judgesGraphql(setting, context) : undefined,
}

/** A request that is over a rate limit costs no reading. */
export const graphqlLayer: ExchangeRow<JudgedExchange, { readonly metrics: MetricRegistry }> = {
  ...graphql,
  about: 'the same; here, where rate limits do not ask for the operation',
  build: (setting, context) =>
    limitsAskForOperation(setting.route, setting.config) ? undefined : judgesGraphql(setting, context),
}

export const graphqlErrorsLayer: ExchangeRow<{ readonly route: GraphqlRoute }> = {
  name: 'graphqlErrors',
  once: 'exchange',
  ways: ['route', 'unrouted-graphql'],
  about: 'turns refusals of GraphQL requests into responses of GraphQL over HTTP',
  judged: false,
  build: ({ way, route }) =>
    way === 'unrouted-graphql' || isGraphqlRoute(route) ? graphqlErrors() : undefined,
  tells: () => undefined,
}
