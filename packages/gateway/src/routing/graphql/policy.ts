import type { Policy } from '@headgate/core'
import type { RouteConfig } from '../../config/schema/route-schema.ts'
import { GRAPHQL_DEFAULTS } from './defaults.ts'
import type { GraphqlConfig } from '../../config/schema/graphql-schema.ts'
import { isGraphqlRoute } from './conditions.ts'
import type { OperationType } from './document.ts'
import { refusalOf } from './operation-limits.ts'
import { readRequest } from './read-request.ts'
import type { GraphqlMetrics } from './metrics.ts'
import { GraphqlRefusal, type RefusalReason } from './refusal.ts'
import { type RequestView, viewOf } from './request-view.ts'

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
export function graphqlPolicy(route: RouteConfig, metrics: GraphqlMetrics): Policy | undefined {
  if (!isGraphqlRoute(route)) return undefined
  return graphql({
    config: route.graphql ?? GRAPHQL_DEFAULTS,
    onOperation: metrics.onOperation(route.name),
    onRefused: metrics.onRefused(route.name),
  })
}
