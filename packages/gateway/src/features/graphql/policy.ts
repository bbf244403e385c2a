import type { AccessLog, Exchange, MetricRegistry, Policy } from '@headgate/core'
import { JsonAccessLog } from '../access-log/access-log.ts'
import { type RequestView, viewOf } from './operation.ts'
import { type GraphqlRoute, isGraphqlRoute } from './conditions.ts'
import { GRAPHQL_DEFAULTS, type GraphqlConfig } from './setting.ts'
import { metric } from '../../metrics/metric.ts'
import { OPERATION_TYPES, type OperationType } from './document.ts'
import { refusalOf } from './operation-limits.ts'
import { readRequest } from './read-request.ts'
import { graphqlErrors, GraphqlRefusal, REFUSAL_REASONS, type RefusalReason } from './error-response.ts'
import type { LimitedGateway, LimitedRoute } from '../rate-limit/setting.ts'
import type { ExchangeRow } from '../layer.ts'
import { writtenSize } from '../../settings/values/units.ts'
import { limitsAskForOperation } from '../rate-limit/policy.ts'

/** The access log of a route that judges GraphQL: its lines tell of operations. */
export function operationLog(log: AccessLog | undefined): AccessLog | undefined {
  return log instanceof JsonAccessLog ? log.withMembers(operationMembers) : log
}

/** Clients choose names: a line must stay short. */
const LONGEST_NAME = 128

/** Names are letters, digits and "_"; of a batch, the first operation stands for all. */
function operationMembers(exchange: Exchange): string {
  const operations = viewOf(exchange)?.operations ?? []
  const [first] = operations
  if (first === undefined) return ''
  const name = first.name === undefined ? '' : `,"graphql_operation":"${first.name.slice(0, LONGEST_NAME)}"`
  const batch = operations.length === 1 ? '' : `,"graphql_batch":${operations.length}`
  return `,"graphql_type":"${first.type}"${name}${batch}`
}

// None has a label that clients can make up.

const OPERATIONS = metric({
  kind: 'counter',
  name: 'headgate_graphql_operations_total',
  labels: ['route', 'type'],
  help: 'Operations that kept within the limits of the route, by type.',
  sparse: true,
})
const REFUSED = metric({
  kind: 'counter',
  name: 'headgate_graphql_refused_total',
  labels: ['route', 'reason'],
  help: 'Requests of GraphQL that were refused, as malformed or for what they exceed.',
  sparse: true,
})

/** Options of `graphql`. */
export interface GraphqlOptions {
  readonly config: GraphqlConfig
  /** Told of each operation that passes. */
  readonly onOperation: (type: OperationType) => void
  readonly onRefused: (reason: RefusalReason) => void
}

/** Lets operations through that keep within the limits of the route. It reads the request, unless its route was sought by it. */
function graphql({ config, onOperation, onRefused }: GraphqlOptions): Policy {
  const refused = (error: unknown): Promise<never> => {
    if (error instanceof GraphqlRefusal) onRefused(error.reason)
    return Promise.reject(error)
  }
  return (next) =>
    function graphql(exchange) {
      const judge = (view: RequestView): ReturnType<typeof next> => {
        const refusal = refusalOf(view, exchange.request, config)
        if (refusal !== undefined) return refused(refusal)
        for (const { type } of view.operations) onOperation(type)
        return next(exchange)
      }
      let view: RequestView | Promise<RequestView>
      try {
        view = viewOf(exchange) ?? readRequest(exchange, config)
      } catch (error) {
        return refused(error)
      }
      return view instanceof Promise ? view.then(judge, refused) : judge(view)
    }
}

/** That of a route; undefined if it judges no GraphQL. */
function graphqlPolicy(
  route: GraphqlRoute & { readonly name: string },
  metrics: MetricRegistry,
): Policy | undefined {
  if (!isGraphqlRoute(route)) return undefined
  const operations = new Map(
    OPERATION_TYPES.map((type) => [type, metrics.get(OPERATIONS, { route: route.name, type })]),
  )
  return graphql({
    config: route.graphql ?? GRAPHQL_DEFAULTS,
    onOperation: (type) => operations.get(type)?.add(1),
    onRefused: countRefused(metrics, route.name),
  })
}

/** What to call for each request of a route that is refused; or of none, where its route was sought by its operation. */
export function countRefused(metrics: MetricRegistry, route: string): (reason: RefusalReason) => void {
  const counters = new Map(REFUSAL_REASONS.map((reason) => [reason, metrics.get(REFUSED, { route, reason })]))
  return (reason) => counters.get(reason)?.add(1)
}

export interface JudgedExchange {
  readonly route: GraphqlRoute & LimitedRoute
  readonly config: LimitedGateway
}

const shared: Pick<ExchangeRow, 'name' | 'once' | 'judged' | 'tells'> = {
  name: 'graphql',
  once: 'exchange',
  judged: false,
  tells: ({ route }) =>
    route['graphql'] ?? { ...GRAPHQL_DEFAULTS, maxSize: writtenSize(GRAPHQL_DEFAULTS.maxSize) },
}

/** It stands behind `forwarding`: only from there on is it known whom the peer speaks for. */
export const countedGraphqlLayer: ExchangeRow<JudgedExchange, { readonly metrics: MetricRegistry }> = {
  ...shared,
  about:
    'reads the operation, and refuses what is beyond the limits; here, where rate limits count by operation',
  build: ({ route, config }, { metrics }) =>
    isGraphqlRoute(route) && limitsAskForOperation(route, config) ? graphqlPolicy(route, metrics) : undefined,
}

/** A request that is over a rate limit costs no reading. */
export const graphqlLayer: ExchangeRow<JudgedExchange, { readonly metrics: MetricRegistry }> = {
  ...shared,
  about: 'the same; here, where rate limits do not ask for the operation',
  build: ({ route, config }, { metrics }) =>
    isGraphqlRoute(route) && !limitsAskForOperation(route, config)
      ? graphqlPolicy(route, metrics)
      : undefined,
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
