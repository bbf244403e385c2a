import type { RouteConfig } from '../config/schema/route-schema.ts'
import { GRAPHQL_DEFAULTS } from '../routing/graphql/defaults.ts'
import type { GraphqlConfig } from '../config/schema/graphql-schema.ts'
import { isGraphqlRoute } from '../routing/graphql/conditions.ts'
import type { ExplainedGraphql } from '../routing/graphql/explain-operation.ts'
import type { GraphqlOperation } from '../routing/graphql/operation.ts'

/**
 * The operations of a request with their numbers, and why it is refused, if it is.
 * @param route whose limits stand beside the numbers
 */
export function graphqlLines({ operations, refusal }: ExplainedGraphql, route?: RouteConfig): string[] {
  const config =
    route !== undefined && isGraphqlRoute(route) ? (route.graphql ?? GRAPHQL_DEFAULTS) : undefined
  const lines = operations.flatMap((operation) => operationLines(operation, config))
  return refusal === undefined ? lines : [...lines, `refused with ${refusal.status}: ${refusal.message}`]
}

function operationLines(operation: GraphqlOperation, config: GraphqlConfig | undefined): string[] {
  const { type, name, rootFields } = operation
  const numbers: readonly (readonly [what: string, value: number, limit: number | undefined])[] = [
    ['depth', operation.depth, config?.maxDepth],
    ['root fields', operation.rootFieldCount, config?.maxRootFields],
    ['fields', operation.fields, config?.maxFields],
    ['aliases', operation.aliases, config?.maxAliases],
    ['directives', operation.directives, config?.maxDirectives],
    ['tokens', operation.tokens, config?.maxTokens],
  ]
  return [
    name === undefined ? `${type} without a name` : `${type} ${name}`,
    `root fields ${[...rootFields].join(', ')}`,
    numbers
      .map(([what, value, limit]) => `${what} ${value}${limit === undefined ? '' : ` of ${limit}`}`)
      .join(', '),
  ]
}
