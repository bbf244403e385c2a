import type { MetricDescription } from '@headgate/core'

// Of GraphQL: series are there for the routes that judge it.

/** Labels: route, type. */
export const GRAPHQL_OPERATIONS: MetricDescription = {
  name: 'headgate_graphql_operations_total',
  help: 'Operations that kept within the limits of the route, by type.',
  sparse: true,
}
/** Labels: route, reason. */
export const GRAPHQL_REFUSED: MetricDescription = {
  name: 'headgate_graphql_refused_total',
  help: 'Requests of GraphQL that were refused, as malformed or for what they exceed.',
  sparse: true,
}
