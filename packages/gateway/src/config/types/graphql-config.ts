import type { OperationType } from '../../routing/graphql/document.ts'

/** What the operation of a GraphQL request must be; all that is there must be true. */
export interface GraphqlMatchConfig {
  readonly operation?: readonly OperationType[] | undefined
  readonly name?: readonly string[] | undefined
  readonly rootFields?: RootFieldsConfig | undefined
}

/** At least one of them is there. */
export interface RootFieldsConfig {
  /** Of which one must stand at the top. */
  readonly any?: readonly string[] | undefined
  /** Beside which no other may stand at the top. */
  readonly all?: readonly string[] | undefined
}

/** What a route takes of GraphQL. Where it has conditions on operations only, the defaults hold. */
export interface GraphqlConfig {
  readonly maxDepth: number
  readonly maxAliases: number
  readonly maxRootFields: number
  readonly maxFields: number
  readonly maxDirectives: number
  /** Of each document. */
  readonly maxTokens: number
  /** Octets of the body, or of the query of the URL. */
  readonly maxSize: number
  /** Operations; 0: no batches. */
  readonly maxBatch: number
  readonly introspection: Allowance
  readonly persisted: Allowance
  readonly websocket: Allowance
}

export const ALLOWANCES = ['refuse', 'allow'] as const
export type Allowance = (typeof ALLOWANCES)[number]

export const GRAPHQL_DEFAULTS: GraphqlConfig = {
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
}
