import type { GraphqlOperation } from '../features/graphql/operation.ts'
import type { RequestView } from '../features/graphql/request-view.ts'
import { NotRecorded } from './recorded-headers.ts'
import type { RecordedRequest } from './recorded-request.ts'

/** The operation of a GraphQL request, as far as the log tells it: its type and name. */
export function recordedView(graphql: RecordedRequest['graphql']): RequestView | undefined {
  if (graphql === undefined) return undefined
  const operation: GraphqlOperation = {
    type: graphql.type as GraphqlOperation['type'], // as the gateway wrote it
    name: graphql.name,
    get rootFields(): ReadonlySet<string> {
      throw new NotRecorded('the root fields of the GraphQL operation')
    },
    rootFieldCount: 0,
    depth: 0,
    fields: 0,
    aliases: 0,
    directives: 0,
    tokens: 0,
    introspects: false,
  }
  return { kind: 'single', operations: [operation], size: 0, sought: operation }
}
