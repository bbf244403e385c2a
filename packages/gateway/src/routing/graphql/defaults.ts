/** What a route takes of GraphQL that has conditions on operations only; a route that says more begins with the same. */
export const GRAPHQL_DEFAULTS = {
  maxDepth: 15,
  maxAliases: 30,
  maxRootFields: 20,
  maxFields: 1000,
  maxDirectives: 50,
  maxTokens: 2000,
  maxSize: 128 * 1024,
  maxBatch: 0,
  introspection: 'refuse',
  persisted: 'refuse',
  websocket: 'refuse',
} as const
