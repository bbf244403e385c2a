import type { MetricRegistry, Policy } from '@headgate/core'
import { type GraphqlRoute, isGraphqlRoute } from './conditions.ts'
import { GRAPHQL_DEFAULTS, type GraphqlConfig } from './setting.ts'
import { metric } from '../../metrics/metric.ts'
import { OPERATION_TYPES, type OperationType } from './document.ts'
import { refusalOf } from './operation-limits.ts'
import { readRequest } from './read-request.ts'
import { GraphqlRefusal, REFUSAL_REASONS, type RefusalReason } from './error-response.ts'
import { type RequestView, viewOf } from './request-view.ts'

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
export function graphqlPolicy(
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
