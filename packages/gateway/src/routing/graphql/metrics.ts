import type { Counter, MetricLayout } from '@headgate/core'
import type { GatewayConfig } from '../../config/schema/schema.ts'
import { asksForOperation, isGraphqlRoute } from './conditions.ts'
import { OPERATION_TYPES, type OperationType } from './document.ts'
import { GRAPHQL_OPERATIONS, GRAPHQL_REFUSED } from './metric-descriptions.ts'
import { REFUSAL_REASONS, type RefusalReason } from './refusal.ts'

interface RouteSeries {
  readonly operations: ReadonlyMap<OperationType, Counter>
  readonly refused: ReadonlyMap<RefusalReason, Counter>
}

/** What is counted of GraphQL: series are there for the routes that judge it. None has a label that clients can make up. */
export class GraphqlMetrics {
  private readonly routes = new Map<string, RouteSeries>()

  /**
   * Adds what a configuration needs and is not there yet.
   * @param noRoute under which that is counted which was refused before a route was found
   */
  define(layout: MetricLayout, { routes }: GatewayConfig, noRoute: string): void {
    const names = routes.filter(isGraphqlRoute).map(({ name }) => name)
    if (routes.some(({ match }) => asksForOperation(match))) names.push(noRoute)
    for (const route of names) {
      if (this.routes.has(route)) continue
      this.routes.set(route, {
        operations: new Map(
          OPERATION_TYPES.map((type) => [type, layout.counter(GRAPHQL_OPERATIONS, { route, type })]),
        ),
        refused: new Map(
          REFUSAL_REASONS.map((reason) => [reason, layout.counter(GRAPHQL_REFUSED, { route, reason })]),
        ),
      })
    }
  }

  onOperation(route: string): (type: OperationType) => void {
    const operations = this.routes.get(route)?.operations
    return (type) => operations?.get(type)?.add(1)
  }

  onRefused(route: string): (reason: RefusalReason) => void {
    const refused = this.routes.get(route)?.refused
    return (reason) => refused?.get(reason)?.add(1)
  }
}
