import type { ByteSize } from './quantities.ts'
/** Conditions on GraphQL as they are written; the comments are the descriptions of the schema, as in input.ts. */
export interface GraphqlMatchInput {
  /** Its type: query, mutation or subscription, or some of them. */
  operation?: GraphqlOperationType | GraphqlOperationType[] | undefined
  /** Its name, or some. */
  name?: string | string[] | undefined
  /** The fields at its top, those of fragments included. */
  rootFields?: GraphqlRootFieldsInput | undefined
}

export type GraphqlOperationType = 'query' | 'mutation' | 'subscription'

export interface GraphqlRootFieldsInput {
  /** One of these must be there. */
  any?: string[] | undefined
  /** All that are there must be among these. */
  all?: string[] | undefined
}

export interface GraphqlInput {
  /** How deep fields may stand in fields; those at the top are at 1. Default: 15. */
  maxDepth?: number | undefined
  /** Aliases, those of a fragment each time that it is spread. Default: 30. */
  maxAliases?: number | undefined
  /** Fields at the top. Default: 20. */
  maxRootFields?: number | undefined
  /** Fields, those of a fragment each time that it is spread. Default: 1000. */
  maxFields?: number | undefined
  /** Directives, those of a fragment each time that it is spread. Default: 50. */
  maxDirectives?: number | undefined
  /** Tokens of the document. Default: 2000. */
  maxTokens?: number | undefined
  /** Size of the body, or of the query of the URL; it is read into memory before it is sent on. Default: 128KiB. */
  maxSize?: ByteSize | undefined
  /** Operations in a batch (a list of requests in one body); 0: no batches. Default: 0. */
  maxBatch?: number | undefined
  /** Whether __schema and __type may be asked for. Default: refuse. */
  introspection?: 'refuse' | 'allow' | undefined
  /**
   * What only names a document that the origin knows: there is nothing to judge, so no limit but maxSize holds.
   * Default: refuse.
   */
  persisted?: 'refuse' | 'allow' | undefined
  /** WebSockets of this route: what they carry is not judged. Default: refuse. */
  websocket?: 'refuse' | 'allow' | undefined
}
